"""Restoration: what a reader sees, and the way back to the original."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamfilter.text.normalise import FIXERS, restore

CASES = json.loads((Path(__file__).parent / "cases" / "normalise.json").read_text(encoding="utf-8"))
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
TRICKY = st.text(
    st.sampled_from(
        "가나ㄱㅏㅋㅠHl|r.ㆍ·*★ 01ⓑ①а\u200b\u1100\u1161\u11a8\ud800\x00\n대댸출카캬지즤노공일大料머ez🎰\x81"
    ),
    max_size=40,
)


UNITS = [
    *["가", "ㅋㅏ", "★", "대.", "a\u200b", "ⓑ", "가ㄴ", "\u1103\u1162", "①"],
    *["카 ", "카 지 노 ", "캬즤노", "툐", "까", "대출1", "카z", "大가", "공일", "머출", "카🎰", "대ㅏ"],
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["label"])
def test_cases(case: dict[str, str], request: pytest.FixtureRequest) -> None:
    if case["origin"] == "known-failure":
        request.applymarker(pytest.mark.xfail(strict=True, reason="not undone yet"))
    assert restore(case["given"]).text == case["expect"]


def test_there_is_a_negative_for_every_two_positives() -> None:
    negatives = sum(c["origin"] == "negative" for c in CASES)
    assert 2 * negatives >= len(CASES) - negatives


@given(ANY_TEXT | TRICKY)
@settings(max_examples=300, deadline=None)
def test_every_character_has_a_place_in_the_original(text: str) -> None:
    restored = restore(text)
    assert len(restored.starts) == len(restored.ends) == len(restored.text)
    assert all(0 <= s < e <= len(text) for s, e in zip(restored.starts, restored.ends, strict=True))
    assert list(restored.starts) == sorted(restored.starts)
    assert all(0 <= t.span.start < t.span.end <= len(text) for t in restored.tricks)


@given(st.text(st.sampled_from("가나다 abc 012.,!?\n"), max_size=60).filter(lambda t: "...." not in t))
def test_plainly_typed_text_is_left_alone(text: str) -> None:
    import re

    if not re.search(r"([^\w\s])\1{3}|(?<![가-힣])[가-힣](?:[.,] ?[가-힣]){3}|[가-힣][!?]{1,2}[가-힣]", text):
        assert restore(text).text == text


def test_spans_lead_back() -> None:
    text = "필독 ㅋㅏ톡 ⓐⓑ12 문의"
    restored = restore(text)
    at = restored.text.index("카")
    assert text[slice(*_pair(restored.span(at, at + 1)))] == "ㅋㅏ"
    at = restored.text.index("ab12")
    assert text[slice(*_pair(restored.span(at, at + 4)))] == "ⓐⓑ12"
    assert restored.restored_span(restored.span(at, at + 4)) == (at, at + 4)


def test_the_tricks_are_named() -> None:
    assert {t.code for t in restore("ㅋㅏ톡 ⓑ 무\u200b료 카★지★노").tricks} == {
        "join_jamo",
        "fold_forms",
        "drop_invisible",
        "drop_separators",
    }


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="need 0 <= start < end <= 2"):
        restore("가나").span(0, 3)


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_linearly(unit: str) -> None:
    """Forty thousand units take at most 40 times a tenth of them; a quadratic fixer would take 100 times."""
    small, large = unit * 4_000, unit * 40_000

    def cost(text: str) -> float:
        started = time.process_time()
        restore(text)
        return time.process_time() - started

    assert cost(large) < 40 * max(cost(small), 0.005)


def test_fixers_are_named_once() -> None:
    assert len({f.__name__ for f in FIXERS}) == len(FIXERS)


def _pair(span: object) -> tuple[int, int]:
    return span.start, span.end  # type: ignore[attr-defined]
