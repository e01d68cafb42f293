"""Kiwi, one per process: restored texts -> morphemes.

Kiwi takes 1.7 s and 300 MB to load, cannot be cloned, and keeps the interpreter lock for a single string; so there
is one, it loads in a thread from the moment it is first wanted, and it is given lists.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal

from spamfilter.errors import NotReadyError

MAX_CHARS: Final = 256
"""Kiwi is linear in length, 85 µs a character at worst: 1 MB of one syllable would hold it for a minute and a half.
Most messages that come here are shorter than this, and of a longer one the n-grams see the rest."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

State = Literal["loading", "ready", "failed", "off"]


@dataclass(frozen=True, slots=True)
class Morpheme:
    """One morpheme and its place in the text given to the tokeniser.

    Attributes:
        form: dictionary form, as Kiwi restores it (`하` of `했다`).
        tag: part of speech in the Sejong tag set as Kiwi extends it.
        start: first code point, counted in the text.
        length: code points; 0 for a morpheme that has no letters of its own.
    """

    form: str
    tag: str
    start: int
    length: int


class Tokeniser:
    """Kiwi behind a future. Safe to use from several threads."""

    def __init__(self, num_workers: int | None = None) -> None:
        """Nothing is loaded yet.

        Args:
            num_workers: threads for a batch; all cores where None.
        """
        self._num_workers = num_workers or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._kiwi: Future[Any] | None = None

    def start(self) -> Future[Any]:
        """Begin to load, at most once; returns at once."""
        with self._lock:
            if self._kiwi is None:
                self._kiwi = Future()
                threading.Thread(target=self._load, args=(self._kiwi,), name="kiwi-load", daemon=True).start()
            return self._kiwi

    @property
    def state(self) -> State:
        """`off` before `start`."""
        kiwi = self._kiwi
        if kiwi is None:
            return "off"
        if not kiwi.done():
            return "loading"
        return "failed" if kiwi.exception() else "ready"

    def tokenise(self, texts: Sequence[str]) -> list[list[Morpheme]]:
        """Analyse a batch; waits for Kiwi to load.

        Args:
            texts: restored texts; only the first `MAX_CHARS` code points of each are read.

        Returns:
            One list of morphemes a text, in order.

        Raises:
            NotReadyError: if Kiwi could not be loaded.
        """
        try:
            kiwi = self.start().result()
        except Exception as error:
            raise NotReadyError(f"Kiwi did not load: {type(error).__name__}") from error
        # A lone surrogate cannot be handed to C++; its replacement keeps every place.
        clean = [_SURROGATE.sub("\ufffd", text[:MAX_CHARS]) for text in texts]
        return [[Morpheme(t.form, t.tag, t.start, t.len) for t in tokens] for tokens in kiwi.tokenize(clean)]

    def _load(self, kiwi: Future[Any]) -> None:
        try:
            from kiwipiepy import Kiwi

            loaded = Kiwi(num_workers=self._num_workers, load_multi_dict=False)
            # The first call starts Kiwi's threads and fills its caches, 0.2-1.5 s: paid here, not by a message.
            list(loaded.tokenize(["준비"]))
            kiwi.set_result(loaded)
        except Exception as error:  # the one who waits for the future is told
            kiwi.set_exception(error)


_shared: Tokeniser | None = None
_shared_lock = threading.Lock()
_left_by_parent: list[Tokeniser | None] = []


def shared_tokeniser() -> Tokeniser:
    """The process's one tokeniser."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Tokeniser()
        return _shared


def _forget_after_fork() -> None:
    """A forked child has Kiwi's memory but none of its threads: it loads its own when it needs one."""
    global _shared, _shared_lock
    # Kept, never freed: Kiwi's destructor waits for threads that do not exist here.
    _left_by_parent.append(_shared)
    _shared, _shared_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
