"""The training set as columns: realistic texts, near-duplicates, guessed kinds, folds, twisted copies."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spamfilter.errors import InputError
from spamfilter.learning import fit
from spamfilter.learning.clusters import near_duplicate_clusters
from spamfilter.learning.dataset import CORPUS, LabelledMessage
from spamfilter.learning.obfuscate import TRAINED
from spamfilter.learning.placeholders import rewrite_all
from spamfilter.types import Category

ATTACKED_HAM: Final = 0.1
"""Share of the everyday good messages that are twisted too; of our own, which count more, all are."""

ATTACK_WEIGHT: Final = 0.5

MAX_PER_CLUSTER: Final = 10
"""A cluster weighs as this many messages at most: a campaign is one fact, however often it was sent."""

_MIN_MESSAGES: Final = 20

Progress = Callable[[str, int, int], None]
"""Told the step, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Table:
    """The training set as columns.

    Attributes:
        texts: what is learned from; twisted copies stand behind the messages themselves.
        is_spam: shape (n,), bool.
        kinds: shape (n,), index into `of_kind`.
        of_kind: the kinds of the model.
        weights: shape (n,), how much each counts.
        clusters: shape (n,), near-duplicates share a number.
        folds: shape (n,), 0 to FOLDS - 1; a cluster is never split.
        measured: shape (n,), bool: whether it counts where something is measured.
    """

    texts: list[str]
    is_spam: npt.NDArray[np.bool_]
    kinds: npt.NDArray[np.int64]
    of_kind: tuple[Category, ...]
    weights: npt.NDArray[np.float64]
    clusters: npt.NDArray[np.int64]
    folds: npt.NDArray[np.int64]
    measured: npt.NDArray[np.bool_]


def tabulate(messages: Sequence[LabelledMessage], seed: int, progress: Progress) -> Table:
    """Make the training set.

    Args:
        messages: labelled messages of any number of sources.
        seed: of rewriting, folds and tricks.
        progress: called with the step.

    Raises:
        InputError: if there are too few messages, or of one label too few that differ.
    """
    is_spam = np.array([m.is_spam for m in messages], bool)
    if len(messages) < _MIN_MESSAGES or is_spam.all() or not is_spam.any():
        raise InputError(
            f"training needs at least {_MIN_MESSAGES} messages, spam and ham; "
            f"got {int(is_spam.sum())} spam and {int((~is_spam).sum())} ham"
        )
    progress("near-duplicates", 0, 1)
    texts = [m.text for m in messages]
    own = [i for i, m in enumerate(messages) if m.source == CORPUS]
    for i, text in zip(own, rewrite_all([texts[i] for i in own], seed), strict=True):
        texts[i] = text
    clusters = _clusters(messages, texts)
    sizes = np.bincount(clusters)[clusters]
    weights = np.array([m.weight for m in messages]) * np.minimum(1.0, MAX_PER_CLUSTER / sizes)
    known = {m.kind for m in messages if m.kind is not None}
    for side, fallback in ((True, Category.OTHER), (False, Category.CHAT)):
        if not any(k.is_spam == side for k in known):
            known.add(fallback)
    of_kind = tuple(k for k in Category if k in known)
    kinds = np.array([of_kind.index(m.kind) if m.kind is not None else -1 for m in messages])
    progress("kinds", 0, 1)
    kinds = fit.guess_kinds(fit.ngram_matrix(texts), kinds, is_spam, of_kind)
    folds = _folds(clusters, is_spam, seed)
    plain = Table(texts, is_spam, kinds, of_kind, weights, clusters, folds, _first_of_each(clusters))
    return _with_attacks(plain, seed)


def _folds(clusters: npt.NDArray[np.int64], is_spam: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.int64]:
    """Deal whole clusters into folds, those of either label evenly, so that every fold holds both."""
    dealt = np.full(int(clusters.max()) + 1, -1, np.int64)
    for side in (True, False):
        found = np.unique(clusters[is_spam == side])
        if len(found) < fit.FOLDS:
            raise InputError(
                f"the {'spam' if side else 'ham'} holds {len(found)} messages that differ by more than numbers and "
                f"spelling; measuring on held-out ones takes at least {fit.FOLDS}"
            )
        new = found[dealt[found] < 0]  # a cluster with both labels has its fold already
        np.random.default_rng(seed).shuffle(new)
        dealt[new] = np.arange(len(new)) % fit.FOLDS
    return dealt[clusters]


def _with_attacks(table: Table, seed: int) -> Table:
    """The table and, behind it, twisted copies of all spam and of enough good messages.

    A trick alone must be no evidence. The copies teach in the fold of their original and are never measured.
    """
    rng = random.Random(seed)
    chosen = [
        i
        for i in range(len(table.texts))
        if table.measured[i] and (table.is_spam[i] or rng.random() < ATTACKED_HAM or table.weights[i] > 1.0)
    ]
    twisted = []
    for i in chosen:
        families = rng.sample(TRAINED, 1 + (rng.random() < 0.3))
        text = table.texts[i]
        for family in families:
            text = family.attack(text, rng)
        twisted.append(text)
    rows = np.concatenate([np.arange(len(table.texts)), np.array(chosen, np.int64)])
    return Table(
        texts=table.texts + twisted,
        is_spam=table.is_spam[rows],
        kinds=table.kinds[rows],
        of_kind=table.of_kind,
        weights=np.concatenate([table.weights, table.weights[chosen] * ATTACK_WEIGHT]),
        clusters=table.clusters[rows],
        folds=table.folds[rows],
        measured=np.concatenate([table.measured, np.zeros(len(chosen), bool)]),
    )


def _clusters(messages: Sequence[LabelledMessage], texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Clusters given by the data, joined with those found, numbered from 0."""
    found = near_duplicate_clusters(texts)
    names = [
        f"{m.source}\0{m.cluster}" if m.cluster is not None else str(int(f))
        for m, f in zip(messages, found, strict=True)
    ]
    _, numbers = np.unique(np.array(names), return_inverse=True)
    return np.asarray(numbers, np.int64)


def _first_of_each(clusters: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The first MAX_PER_CLUSTER messages of every cluster: what is measured."""
    order = np.argsort(clusters, kind="stable")
    ranked = clusters[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    rank = np.arange(len(clusters)) - np.repeat(starts, np.diff(np.r_[starts, len(clusters)]))
    keep = np.zeros(len(clusters), bool)
    keep[order] = rank < MAX_PER_CLUSTER
    return keep
