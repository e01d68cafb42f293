"""One process a peer, one core for all, one at a time, in turns.

A process of its own keeps one peer's memory and threads from touching another's figures; taking turns lets a
neighbour on the machine slow everybody alike, so that ratios hold where rates do not.
"""

from __future__ import annotations

import gc
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.data import Split
from benchmarks.peers import PEERS, Peer, Scorer, Scores, Setting
from spamfilter.learning.dataset import LabelledMessage

_THREAD_LIMITS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Step = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: turns of every peer; rates are medians over them.
        min_round_s: a turn repeats the mix until so much time has passed.
        singles: messages that are scored one by one.
    """

    rounds: int
    min_round_s: float
    singles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one peer came to.

    Attributes:
        name: of its `Peer`.
        train_s: seconds of training, reading of the model included; None for one that trains nothing.
        scores: of the measured messages.
        rates: messages a second of each round.
        single_us: microseconds of each message scored alone.
        peak_rss_mb: peak memory of its process, training included; None where the system does not tell.
        shares: of its `Scorer`, for the mix.
    """

    name: str
    train_s: float | None
    scores: Scores
    rates: tuple[float, ...]
    single_us: Scores
    peak_rss_mb: float | None
    shares: dict[str, float]


@contextmanager
def one_core() -> Iterator[int | None]:
    """Every process started within has one core and one thread a library; gives the number of cores, if it is known."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    can_pin = hasattr(os, "sched_setaffinity")
    cores = os.sched_getaffinity(0) if can_pin else set()
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        if can_pin:
            os.sched_setaffinity(0, {max(cores)})
        yield len(os.sched_getaffinity(0)) if can_pin else None
    finally:
        if can_pin:
            os.sched_setaffinity(0, cores)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def measure(
    peers: Sequence[Peer], split: Split, setting: Setting, effort: Effort, step: Step = lambda _what: None
) -> list[Measured]:
    """Train and measure peers; to be called within `one_core`.

    Args:
        peers: in this order.
        split: the messages.
        setting: of the run.
        effort: how long.
        step: told what is being done.
    """
    with ExitStack() as stack:
        workers: dict[str, ProcessPoolExecutor] = {}
        trained: dict[str, _Trained] = {}
        for peer in peers:
            step(f"{peer.name}: training")
            worker = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
            workers[peer.name] = worker
            texts = [m.text for m in split.measured]
            job: Future[_Trained] = worker.submit(_prepare, peer.name, setting, split.train, texts, split.mix)
            trained[peer.name] = job.result()
        rates: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for turn in range(effort.rounds):
            for name, worker in workers.items():
                step(f"{name}: round {turn + 1} of {effort.rounds}")
                rates[name].append(worker.submit(_round, effort.min_round_s).result())
        found = []
        for name, worker in workers.items():
            step(f"{name}: single messages")
            last = worker.submit(_finish, effort.singles).result()
            found.append(
                Measured(
                    name=name,
                    train_s=trained[name].train_s,
                    scores=trained[name].scores,
                    rates=tuple(rates[name]),
                    single_us=last.single_us,
                    peak_rss_mb=last.peak_rss_mb,
                    shares=last.shares,
                )
            )
        return found


# What follows runs in a peer's own process.


@dataclass(frozen=True, slots=True)
class _Trained:
    train_s: float | None
    scores: Scores


@dataclass(frozen=True, slots=True)
class _Last:
    single_us: Scores
    peak_rss_mb: float | None
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Seat:
    scorer: Scorer
    mix: list[str]


_seat: _Seat | None = None


def _prepare(
    name: str, setting: Setting, train: Sequence[LabelledMessage], measured: Sequence[str], mix: Sequence[str]
) -> _Trained:
    global _seat
    peer = next(peer for peer in PEERS if peer.name == name)
    start = time.perf_counter()
    scorer = peer.fit(setting, train)
    train_s = time.perf_counter() - start
    scores = scorer.score(list(measured))
    _seat = _Seat(scorer, list(mix))
    scorer.score(_seat.mix)  # what compiles or fills a cache on a first call does it here
    gc.collect()
    return _Trained(train_s if peer.trains else None, scores)


def _round(min_s: float) -> float:
    """Messages a second."""
    seat = _seated()
    passes, start = 0, time.perf_counter()
    while True:
        seat.scorer.score(seat.mix)
        passes += 1
        elapsed = time.perf_counter() - start
        if elapsed >= min_s:
            return passes * len(seat.mix) / elapsed


def _finish(singles: int) -> _Last:
    seat = _seated()
    single_us = []
    for text in seat.mix[:singles]:
        start = time.perf_counter()
        seat.scorer.score([text])
        single_us.append((time.perf_counter() - start) * 1e6)
    return _Last(np.array(single_us), _peak_rss_mb(), seat.scorer.shares(seat.mix))


def _seated() -> _Seat:
    if _seat is None:
        raise RuntimeError("no peer was prepared in this process")
    return _seat


def _peak_rss_mb() -> float | None:
    """Linux only. Not `ru_maxrss`, which a started process inherits from the one that started it."""
    status = Path("/proc/self/status")
    found: Any = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii", "replace")) if status.is_file() else None
    return int(found[1]) / 1024 if found else None
