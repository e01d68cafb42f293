"""Engine and clock in one place: what a running filter is, without a word about HTTP.

Scoring itself knows no time and keeps nothing. Whatever needs both a verdict and a moment belongs here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spamfilter.errors import NotReadyError
from spamfilter.types import Verdict

if TYPE_CHECKING:
    from spamfilter.engine import ModelInfo, SpamFilter

LoadState = Literal["loading", "ready", "failed", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """How far the service is.

    Attributes:
        ngrams: "ready" once verdicts are given.
        kiwi: "ready" once messages that need it are decided by the morpheme stage too; until then, and where it
            is "failed" or "off", the n-gram stage decides all.
        model: version of the model in force, None before it is loaded.
        load_s: seconds that the model took to load, None before.
    """

    ngrams: LoadState
    kiwi: LoadState
    model: str | None
    load_s: float | None


class SpamService:
    """A filter that loads while its caller already answers.

    Args:
        load: gives the filter, by `SpamFilter.load` or otherwise; called once, in the thread of `load`.
        clock: seconds that never go backwards.
    """

    def __init__(self, load: Callable[[], SpamFilter], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._filter: SpamFilter | None = None
        self._load_s: float | None = None
        self._failed = False

    def load(self) -> None:
        """Load the model; blocks until verdicts can be given.

        Raises:
            ArtifactError: if the model is refused; the state is "failed" from then on. So it is after any other
                error, which is passed on.
        """
        started = self._clock()
        try:
            loaded = self._load()
        except BaseException:
            self._failed = True
            raise
        self._load_s = self._clock() - started
        self._filter = loaded

    @property
    def state(self) -> ServiceState:
        """How far the service is, now."""
        if self._filter is None:
            pending: LoadState = "failed" if self._failed else "loading"
            return ServiceState(ngrams=pending, kiwi=pending, model=None, load_s=None)
        kiwi: LoadState = self._filter.kiwi
        return ServiceState(ngrams="ready", kiwi=kiwi, model=self._filter.info.version, load_s=self._load_s)

    @property
    def engine(self) -> SpamFilter:
        """The filter in force.

        Raises:
            NotReadyError: if the model has not loaded.
        """
        if self._filter is None:
            raise NotReadyError("the model was refused" if self._failed else "the model is still loading")
        return self._filter

    def require_ready(self) -> None:
        """NotReadyError as for `engine`, for callers who want it before the work."""
        _ = self.engine

    @property
    def info(self) -> ModelInfo:
        """What the model says of itself; NotReadyError as for `engine`."""
        return self.engine.info

    def check(self, texts: Sequence[str]) -> list[Verdict]:
        """Verdicts of messages, in their order; safe to call from several threads.

        Raises:
            NotReadyError: if the model has not loaded.
        """
        return self.engine.classify(texts)
