"""How varied the corpus is, kind by kind, beside real messages: `python -m training.corpus_report [--data DIR]`."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from spamfilter.learning.clusters import near_duplicate_clusters
from spamfilter.text.entities import find_entities
from spamfilter.text.normalise import restore

CORPUS: Final = Path(__file__).parent / "corpus"
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
SAMPLE_CHARS: Final = 20_000
"""The more text, the more of it repeats: n-grams are counted in as much of every group as this."""

MAX_MESSAGES: Final = 5_000
"""Of a larger file, this many are drawn: the report is about shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversity:
    """What a group of messages is made of.

    Attributes:
        name: the file without its suffix, and the label where a file has both.
        n_messages: how many there are; the rest is measured on at most `MAX_MESSAGES` of them.
        clusters_share: near-duplicate clusters for each message, in (0, 1]; 1 where no two resemble each other.
        lengths: characters at `QUANTILES`.
        ngrams: distinct character 5-grams for 1,000 characters of a sample of `SAMPLE_CHARS`; near 1,000 where
            nothing repeats; a group with less text looks better than it is.
        linked: share with an address or a messenger link, in [0, 1].
        phoned: share with a number to call, in [0, 1].
        obfuscated: share in which `restore` had something to undo, in [0, 1].
    """

    name: str
    n_messages: int
    clusters_share: float
    lengths: tuple[int, ...]
    ngrams: float
    linked: float
    phoned: float
    obfuscated: float


def diversity(name: str, texts: Sequence[str], seed: int = 0) -> Diversity:
    """Measure a group of messages.

    Args:
        name: of the group.
        texts: at least one.
        seed: of the draw.

    Raises:
        ValueError: if there is no message.
    """
    if not texts:
        raise ValueError("need at least one message")
    drawn = random.Random(seed).sample(texts, min(len(texts), MAX_MESSAGES))
    restored = [restore(text) for text in drawn]
    kinds = [{entity.kind for entity in find_entities(one)} for one in restored]
    lengths = np.quantile([len(text) for text in drawn], QUANTILES)
    return Diversity(
        name=name,
        n_messages=len(texts),
        clusters_share=len(set(near_duplicate_clusters(drawn).tolist())) / len(drawn),
        lengths=tuple(int(length) for length in lengths),
        ngrams=_distinct_ngrams(drawn),
        linked=_share(bool(found & {"url", "messenger"}) for found in kinds),
        phoned=_share("phone" in found for found in kinds),
        obfuscated=_share(bool(one.tricks) for one in restored),
    )


def read_groups(folder: Path) -> dict[str, list[str]]:
    """The texts of a folder's `NAME.jsonl` files by name, by name and label where a file holds both labels."""
    groups: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        by_label: dict[str, list[str]] = defaultdict(list)
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                by_label[str(row["label"])].append(str(row["text"]))
        for label, texts in sorted(by_label.items()):
            groups[path.stem if len(by_label) == 1 else f"{path.stem} {label}"] = texts
    return groups


def table(title: str, groups: Iterable[Diversity]) -> Table:
    """The figures as a table, a group a row."""
    out = Table(title=title)
    out.add_column("group")
    quantiles = "/".join(f"{quantile * 100:.0f}" for quantile in QUANTILES)
    for column in ("messages", "clusters", f"length {quantiles} %", "5-grams", "links", "phones", "obfuscated"):
        out.add_column(column, justify="right")
    for group in groups:
        out.add_row(
            group.name,
            f"{group.n_messages:,}",
            f"{group.clusters_share:.1%}",
            " ".join(str(length) for length in group.lengths),
            f"{group.ngrams:.0f}",
            *(f"{share:.0%}" for share in (group.linked, group.phoned, group.obfuscated)),
        )
    return out


def _distinct_ngrams(texts: Sequence[str]) -> float:
    seen: set[str] = set()
    n_chars = 0
    for text in texts:
        text = text[: SAMPLE_CHARS - n_chars]
        n_chars += len(text)
        seen.update(text[i : i + 5] for i in range(len(text) - 4))
    return 1000 * len(seen) / max(n_chars, 1)


def _share(found: Iterable[bool]) -> float:
    return float(np.mean(list(found)))


def main(
    data: Annotated[
        Path | None, typer.Option(help="A folder of real messages, NAME.jsonl. Example: --data data")
    ] = None,
    corpus: Annotated[Path, typer.Option(help="The corpus. Example: --corpus training/corpus")] = CORPUS,
) -> None:
    """Print the report."""
    console = Console()
    for title, folder in (("corpus", corpus), ("real messages", data)):
        if folder is None:
            continue
        groups = read_groups(folder)
        if not groups:
            raise typer.BadParameter(f"no message in {folder}: NAME.jsonl files with text and label are expected")
        console.print(table(title, (diversity(name, texts) for name, texts in groups.items())))
    console.print(
        "clusters: near-duplicate clusters for each message. 5-grams: distinct ones for 1,000 characters, in "
        f"{SAMPLE_CHARS:,} characters of each group. Shares are of messages, of at most {MAX_MESSAGES:,} in a group."
    )


if __name__ == "__main__":
    typer.run(main)
