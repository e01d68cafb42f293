"""What the attack table says of filters whose weakness is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from spamfilter.errors import InputError
from spamfilter.learning.attacks import attack_rows
from spamfilter.learning.evaluate import AttackRow, OperatingPoint, recall_at_fpr
from spamfilter.learning.obfuscate import HELD_OUT, TRAINED

SPAM = [f"지금 카지노 무료 쿠폰 {i}장 bb77.example 가입" for i in range(40)]
HAM = [f"내일 점심 {i}시에 회사 앞에서 만나자" for i in range(60)]
TEXTS = SPAM + HAM
IS_SPAM = np.array([True] * len(SPAM) + [False] * len(HAM))


def by_word(texts: Sequence[str]) -> np.ndarray:
    """Knows one word, and only as it is spelled in the dictionary."""
    return np.array([0.9 if "카지노" in text else 0.1 for text in texts], np.float32)


def by_oddness(texts: Sequence[str]) -> np.ndarray:
    """Takes every sign between letters for spam."""
    return np.array([0.9 if "카지노" in text or set(text) & set(".·★♥~^*") else 0.1 for text in texts], np.float32)


def points(score: np.ndarray) -> list[OperatingPoint]:
    return [recall_at_fpr(score, IS_SPAM, budget) for budget in (0.001, 0.01)]


def measured(**options: int) -> dict[str, AttackRow]:
    return {row.family: row for row in attack_rows(by_word, TEXTS, IS_SPAM, points(by_word(TEXTS)), **options)}


def test_every_family_has_a_row_and_its_role() -> None:
    rows = measured()
    expected = [("clean", "clean"), *((f.name, "trained") for f in TRAINED), *((f.name, "held-out") for f in HELD_OUT)]
    assert [(row.family, row.role) for row in rows.values()] == [*expected, ("mixed", "mixed")]
    assert {row.recall[0].total for row in rows.values()} == {len(SPAM)}
    assert {row.fpr[0].total for row in rows.values()} == {len(HAM)}


def test_a_filter_that_knows_words_falls_to_those_who_cut_them() -> None:
    rows = measured()
    assert (rows["clean"].changed_spam, rows["clean"].recall[1].value) == (0.0, 1.0)
    assert rows["marks_between"].recall[1].value < 0.7
    assert rows["mixed"].recall[1].value < 0.5
    assert (rows["padding"].recall[1].value, rows["padding"].changed_spam) == (1.0, 1.0)
    # The trick has nothing to work on in these good messages.
    assert rows["lookalikes"].changed_ham == 0.0
    assert rows["lookalikes"].changed_spam > 0.9


def test_false_positives_are_told_as_a_multiple_of_the_clean_ones() -> None:
    texts = [*TEXTS[:-3], *(f"{text}." for text in TEXTS[-3:])]
    fixed = [recall_at_fpr(by_word(texts), IS_SPAM, 0.01)]
    rows = {row.family: row for row in attack_rows(by_oddness, texts, IS_SPAM, fixed)}
    assert (rows["clean"].fpr[0].count, rows["clean"].fpr_ratio) == (3, (1.0,))
    (ratio,) = rows["padding"].fpr_ratio
    assert ratio == rows["padding"].fpr[0].count / 3 > 5
    assert rows["no_spaces"].fpr_ratio == (1.0,)


def test_there_is_no_multiple_of_nothing() -> None:
    assert {row.fpr_ratio for row in measured().values()} == {(None, None)}


def test_a_seed_repeats_and_another_does_not() -> None:
    assert measured(seed=3) == measured(seed=3)
    assert measured(seed=3) != measured(seed=4)


def test_a_cap_bounds_what_is_scored() -> None:
    scored: list[int] = []

    def counting(texts: Sequence[str]) -> np.ndarray:
        scored.append(len(texts))
        return by_word(texts)

    rows = attack_rows(counting, TEXTS, IS_SPAM, points(by_word(TEXTS)), max_attacked=5)
    assert set(scored) == {10}
    assert {(row.recall[0].total, row.fpr[0].total) for row in rows} == {(5, 5)}


def test_hostile_messages_are_attacked_too() -> None:
    texts = ["", "\ud800\x00", "가" * 5000, "1", "\u200b", "A"]
    is_spam = np.array([True, False] * 3)
    fixed = [recall_at_fpr(np.arange(6.0) / 6, is_spam, 0.01)]
    assert len(attack_rows(lambda t: np.zeros(len(t), np.float32), texts, is_spam, fixed)) == len(measured())


def test_what_cannot_be_measured_is_refused() -> None:
    fixed = points(by_word(TEXTS))
    with pytest.raises(InputError, match="one of them is missing"):
        attack_rows(by_word, SPAM, np.ones(len(SPAM), bool), fixed)
    with pytest.raises(InputError, match="as many labels"):
        attack_rows(by_word, SPAM, IS_SPAM, fixed)
    with pytest.raises(InputError, match="at least one message"):
        attack_rows(by_word, TEXTS, IS_SPAM, fixed, max_attacked=0)
