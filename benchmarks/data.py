"""The messages of a run: one split by near-duplicate clusters that everybody trains and is measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spamfilter.errors import InputError
from spamfilter.learning.clusters import near_duplicate_clusters
from spamfilter.learning.dataset import LabelledMessage, read_corpus, read_labelled
from spamfilter.learning.placeholders import rewrite_all
from spamfilter.learning.table import MAX_PER_CLUSTER
from spamfilter.learning.train import summarise

REPORTED_SPAM: Final = ("telco_spam", "kisa_smishing")
"""Spam that people reported. Recall is told of these alone where they are there, else of all spam."""

HELD_OUT_SHARE: Final = 0.3
SPAM_SHARE: Final = 0.1
"""Of the mix that speed is measured on."""

REPEATED_SPAM: Final = 0.17
"""Share of the mix's spam that repeats another to the letter, as in what people report; see `docs/benchmarks.md`."""


@dataclass(frozen=True, slots=True)
class Split:
    """One division of the messages.

    Attributes:
        train: what everybody is trained on.
        held_out: whole clusters that nobody was trained on.
        measured: of those, what recall is told of: all ham and the reported spam, at most `MAX_PER_CLUSTER` a cluster.
        mix: what speed is measured on: held-out texts, `SPAM_SHARE` of them spam, in random order.
        facts: JSON-ready counts of all this.
    """

    train: tuple[LabelledMessage, ...]
    held_out: tuple[LabelledMessage, ...]
    measured: tuple[LabelledMessage, ...]
    mix: tuple[str, ...]
    facts: dict[str, Any]


def read_messages(corpus: Path, folder: Path | None, *, seed: int, at_most: int | None = None) -> list[LabelledMessage]:
    """The corpus and the `.jsonl` files of a folder that `training.fetch` made.

    Lone surrogates become `?`: not every peer can take them.

    Args:
        corpus: our own messages.
        folder: the others; the corpus alone where None.
        seed: of the values put in place of the corpus's placeholders, and of the sample.
        at_most: so many messages, drawn at random.

    Raises:
        InputError: if a file or the folder cannot be used.
    """
    own = read_corpus(corpus)
    rewritten = rewrite_all([m.text for m in own], seed)  # for everybody; our training finds little left to rewrite
    messages = [replace(m, text=text) for m, text in zip(own, rewritten, strict=True)]
    if folder is not None:
        messages += _fetched(folder)
    if at_most is not None and at_most < len(messages):
        chosen = np.random.default_rng(seed).choice(len(messages), at_most, replace=False)
        messages = [messages[i] for i in sorted(chosen)]
    return [replace(m, text=m.text.encode("utf-8", "replace").decode("utf-8")) for m in messages]


def _fetched(folder: Path) -> tuple[LabelledMessage, ...]:
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise InputError(f"no .jsonl file in {folder}")
    try:
        return read_labelled(files).messages
    except InputError as error:
        hint = f"a folder made by training.fetch is wanted: python -m training.fetch DEST --from {folder}"
        raise InputError(f"{error}\n{hint}") from None


