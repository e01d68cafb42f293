"""What scores are worth on labelled messages: pure functions on arrays.

Every share comes with a 95 % interval. Messages of one campaign resemble each other, so where near-duplicates were not
thinned out the truth is wider than the interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spamfilter.errors import InputError
from spamfilter.scoring.policy import rate_upper_bound
from spamfilter.types import Category

BUDGETS: Final = (0.001, 0.01)
"""The false-positive rates at which recall is told."""

CONFIDENCE: Final = 0.95

Scores = npt.NDArray[np.floating[Any]]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval of a share."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many.

    Attributes:
        count: how many.
        total: of how many, at least 1.
        value: count / total.
        interval: by Wilson's formula.
    """

    count: int
    total: int
    value: float
    interval: Interval

    @classmethod
    def of(cls, flags: Flags) -> Share:
        """The share of true flags; there must be one flag at least."""
        return cls.count_of(int(flags.sum()), len(flags))

    @classmethod
    def count_of(cls, count: int, total: int) -> Share:
        """So many of so many, of one at least."""
        return cls(count, total, count / total, wilson(count, total))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What a model finds within a false-positive budget.

    Attributes:
        budget: the false-positive rate that may not be passed.
        threshold: messages with this score and above are flagged.
        recall: share of the spam that is flagged.
        recall_interval: by Wilson's formula.
        fpr: the realised false-positive rate, at most `budget`.
        fpr_interval: by Clopper and Pearson, exact for the few false positives there are.
        n_ham: legitimate messages measured on.
        n_spam: spam measured on.
    """

    budget: float
    threshold: float
    recall: float
    recall_interval: Interval
    fpr: float
    fpr_interval: Interval
    n_ham: int
    n_spam: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A named threshold: messages with this probability and above are flagged."""

    name: str
    threshold: float


