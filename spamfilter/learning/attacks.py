"""How a model stands up to spam's own spelling: the same messages, twisted by each family of `learning.obfuscate`.

The thresholds are those of the clean messages. A filter that meets a trick by flagging whatever looks odd finds the
spam and loses the good messages written the same way, so both sides are twisted and both are told.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spamfilter.errors import InputError
from spamfilter.learning.evaluate import AttackRow, Flags, OperatingPoint, Scores, Share
from spamfilter.learning.obfuscate import HELD_OUT, TRAINED, Attack, mixed

CLEAN: Final = "clean"
MIXED: Final = "mixed"

MAX_ATTACKED: Final = 5000
"""Messages of either label that are twisted by default: every family scores all of them again."""

Score = Callable[[Sequence[str]], Scores]
Progress = Callable[[str, int, int], None]
"""Told the family, how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class _Sample:
    texts: list[str]
    is_spam: Flags
    points: tuple[OperatingPoint, ...]


def attack_rows(
    score: Score,
    texts: Sequence[str],
    is_spam: Flags,
    points: Sequence[OperatingPoint],
    *,
    seed: int = 0,
    max_attacked: int = MAX_ATTACKED,
    progress: Progress = lambda _family, _done, _total: None,
) -> tuple[AttackRow, ...]:
    """Measure recall and false positives under every family of attacks, and under three of them at once.

    Args:
        score: gives each message a probability of spam.
        texts: the messages as they are.
        is_spam: shape (n,), their labels.
        points: whose thresholds are kept: fixed on the clean messages.
        seed: of the sample and of the twisting; the same seed gives the same rows.
        max_attacked: at most so many messages of either label are twisted, drawn at random.
        progress: called before each family.

    Returns:
        The clean messages of the sample first, then trained families, held-out families and `mixed`.

    Raises:
        InputError: if the lengths differ, a label is missing, or the cap is below 1.
    """
    if len(texts) != len(is_spam):
        raise InputError(f"need as many labels as messages, got {len(is_spam)} and {len(texts)}")
    if max_attacked < 1:
        raise InputError(f"at least one message of either label must be attacked, got {max_attacked}")
    chosen = _sample(is_spam, seed, max_attacked)
    sample = _Sample([texts[i] for i in chosen], is_spam[chosen], tuple(points))
    families = list(_families())
    rows: list[AttackRow] = []
    for done, (name, role, attack) in enumerate(families):
        progress(name, done, len(families))
        rng = random.Random(f"{seed} {name}")
        twisted = [attack(text, rng) for text in sample.texts]
        rows.append(_row(name, role, sample, twisted, score(twisted), rows[0] if rows else None))
    return tuple(rows)


def _families() -> Iterator[tuple[str, str, Attack]]:
    yield CLEAN, CLEAN, lambda text, _rng: text
    for role, families in (("trained", TRAINED), ("held-out", HELD_OUT)):
        for family in families:
            yield family.name, role, family.attack
    yield MIXED, MIXED, lambda text, rng: mixed(text, rng, (*TRAINED, *HELD_OUT))


def _sample(is_spam: Flags, seed: int, most: int) -> list[int]:
    rng = random.Random(seed)
    chosen: list[int] = []
    for label in (False, True):
        found = np.flatnonzero(is_spam == label).tolist()
        if not found:
            raise InputError("attacks are measured on spam and on good messages; one of them is missing")
        chosen += sorted(rng.sample(found, min(most, len(found))))
    return chosen


def _row(
    name: str, role: str, sample: _Sample, twisted: Sequence[str], scores: Scores, clean: AttackRow | None
) -> AttackRow:
    changed = np.array([a != b for a, b in zip(sample.texts, twisted, strict=True)], bool)
    spam, ham = scores[sample.is_spam], scores[~sample.is_spam]
    fpr = tuple(Share.of(ham >= point.threshold) for point in sample.points)
    base = fpr if clean is None else clean.fpr
    return AttackRow(
        family=name,
        role=role,
        changed_spam=float(changed[sample.is_spam].mean()),
        changed_ham=float(changed[~sample.is_spam].mean()),
        recall=tuple(Share.of(spam >= point.threshold) for point in sample.points),
        fpr=fpr,
        fpr_ratio=tuple(f.value / b.value if b.count else None for f, b in zip(fpr, base, strict=True)),
    )
