"""What a person sees: progress on the standard error, messages made safe to print, shares in Korean."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from spamfilter.scoring.explain import CATEGORY_KO
from spamfilter.types import Category, Label

LABEL_KO: Final = {Label.HAM: "정상", Label.REVIEW: "검토", Label.SPAM: "스팸"}
LABEL_STYLE: Final = {Label.HAM: "green", Label.REVIEW: "yellow", Label.SPAM: "bold red"}

_FILE_COLUMNS: Final = 160
_UNSAFE: Final = re.compile(r"[^\t\n\x20-\x7e가-힣ㄱ-ㅣ]")


def errors_console() -> Console:
    """The standard error, for people; made when wanted, since it may be redirected meanwhile."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def output_console() -> Console:
    """The standard output, for what was asked for; in a file lines are not cut at 80 columns."""
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _FILE_COLUMNS)


def visible(text: str) -> str:
    r"""A message that cannot move the cursor, ring the bell or turn the line round; as long as it was, for spans.

    >>> visible("무\u200b료\x1b[2J"), visible("안녕 ㅎㅇ\n")
    ('무·료␛[2J', '안녕 ㅎㅇ\n')
    """
    return _UNSAFE.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    category = unicodedata.category(char)
    if category in ("Cs", "Co", "Cn"):
        return "\N{REPLACEMENT CHARACTER}"
    return "·" if category in ("Cc", "Cf", "Zl", "Zp") else char


def category_name(category: Category) -> str:
    """A category in Korean.

    >>> category_name(Category.LOAN)
    '불법 대출'
    """
    return CATEGORY_KO[category]


class Meter:
    """A progress bar that steps aside where nobody looks."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def show(self, what: str, fraction: float | None = None) -> None:
        """Show what is being done, and the share that is done where it is known."""
        self._progress.update(self._task, description=what, total=None if fraction is None else 1.0, completed=fraction)


@contextmanager
def meter() -> Iterator[Meter]:
    """A progress bar on the standard error, gone when the block ends; silent where that is no terminal."""
    console = errors_console()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Meter(progress)
