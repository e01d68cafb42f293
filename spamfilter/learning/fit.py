"""Fit the two linear stages: scikit-learn's logistic regression over the rows that scoring computes.

The first stage sees n-grams. The second sees the first one's logits, as they come out for messages it was not
trained on, beside the shape and the morphemes; what is calibrated, cut into thresholds and kept as evidence are again
held-out scores. Nothing that a model saw is ever measured by it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import joblib
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from spamfilter.scoring.cascade import Calibration
from spamfilter.scoring.features import SHAPE_NAMES, Analysis, MorphemeGram, shape, stage_two_rows
from spamfilter.scoring.hashing import FloatArray
from spamfilter.scoring.kernel import ngram_rows
from spamfilter.types import Category

NGRAM_BITS: Final = 18
MORPHEME_BITS: Final = 16
FOLDS: Final = 3
MIN_MESSAGES: Final = 1
_FIRST_C: Final = 6.0
_SECOND_C: Final = 0.2
_MAX_ITERATIONS: Final = 100
_GUESS_ITERATIONS: Final = 12
_NAMING_ITERATIONS: Final = 40
_TOLERANCE: Final = 1e-5
_LOGIT_SCALE, _SHAPE_SCALE, _MORPHEME_SCALE = np.float32(0.25), np.float32(1.5), np.float32(4.0)
"""One regularisation for all three: logits are ten nats wide, a morpheme's value is a tenth. Unscaled, the second
stage came out worse than the first."""

Matrix = Any  # scipy.sparse.csr_matrix of float32, shape (n_messages, n_features)


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted multinomial model.

    Attributes:
        weights: shape (n_features, n_kinds), float32, nats.
        bias: shape (n_kinds,), float32.
    """

    weights: FloatArray
    bias: FloatArray

    def logits(self, rows: Matrix) -> FloatArray:
        """Shape (n_messages, n_kinds)."""
        return np.asarray(rows @ self.weights + self.bias, np.float32)


def ngram_matrix(texts: Sequence[str], bits: int = NGRAM_BITS) -> Matrix:
    """The kernel's rows as CSR, each of length 1: `ngram_sums` is the product of this with the weights.

    Returns:
        Shape (n_messages, 2**bits), float32.
    """
    rows = ngram_rows(texts, bits)
    counts = np.diff(rows.indptr)
    values = np.repeat((1.0 / np.sqrt(np.maximum(counts, 1))).astype(np.float32), counts)
    return sp.csr_matrix((values, rows.indices.astype(np.int32), rows.indptr), shape=(len(texts), 1 << bits))


def stage_two_matrix(
    logits: FloatArray, analyses: Sequence[Analysis], grams: Sequence[Sequence[MorphemeGram]]
) -> Matrix:
    """What the second stage is fitted on: scaled first-stage logits, shape, morphemes, side by side.

    Returns:
        Shape (n_messages, n_kinds + n_shape + 2**MORPHEME_BITS), float32.
    """
    rows = stage_two_rows([shape(a) for a in analyses], grams, MORPHEME_BITS)
    width = len(SHAPE_NAMES) + (1 << MORPHEME_BITS)
    values = rows.values * np.where(rows.indices < len(SHAPE_NAMES), _SHAPE_SCALE, _MORPHEME_SCALE)
    own = sp.csr_matrix((values, rows.indices, rows.indptr), shape=(len(analyses), width))
    return sp.hstack([sp.csr_matrix(logits * _LOGIT_SCALE), own], format="csr", dtype=np.float32)


def fit_linear(
    rows: Matrix,
    kinds: npt.NDArray[np.int64],
    n_kinds: int,
    weights: npt.NDArray[np.float64],
    c: float,
    *,
    max_iterations: int = _MAX_ITERATIONS,
    idf: bool = False,
) -> Linear:
    """Multinomial logistic regression; kinds without a row get a logit that never wins.

    Args:
        rows: shape (n_messages, n_features).
        kinds: shape (n_messages,), below `n_kinds`.
        n_kinds: how many logits a message gets.
        weights: shape (n_messages,), how much each message counts.
        c: inverse strength of the L2 regularisation.
        max_iterations: of the solver.
        idf: scale each feature by its inverse document frequency while fitting, so that a rare n-gram is held back
            less than a common one. It goes into the weights: scoring does not know of it.
    """
    # Columns that no message has keep the weight 0 without being fitted: a small set has few of the 2**18.
    counts = np.bincount(rows.indices, minlength=rows.shape[1])
    columns = np.flatnonzero(counts >= MIN_MESSAGES)
    rows = rows[:, columns]
    scale = np.ones(len(columns), np.float32)
    if idf:
        scale = np.log((rows.shape[0] + 1) / (counts[columns] + 1)).astype(np.float32) + np.float32(1e-3)
        scale /= scale.max()
        rows = (rows @ sp.diags_array(scale)).tocsr()
    model = LogisticRegression(C=c, max_iter=max_iterations, tol=_TOLERANCE)
    with warnings.catch_warnings():
        # The last steps hardly move what is found of known sources, but what is found of writers never seen.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, kinds, sample_weight=weights)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        coefficients, intercepts = np.vstack([-coefficients, coefficients]) / 2, np.append(-intercepts, intercepts) / 2
    out = np.zeros((len(counts), n_kinds), np.float32)
    bias = np.full(n_kinds, -30.0, np.float32)
    out[np.ix_(columns, model.classes_)] = (coefficients * scale).T
    bias[model.classes_] = intercepts
    return Linear(out, bias)