@dataclass(frozen=True, slots=True)
class GroupRow:
    """How much of one group is flagged: recall where it is spam, false positives where it is ham.

    Attributes:
        name: the source or the kind; empty where nobody named it.
        is_spam: the label of these messages; a group with both has a row for each.
        flagged: at each cut of the evaluation.
    """

    name: str
    is_spam: bool
    flagged: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Messages of like probability: the mean of what was said, and the share that was spam."""

    n: int
    mean_probability: float
    spam_share: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Known kinds against predicted categories; messages whose kind nobody named are left out.

    Attributes:
        known: the kinds that occur, a row each, in the order of `Category`: spam first.
        predicted: the kinds that occur or were predicted, a column each, in the same order.
        counts: messages, shape (known, predicted).
        recall: of each known kind the share that was predicted as exactly this kind.
        right_side: of each known kind the share that was predicted as some kind of its own label.
        n_unknown: messages left out.
    """

    known: tuple[str, ...]
    predicted: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    recall: tuple[Share, ...]
    right_side: tuple[Share, ...]
    n_unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRow:
    """What is found, and wrongly flagged, where the same messages are written with one kind of trick.

    Attributes:
        family: the kind of trick; `clean` for none.
        role: whether the recipe trains on it: `clean`, `trained`, `held-out` or `mixed`.
        changed_spam: share of the spam in which it changed anything.
        changed_ham: likewise of the legitimate messages.
        recall: at the threshold of each budget, fixed on the clean legitimate messages.
        fpr: false positives at the same thresholds.
        fpr_ratio: `fpr` over that of the clean row; None where the clean row has none.
    """

    family: str
    role: str
    changed_spam: float
    changed_ham: float
    recall: tuple[Share, ...]
    fpr: tuple[Share, ...]
    fpr_ratio: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a model is worth on a set of labelled messages.

    Attributes:
        points: recall within each budget of `BUDGETS`; empty where one of the labels is missing.
        cuts: where the tables cut: the model's own policy, then each point's threshold.
        by_source: legitimate groups first, then by name.
        by_kind: likewise.
        confusion: of kinds; None where no category was predicted, or no message has a known kind.
        attacks: the clean row first; empty where nobody asked, or one of the labels is missing.
    """

    n_ham: int
    n_spam: int
    expected_calibration_error: float
    points: tuple[OperatingPoint, ...]
    cuts: tuple[Cut, ...]
    by_source: tuple[GroupRow, ...]
    by_kind: tuple[GroupRow, ...]
    confusion: Confusion | None = None
    attacks: tuple[AttackRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)


def evaluate(
    probability: Scores,
    is_spam: Flags,
    *,
    sources: Sequence[str],
    kinds: Sequence[str],
    spam_at: float,
    predicted: Sequence[str] | None = None,
) -> Evaluation:
    """Measure calibrated probabilities against labels.

    Args:
        probability: shape (n,), in [0, 1].
        is_spam: shape (n,), the labels.
        sources: of each message.
        kinds: of each message, empty where unknown.
        spam_at: the threshold of the model's policy.
        predicted: the category of each verdict, for the confusion table.

    Raises:
        InputError: if the lengths differ, there is no message, a probability is none, or a kind is no `Category`.
    """
    probability, is_spam = _checked(probability, is_spam)
    if len(sources) != len(is_spam) or len(kinds) != len(is_spam):
        raise InputError(f"need {len(is_spam)} sources and kinds, got {len(sources)} and {len(kinds)}")
    two_sided = bool(is_spam.any() and not is_spam.all())
    points = tuple(recall_at_fpr(probability, is_spam, budget) for budget in BUDGETS) if two_sided else ()
    cuts = (Cut("policy", spam_at), *(Cut(f"{p.budget:.1%} FPR", p.threshold) for p in points))
    return Evaluation(
        n_ham=int((~is_spam).sum()),
        n_spam=int(is_spam.sum()),
        expected_calibration_error=expected_calibration_error(probability, is_spam),
        points=points,
        cuts=cuts,
        by_source=group_rows(sources, probability, is_spam, cuts),
        by_kind=group_rows(kinds, probability, is_spam, cuts),
        confusion=None if predicted is None else confusion(kinds, predicted),
    )


def recall_at_fpr(scores: Scores, is_spam: Flags, budget: float) -> OperatingPoint:
    """The recall at the lowest threshold that keeps a false-positive budget on these messages.

    Equal scores are flagged together, so ties can only cost recall, never break the budget.

    Args:
        scores: shape (n,), any finite numbers that grow with spamminess.
        is_spam: shape (n,), the labels.
        budget: false positives a legitimate message, in [0, 1).

    Raises:
        InputError: if the lengths differ, a label is missing, or a score is not finite.
    """
    scores, is_spam = _checked(scores, is_spam)
    if not 0.0 <= budget < 1.0:
        raise InputError(f"a false-positive budget lies in [0, 1), got {budget}")
    ham, spam = np.sort(scores[~is_spam])[::-1], scores[is_spam]
    if not len(ham) or not len(spam):
        raise InputError(f"recall within a budget needs both labels, got {len(spam)} spam and {len(ham)} ham")
    passes = ham[math.floor(budget * len(ham) + 1e-9)]  # the best-hidden message that must not be flagged
    above = scores[scores > passes]
    threshold = above.min() if len(above) else np.nextafter(passes, np.inf, dtype=scores.dtype)
    found, wrong = int((spam >= threshold).sum()), int((ham >= threshold).sum())
    return OperatingPoint(
        budget=budget,
        threshold=float(threshold),
        recall=found / len(spam),
        recall_interval=wilson(found, len(spam)),
        fpr=wrong / len(ham),
        fpr_interval=clopper_pearson(wrong, len(ham)),
        n_ham=len(ham),
        n_spam=len(spam),
    )


def expected_calibration_error(probability: Scores, is_spam: Flags, bins: int = 15) -> float:
    """How far probabilities are from what they promise: the mean gap over bins of equal width, weighed by messages.

    Naeini, Cooper and Hauskrecht 2015, for the probability of spam.

    >>> expected_calibration_error(np.array([0.0, 1.0, 0.5, 0.5]), np.array([False, True, True, False]))
    0.0
    """
    found = reliability(probability, is_spam, bins)
    return sum(b.n * abs(b.spam_share - b.mean_probability) for b in found) / len(is_spam)


def reliability(probability: Scores, is_spam: Flags, bins: int = 15) -> tuple[ReliabilityBin, ...]:
    """What was promised and what came, over bins of equal width; empty bins are left out.

    Args:
        probability: shape (n,), in [0, 1].
        is_spam: shape (n,), the labels.
        bins: how many.

    Raises:
        InputError: if the lengths differ, there is no message, or a probability is none.
    """
    probability, is_spam = _checked(probability, is_spam)
    if probability.min() < 0.0 or probability.max() > 1.0:
        raise InputError("probabilities in [0, 1] expected")
    index = np.minimum((probability.astype(np.float64) * bins).astype(np.int64), bins - 1)
    return tuple(
        ReliabilityBin(
            int(chosen.sum()), float(probability[chosen].mean(dtype=np.float64)), float(is_spam[chosen].mean())
        )
        for chosen in (index == i for i in np.unique(index))
    )


def group_rows(groups: Sequence[str], scores: Scores, is_spam: Flags, cuts: Sequence[Cut]) -> tuple[GroupRow, ...]:
    """How much of each group is flagged at each cut, spam and ham apart; legitimate groups first, then by name."""
    names = np.array(groups, dtype=object)
    rows = []
    for label in (False, True):
        for name in sorted(set(names[is_spam == label])):
            chosen = scores[(names == name) & (is_spam == label)]
            rows.append(GroupRow(name, label, tuple(Share.of(chosen >= cut.threshold) for cut in cuts)))
    return tuple(rows)


def confusion(kinds: Sequence[str], predicted: Sequence[str]) -> Confusion | None:
    """Count how often each known kind was taken for which; None where no kind is known.

    Args:
        kinds: the known kind of each message, empty where unknown.
        predicted: the category that each message was given.

    Raises:
        InputError: if the lengths differ, or a name is no `Category`.
    """
    if len(kinds) != len(predicted):
        raise InputError(f"need as many categories as kinds, got {len(predicted)} and {len(kinds)}")
    pairs = Counter((kind, given) for kind, given in zip(kinds, predicted, strict=True) if kind)
    if not pairs:
        return None
    known, columns = _in_order({kind for kind, _ in pairs}), _in_order({name for pair in pairs for name in pair})
    counts = tuple(tuple(pairs[kind.value, given.value] for given in columns) for kind in known)
    own_side = [
        sum(n for n, c in zip(row, columns, strict=True) if c.is_spam == k.is_spam)
        for k, row in zip(known, counts, strict=True)
    ]
    totals = [sum(row) for row in counts]
    return Confusion(
        known=tuple(kind.value for kind in known),
        predicted=tuple(given.value for given in columns),
        counts=counts,
        recall=tuple(Share.count_of(pairs[k.value, k.value], n) for k, n in zip(known, totals, strict=True)),
        right_side=tuple(Share.count_of(count, n) for count, n in zip(own_side, totals, strict=True)),
        n_unknown=len(kinds) - sum(totals),
    )


def _in_order(names: set[str]) -> list[Category]:
    strange = names - {kind.value for kind in Category}
    if strange:
        raise InputError(f"{len(strange)} of the kinds are no category of ours")
    return [kind for kind in Category if kind.value in names]


def wilson(count: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a share (Wilson 1927).

    >>> interval = wilson(95, 100)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.8882, 0.9785)
    """
    _check_count(count, total)
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2
    share = count / total
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = math.sqrt(z2 * (share * (1 - share) + z2 / (4 * total)) / total) / (1 + z2 / total)
    return Interval(max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def clopper_pearson(count: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of a share (Clopper and Pearson 1934): wider than Wilson's, right for rare events.

    >>> interval = clopper_pearson(1, 1000)
    >>> round(interval.low, 6), round(interval.high, 6)
    (2.5e-05, 0.005559)
    """
    _check_count(count, total)
    side = 0.5 + confidence / 2
    return Interval(1.0 - rate_upper_bound(total - count, total, side), rate_upper_bound(count, total, side))


def _check_count(count: int, total: int) -> None:
    if not 0 <= count <= total or total == 0:
        raise InputError(f"need 0 <= count <= total and a total above 0, got {count} and {total}")


def _checked(scores: Scores, is_spam: Flags) -> tuple[Scores, Flags]:
    scores, is_spam = np.asarray(scores), np.asarray(is_spam)
    if scores.ndim != 1 or scores.shape != is_spam.shape:
        raise InputError(f"scores and labels of one length expected, got shapes {scores.shape} and {is_spam.shape}")
    if is_spam.dtype != np.bool_:
        raise InputError(f"labels must be booleans, got {is_spam.dtype}")
    if not len(scores):
        raise InputError("there is no message to measure on")
    if not np.isfinite(scores).all():
        raise InputError("a score is not a finite number")
    return scores, is_spam
