"""From a false-positive budget to thresholds, by the evidence that the model carries.

An operator says what a wrongly blocked message may cost ("at most 1 in 1,000"), not where a probability should be
cut. The threshold is the lowest at which the held-out legitimate messages still prove the budget: the one-sided
upper confidence bound (Clopper & Pearson 1934) on the false-positive rate must not exceed it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spamfilter.errors import BudgetError

CONFIDENCE: Final = 0.95
REVIEW_RATIO: Final = 10.0
"""A message is worth a moderator's look from ten times the budget on."""

_MAX_REVIEW_FPR: Final = 0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores of held-out messages: what a budget is proved on.

    Attributes:
        ham: shape (n_ham,), probabilities of legitimate messages, descending.
        spam: shape (n_spam,), probabilities of spam, descending.
    """

    ham: npt.NDArray[np.float32]
    spam: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where a probability turns into an action.

    Thresholds are probabilities in [0, 1] and belong to the trained artifact: they mean nothing without the model
    they were chosen on. A message at or above `spam_at` is spam, one at or above `review_at` is for a moderator.

    Attributes:
        fpr: the false-positive budget that `spam_at` keeps, a share of good messages.
        false_positives: how many of the held-out good messages `spam_at` blocked.
        n_ham: how many good messages the evidence holds.
        recall: share of the held-out spam at or above `spam_at`.
    """

    review_at: float
    spam_at: float
    fpr: float
    false_positives: int
    n_ham: int
    recall: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.review_at <= self.spam_at <= 1.0:
            raise ValueError(f"need 0 <= review_at <= spam_at <= 1, got {self.review_at} and {self.spam_at}")

    @classmethod
    def for_budget(cls, evidence: Evidence, fpr: float = 0.001) -> Policy:
        """The policy that blocks most spam within a budget.

        Args:
            evidence: of the model that the policy is for.
            fpr: false positives a good message, in (0, 0.5].

        Raises:
            BudgetError: if the evidence is too small to prove the budget; says how many good messages it would take.
        """
        require_provable(fpr, len(evidence.ham))
        spam_at, allowed = _threshold(evidence, fpr)
        review_at, _ = _threshold(evidence, min(max(fpr, _MAX_REVIEW_FPR), REVIEW_RATIO * fpr))
        return cls(
            review_at=min(review_at, spam_at),
            spam_at=spam_at,
            fpr=fpr,
            false_positives=allowed,
            n_ham=len(evidence.ham),
            recall=float(np.mean(evidence.spam >= spam_at)) if len(evidence.spam) else 0.0,
        )


def require_provable(fpr: float, n_ham: int) -> None:
    """Refuse a budget that so many held-out good messages could not prove even without one false positive.

    Raises:
        BudgetError: says how many good messages it would take.
    """
    if not 0.0 < fpr <= 0.5:
        raise BudgetError(f"a false-positive budget lies in (0, 0.5], got {fpr}")
    if n_ham == 0 or rate_upper_bound(0, n_ham) > fpr:
        needed = math.ceil(math.log(1.0 - CONFIDENCE) / math.log1p(-fpr))
        raise BudgetError(
            f"a budget of {fpr:g} cannot be proved on {n_ham} held-out good messages: "
            f"it takes at least {needed} without one false positive"
        )


def _threshold(evidence: Evidence, fpr: float) -> tuple[float, int]:
    """The lowest threshold that proves `fpr`, and the good messages at or above it."""
    n = len(evidence.ham)
    low, high = 0, n
    while low < high:  # the largest number of false positives whose upper bound keeps the budget
        middle = (low + high + 1) // 2
        low, high = (middle, high) if rate_upper_bound(middle, n) <= fpr else (low, middle - 1)
    if low == n:
        return 0.0, n
    # Just above the first good message that must pass: equal scores pass together.
    threshold = float(np.nextafter(evidence.ham[low], np.float32(2.0), dtype=np.float32))
    return min(threshold, 1.0), int(np.sum(evidence.ham >= threshold))


def rate_upper_bound(events: int, n: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided Clopper-Pearson upper bound of a rate.

    Args:
        events: how often it happened, 0 to `n`.
        n: in how many trials, at least 1.
        confidence: in (0, 1).

    Returns:
        The largest rate at which `events` or fewer would still be seen with probability 1 - confidence.

    >>> round(rate_upper_bound(0, 2995), 6)
    0.001
    """
    if events >= n:
        return 1.0
    low, high = events / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _binomial_cdf(events, n, middle) > 1.0 - confidence else (low, middle)
    return high


def _binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X <= k), summed downwards from k until the terms vanish."""
    term = math.exp(
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
    )
    total = 0.0
    for i in range(k, -1, -1):
        total += term
        term *= i / (n - i + 1) * (1.0 - p) / p
        if term < total * 1e-12:
            break
    return min(1.0, total)
