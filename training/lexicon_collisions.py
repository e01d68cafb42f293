"""What the word fixers change in honest messages: `python -m training.lexicon_collisions --data DIR`.

Run it after a change to `spamfilter/text/lexicon.py`: a line a reading, the most frequent first. An honest one belongs
in `ORDINARY` or `NEIGHBOURS`. The output is text of the messages: it stays on the screen.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from spamfilter.learning.dataset import read_labelled
from spamfilter.text import fixers_words
from spamfilter.text.normalise import FIXERS, restore

WORD_FIXERS: Final = frozenset(f.__name__ for f in FIXERS if f.__module__ == fixers_words.__name__)


def main(
    data: Annotated[Path, typer.Option(help="Folder of labelled JSON lines, as training.fetch fills it.")],
    top: Annotated[int, typer.Option(help="Readings to list for each file.")] = 30,
) -> None:
    """List what the word fixers change in good messages.

    Example: python -m training.lexicon_collisions --data data
    """
    console = Console()
    for path in sorted(data.glob("*.jsonl")):
        readings: Counter[tuple[str, str, str]] = Counter()
        ham = [m.text for m in read_labelled([path], on_error="skip", any_kind=True).messages if not m.is_spam]
        changed = 0
        for text in ham:
            tricks = [t for t in restore(text).tricks if t.code in WORD_FIXERS]
            changed += bool(tricks)
            readings.update((t.code, text[max(0, t.span.start - 2) : t.span.end + 2], t.reads_as) for t in tricks)
        if ham:
            console.print(f"[bold]{path.stem}[/]: {changed} of {len(ham)} changed ({changed / len(ham):.2%})")
        for (code, seen, reads_as), count in readings.most_common(top):
            console.print(f"  {count:5} {code}: {escape(seen)!r} -> {escape(reads_as)!r}")


if __name__ == "__main__":
    typer.run(main)