def divide(messages: Sequence[LabelledMessage], *, seed: int, mix_size: int) -> Split:
    """Divide messages by cluster; the same messages and seed give the same split.

    Args:
        messages: of all sources.
        seed: of the division and of the mix.
        mix_size: messages of the mix; fewer where there are not enough held out.

    Raises:
        InputError: if a side of the split lacks spam or ham.
    """
    clusters = _clusters(messages)
    rng = np.random.default_rng(seed)
    is_out = (rng.random(clusters.max(initial=0) + 1) < HELD_OUT_SHARE)[clusters]
    train = tuple(m for m, out in zip(messages, is_out, strict=True) if not out)
    held_out = tuple(m for m, out in zip(messages, is_out, strict=True) if out)
    for name, side in (("training", train), ("held-out", held_out)):
        if len({m.is_spam for m in side}) < 2:
            raise InputError(f"the {name} messages lack spam or ham: {len(side)} of {len(messages)}")
    sources = {m.source for m in held_out if m.source in REPORTED_SPAM} or {m.source for m in held_out if m.is_spam}
    measured = _measured(held_out, clusters[is_out].tolist(), sources)
    mix = _mix(held_out, mix_size, rng)
    facts = {
        "sources": [{k: row[k] for k in ("source", "spam", "ham", "sha256")} for row in summarise(messages)],
        "held_out_share": HELD_OUT_SHARE,
        "train": _counts(train),
        "held_out": _counts(held_out),
        "measured": {
            **_counts(measured), "spam_sources": sorted(sources), "max_per_cluster": MAX_PER_CLUSTER,
        },
        "mix": _mix_facts(mix),
    }  # fmt: skip
    return Split(train, held_out, measured, tuple(m.text for m in mix), facts)


def _clusters(messages: Sequence[LabelledMessage]) -> npt.NDArray[np.int64]:
    """Near-duplicates that were found here and those that the data names, joined; numbered from 0."""
    n = len(messages)
    named: dict[tuple[str, str], int] = {}
    given = [named.setdefault((m.source, m.cluster), len(named)) if m.cluster is not None else -1 for m in messages]
    ours = [i for i, g in enumerate(given) if g >= 0]
    rows = np.r_[np.arange(n), np.array(ours, np.int64)]
    columns = np.r_[near_duplicate_clusters([m.text for m in messages]), [n + given[i] for i in ours]].astype(np.int64)
    size = n + len(named)
    edges = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    _, numbers = connected_components(edges, directed=False)
    return np.unique(numbers[:n], return_inverse=True)[1].astype(np.int64)


def _measured(
    held_out: Sequence[LabelledMessage], clusters: Sequence[int], spam_sources: set[str]
) -> tuple[LabelledMessage, ...]:
    """One campaign must not speak for hundreds: intervals count messages as if they were independent."""
    seen: Counter[int] = Counter()
    measured = []
    for message, cluster in zip(held_out, clusters, strict=True):
        if message.is_spam and message.source not in spam_sources:
            continue
        seen[cluster] += 1
        if seen[cluster] <= MAX_PER_CLUSTER:
            measured.append(message)
    return tuple(measured)


def _mix(held_out: Sequence[LabelledMessage], size: int, rng: np.random.Generator) -> list[LabelledMessage]:
    spam = [m for m in held_out if m.is_spam]
    ham = [m for m in held_out if not m.is_spam]
    size = max(10, min(size, int(len(ham) / (1 - SPAM_SHARE)), int(len(spam) / (SPAM_SHARE * (1 - REPEATED_SPAM)))))
    n_spam = round(size * SPAM_SHARE)
    first_sent = rng.permutation(len(spam))[: max(1, round(n_spam * (1 - REPEATED_SPAM)))]
    repeats = rng.choice(first_sent, n_spam - len(first_sent))
    chosen = [spam[i] for i in np.r_[first_sent, repeats]]
    chosen += [ham[i] for i in rng.permutation(len(ham))[: size - n_spam]]
    return [chosen[i] for i in rng.permutation(len(chosen))]


def _counts(messages: Sequence[LabelledMessage]) -> dict[str, Any]:
    n_spam = sum(m.is_spam for m in messages)
    return {"n_ham": len(messages) - n_spam, "n_spam": n_spam}


def _mix_facts(mix: Sequence[LabelledMessage]) -> dict[str, Any]:
    spam = [m.text for m in mix if m.is_spam]
    lengths = np.array([len(m.text) for m in mix])
    return {
        "n": len(mix),
        "spam_share": round(len(spam) / len(mix), 4),
        "repeated_spam_share": round(1 - len(set(spam)) / len(spam), 4) if spam else 0.0,
        "characters": {f"p{q}": int(np.percentile(lengths, q)) for q in (50, 90, 99)},
    }