def cross_fit(
    rows: Matrix,
    kinds: npt.NDArray[np.int64],
    n_kinds: int,
    weights: npt.NDArray[np.float64],
    folds: npt.NDArray[np.int64],
    c: float,
    *,
    idf: bool = False,
) -> tuple[FloatArray, Linear]:
    """Held-out logits of every message, and the model fitted on all.

    Args:
        rows: shape (n_messages, n_features).
        kinds: shape (n_messages,), below `n_kinds`.
        n_kinds: how many logits a message gets.
        weights: shape (n_messages,), how much each message counts.
        folds: shape (n_messages,): messages of one fold are scored by a model that saw none of them.
        c: inverse strength of the L2 regularisation.
        idf: as `fit_linear`.

    Returns:
        Logits of shape (n_messages, n_kinds), and the model.
    """
    parts = [folds != fold for fold in np.unique(folds)] + [np.ones(len(folds), bool)]
    models = joblib.Parallel(n_jobs=None)(
        joblib.delayed(fit_linear)(rows[part], kinds[part], n_kinds, weights[part], c, idf=idf) for part in parts
    )
    logits = np.empty((len(folds), n_kinds), np.float32)
    for part, model in zip(parts[:-1], models[:-1], strict=True):
        logits[~part] = model.logits(rows[~part])
    return logits, models[-1]


def first_stage(
    rows: Matrix,
    kinds: npt.NDArray[np.int64],
    n_kinds: int,
    weights: npt.NDArray[np.float64],
    folds: npt.NDArray[np.int64],
) -> tuple[FloatArray, Linear]:
    """Held-out logits and the model of the n-gram stage."""
    return cross_fit(rows, kinds, n_kinds, weights, folds, _FIRST_C, idf=True)


def naming(rows: Matrix, kinds: npt.NDArray[np.int64], n_kinds: int, weights: npt.NDArray[np.float64]) -> Linear:
    """The model that names the category; it moves no label, so nothing is held out."""
    return fit_linear(rows, kinds, n_kinds, weights, _FIRST_C, max_iterations=_NAMING_ITERATIONS, idf=True)


def second_stage(
    rows: Matrix,
    kinds: npt.NDArray[np.int64],
    n_kinds: int,
    weights: npt.NDArray[np.float64],
    folds: npt.NDArray[np.int64],
) -> tuple[FloatArray, Linear]:
    """Held-out logits and the model of the morpheme stage, over `stage_two_matrix`; the scales are folded in."""
    logits, model = cross_fit(rows, kinds, n_kinds, weights, folds, _SECOND_C)
    first_morpheme = n_kinds + len(SHAPE_NAMES)
    model.weights[:n_kinds] *= _LOGIT_SCALE
    model.weights[n_kinds:first_morpheme] *= _SHAPE_SCALE
    model.weights[first_morpheme:] *= _MORPHEME_SCALE
    return logits, model


def guess_kinds(
    rows: Matrix, kinds: npt.NDArray[np.int64], is_spam: npt.NDArray[np.bool_], of_kind: Sequence[Category]
) -> npt.NDArray[np.int64]:
    """Give messages without a kind the most likely one of their side, by those that have one.

    Args:
        rows: n-gram rows of all messages.
        kinds: index into `of_kind`, -1 where unknown.
        is_spam: the label of each message, which the guess never contradicts.
        of_kind: the kinds.

    Returns:
        `kinds` without a -1. A side on which no message has a kind becomes `other` or `chat`.
    """
    kinds = kinds.copy()
    for side, fallback in ((True, Category.OTHER), (False, Category.CHAT)):
        unknown = np.flatnonzero((kinds < 0) & (is_spam == side))
        known = np.flatnonzero((kinds >= 0) & (is_spam == side))
        if not len(unknown):
            continue
        if len(np.unique(kinds[known])) < 2:
            kinds[unknown] = kinds[known[0]] if len(known) else list(of_kind).index(fallback)
            continue
        model = fit_linear(
            rows[known], kinds[known], len(of_kind), np.ones(len(known)), _FIRST_C, max_iterations=_GUESS_ITERATIONS
        )
        kinds[unknown] = model.logits(rows[unknown]).argmax(axis=1)
    return kinds


def calibrate(log_odds: FloatArray, is_spam: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]) -> Calibration:
    """Platt scaling on held-out log-odds; the slope is kept positive, so that the order stands."""
    model = LogisticRegression(C=1e6)
    model.fit(np.asarray(log_odds, np.float64)[:, None], is_spam, sample_weight=weights)
    return Calibration(max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0]))
