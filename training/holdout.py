"""Leave one source out: what the recipe finds of spam, and flags of good messages, from sources it never saw.

    python -m training.holdout --data data --write

A cluster split flatters: messages of one source share their writers. Here a whole source of spam is left out, with two
sources of good messages and a quarter of the clusters of our own corpus; the rest trains the model by the recipe of the
shipped one. `--write` puts the table into `docs/quality.md` between its markers.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console

from spamfilter.engine import SpamFilter
from spamfilter.learning.clusters import near_duplicate_clusters
from spamfilter.learning.dataset import CORPUS, LabelledMessage, read_corpus, read_labelled
from spamfilter.learning.evaluate import recall_at_fpr
from spamfilter.learning.placeholders import rewrite_all
from spamfilter.learning.table import MAX_PER_CLUSTER
from spamfilter.learning.train import Recipe, train

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE.parent / "docs" / "quality.md"
HELD_OUT_SPAM: Final = ("telco_spam", "kisa_smishing", CORPUS)
HELD_OUT_HAM: Final = ("kda_chat", "alimtalk")
BUDGETS: Final = (0.001, 0.01)
_MARKERS: Final = re.compile(r"(<!-- holdout -->\n).*?(<!-- /holdout -->)", re.S)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured with one source of spam left out."""

    source: str
    n_spam: int
    n_ham: int
    recall: tuple[float, ...]
    flagged: dict[str, tuple[float, int]]


def main(
    data: Annotated[Path, typer.Option(help="Folder that training.fetch filled.")],
    corpus: Annotated[Path, typer.Option(help="Our own labelled messages.")] = HERE / "corpus",
    jobs: Annotated[int | None, typer.Option(help="Processes and threads; all cores by default.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the table into docs/quality.md.")] = False,
) -> None:
    """Measure the recipe on sources it has not seen.

    Example: python -m training.holdout --data data --write
    """
    console = Console(stderr=True)
    messages = [*read_corpus(corpus), *read_labelled(sorted(data.glob("*.jsonl"))).messages]
    clusters = near_duplicate_clusters([m.text for m in messages])
    there = {m.source for m in messages}
    rows = []
    for source in HELD_OUT_SPAM:
        if source in there:
            console.print(f"without {source}")
            rows.append(_measure(messages, clusters, source, jobs))
            console.print(table(rows[-1:]), soft_wrap=True)  # minutes each: shown as soon as it is known
    text = table(rows)
    typer.echo(text)
    if write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_MARKERS.sub(lambda m: f"{m[1]}{text}\n{m[2]}", page), encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    groups = sorted({g for row in rows for g in row.flagged})
    head = [
        "left out",
        "spam",
        "good",
        *(f"recall at {b:.1%}" for b in BUDGETS),
        *(f"{g}, flagged at 1 %" for g in groups),
    ]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [row.source, f"{row.n_spam:,}", f"{row.n_ham:,}", *(f"{r:.3f}" for r in row.recall)]
        cells += [f"{row.flagged[g][0]:.1%} of {row.flagged[g][1]:,}" if g in row.flagged else "" for g in groups]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _measure(
    messages: Sequence[LabelledMessage],
    clusters: npt.NDArray[np.int64],
    source: str,
    jobs: int | None,
) -> Row:
    quarter = np.array([zlib.crc32(str(int(c)).encode()) % 4 == 0 for c in clusters])
    held = np.array([m.source in HELD_OUT_HAM and not m.is_spam for m in messages])
    held |= np.array([m.source == CORPUS for m in messages]) & quarter
    tested = held & np.array([not m.is_spam for m in messages])
    if source == CORPUS:
        tested |= held & np.array([m.is_spam for m in messages])
    else:
        left_out = np.array([m.source == source and m.is_spam for m in messages])
        held |= left_out
        tested |= left_out
    tested &= _capped(clusters)
    test = [m for m, chosen in zip(messages, tested, strict=True) if chosen]
    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe(created=datetime(2026, 1, 1, tzinfo=UTC), jobs=jobs)
        train([m for m, out in zip(messages, held, strict=True) if not out], Path(folder) / "model", recipe)
        scores = SpamFilter.load(Path(folder) / "model").score(rewrite_all([m.text for m in test], seed=1))
    is_spam = np.array([m.is_spam for m in test])
    points = [recall_at_fpr(scores, is_spam, b) for b in BUDGETS]
    groups = np.array([_group(m) for m in test])
    flagged = {
        str(g): (
            float((scores[(groups == g) & ~is_spam] >= points[-1].threshold).mean()),
            int(((groups == g) & ~is_spam).sum()),
        )
        for g in np.unique(groups[~is_spam])
    }
    return Row(source, int(is_spam.sum()), int((~is_spam).sum()), tuple(p.recall for p in points), flagged)


def _capped(
    clusters: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """At most MAX_PER_CLUSTER messages of a cluster are measured."""
    seen: dict[int, int] = {}
    out = np.zeros(len(clusters), np.bool_)
    for i, cluster in enumerate(clusters):
        seen[int(cluster)] = seen.get(int(cluster), 0) + 1
        out[i] = seen[int(cluster)] <= MAX_PER_CLUSTER
    return out


def _group(message: LabelledMessage) -> str:
    return f"{CORPUS}: {message.kind}" if message.source == CORPUS else message.source


if __name__ == "__main__":
    typer.run(main)
