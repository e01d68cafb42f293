"""The batch core: n-grams for every message, Kiwi for those they leave unsure.

Both stages are linear over groups of kinds, spam is the sum of its groups, and each stage has its own calibration;
which kind a message is of, the n-grams say. Which messages are unsure was fixed at training time, so a verdict never
depends on the messages beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spamfilter.scoring.features import SHAPE_NAMES, Analysis, MorphemeGram, morpheme_grams, shape, stage_two_rows
from spamfilter.scoring.hashing import FOLDED_ORDERS, SKELETON_ORDERS, FloatArray, NgramTable
from spamfilter.scoring.kernel import ngram_sums
from spamfilter.text.tokenise import MAX_CHARS, Morpheme
from spamfilter.types import Category, Group, groups_of

FEATURES: Final[dict[str, Any]] = {
    "revision": 1,
    "folded_orders": list(FOLDED_ORDERS),
    "skeleton_orders": list(SKELETON_ORDERS),
    "morpheme_chars": MAX_CHARS,
    "shape": list(SHAPE_NAMES),
    "groups": {kind.value: kind.group.value for kind in Category},
}
"""What the code beside this line computes; an artifact trained on anything else is refused."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """From log-odds to probability: `sigmoid(slope * log_odds + intercept)` (Platt 1999)."""

    slope: float
    intercept: float

    def probability(self, log_odds: FloatArray) -> FloatArray:
        """Shape (n,), float32, in [0, 1]."""
        z = self.slope * log_odds.astype(np.float64) + self.intercept
        return (1.0 / (1.0 + np.exp(-np.clip(z, -500, 500)))).astype(np.float32)


@dataclass(frozen=True)
class Cascade:
    """The two linear stages of one artifact, ready to score.

    Attributes:
        kinds: the categories; the last columns of the n-gram weights.
        ngram_table: weights of the n-grams, a column a group, then a column a kind.
        ngram_bias: shape (n_groups + n_kinds,).
        dense_weights: shape (n_groups + n_shape, n_groups): what the second stage makes of the first one's logits,
            then of the shape.
        morpheme_weights: shape (2**morpheme_bits, n_groups).
        stage_two_bias: shape (n_groups,).
        ngrams, morphemes: calibration of each stage.
        ham_below, spam_above: outside this range of first-stage log-odds the n-grams are sure.
    """

    kinds: tuple[Category, ...]
    ngram_table: NgramTable
    ngram_bias: FloatArray
    dense_weights: FloatArray
    morpheme_weights: FloatArray
    stage_two_bias: FloatArray
    ngrams: Calibration
    morphemes: Calibration
    ham_below: float
    spam_above: float

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The columns of all weights but the last ones of the n-grams."""
        return groups_of(self.kinds)

    @cached_property
    def is_spam(self) -> npt.NDArray[np.bool_]:
        """Shape (n_kinds,)."""
        return np.array([kind.is_spam for kind in self.kinds], np.bool_)

    @cached_property
    def group_is_spam(self) -> npt.NDArray[np.bool_]:
        """Shape (n_groups,)."""
        spam = groups_of(kind for kind in self.kinds if kind.is_spam)
        return np.array([group in spam for group in self.groups], np.bool_)

    @property
    def ngram_bits(self) -> int:
        """The n-gram table has 2**ngram_bits rows."""
        return self.ngram_table.bits

    @property
    def morpheme_bits(self) -> int:
        """The morpheme table has 2**morpheme_bits rows."""
        return len(self.morpheme_weights).bit_length() - 1

    def ngram_logits(self, texts: Sequence[str]) -> FloatArray:
        """First stage: shape (n_messages, n_groups + n_kinds), nats."""
        return ngram_sums(texts, self.ngram_table) + self.ngram_bias

    def unsure(self, log_odds: FloatArray) -> npt.NDArray[np.intp]:
        """Which messages of a batch need the second stage, ascending."""
        return np.flatnonzero((log_odds > self.ham_below) & (log_odds < self.spam_above))

    def grams(self, morphemes: Sequence[Morpheme]) -> list[MorphemeGram]:
        """The hashed morphemes of one message."""
        return morpheme_grams(morphemes, self.morpheme_bits)

    def stage_two_logits(
        self, ngram_logits: FloatArray, analyses: Sequence[Analysis], grams: Sequence[Sequence[MorphemeGram]]
    ) -> FloatArray:
        """Second stage: shape (n_messages, n_groups), nats.

        Args:
            ngram_logits: the first stage's of the groups, shape (n_messages, n_groups).
            analyses: one a message.
            grams: one a message, by `grams`.
        """
        shapes = [shape(a) for a in analyses]
        rows = stage_two_rows(shapes, grams, self.morpheme_bits)
        out: FloatArray = np.tile(self.stage_two_bias, (len(analyses), 1))
        for k in range(len(self.groups)):  # BLAS and einsum may round a row otherwise in a batch of another size
            out += ngram_logits[:, k : k + 1] * self.dense_weights[k]
        shape_weights = self.dense_weights[len(self.groups) :]
        split = len(shape_weights)
        for i in range(len(analyses)):
            columns = rows.indices[rows.indptr[i] : rows.indptr[i + 1]]
            values = rows.values[rows.indptr[i] : rows.indptr[i + 1]]
            dense = int(np.searchsorted(columns, split))
            out[i] += values[:dense] @ shape_weights[columns[:dense]]
            out[i] += values[dense:] @ self.morpheme_weights[columns[dense:] - split]
        return out

    def log_odds(self, logits: FloatArray) -> FloatArray:
        """Log-odds of spam, the sum of its groups, against the sum of the legitimate ones; shape (n_messages,).

        Args:
            logits: of the groups, first; what stands behind them is not looked at.
        """
        spam, ham = np.flatnonzero(self.group_is_spam), np.flatnonzero(~self.group_is_spam)
        return _log_sum_exp(logits, spam) - _log_sum_exp(logits, ham)


def _log_sum_exp(logits: FloatArray, columns: npt.NDArray[np.intp]) -> FloatArray:
    # Column by column: a sum along the rows adds in an order that depends on the memory layout, so on the batch.
    largest = np.maximum.reduce([logits[:, k] for k in columns])
    total = np.zeros(len(logits), np.float32)
    for k in columns:
        total += np.exp(logits[:, k] - largest)
    out: FloatArray = largest + np.log(total)
    return out
