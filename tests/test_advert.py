"""The label check: what it says of a label, and its silence where there is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamfilter.errors import InputError
from spamfilter.text.advert import MESSAGES, check_advert
from spamfilter.text.entities import find_entities
from spamfilter.text.normalise import restore
from spamfilter.types import AdvertFinding

CASES = json.loads((Path(__file__).parent / "cases" / "advert.json").read_text(encoding="utf-8"))
DUE = "(광고)한빛서점 새 책 안내 02-0000-1234 무료수신거부 080-000-1177"
TRICKY = st.lists(
    st.sampled_from(
        [
            "(",
            "광고",
            ")",
            "[",
            "]",
            "광",
            "고",
            "\n",
            " ",
            "수신거부",
            "080-000-1177",
            "무료",
            "\u200b",
            "\ud800",
            "AD",
        ]
    ),
    max_size=30,
).map("".join)


def check(text: str, hour: int | None = None) -> tuple[AdvertFinding, ...]:
    restored = restore(text)
    return check_advert(restored, find_entities(restored), hour=hour)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["label"])
def test_cases(case: dict[str, Any]) -> None:
    assert [f.code for f in check(case["given"])] == case["expect"]


def test_there_is_a_negative_for_every_two_positives() -> None:
    negatives = sum(c["origin"] == "negative" for c in CASES)
    assert 2 * negatives >= len(CASES) - negatives


@pytest.mark.parametrize(
    ("hour", "night"), [(0, True), (7, True), (8, False), (12, False), (20, False), (21, True), (23, True)]
)
def test_the_night_lasts_from_21_to_8(hour: int, night: bool) -> None:
    assert ("night" in [f.code for f in check(DUE, hour)]) is night


def test_the_hour_says_nothing_of_a_message_without_a_label() -> None:
    assert check("내일 봐요", 23) == ()


@pytest.mark.parametrize("hour", [-1, 24, 100, 7.5, "21", True])
def test_an_hour_that_is_none_is_refused(hour: object) -> None:
    with pytest.raises(InputError, match="hour must be a whole number from 0 to 23, got"):
        check("내일 봐요", hour)  # type: ignore[arg-type]


def test_only_the_label_itself_is_no_fault() -> None:
    findings = check("(광/고) 안녕하세요", 22)
    assert [f.is_fault for f in findings] == [False] + [True] * (len(findings) - 1)
    assert {f.code for f in findings} == {
        "label",
        "label-form",
        "sender-missing",
        "contact-missing",
        "opt-out-missing",
        "night",
    }


def test_spans_show_the_label_and_the_opt_out_where_they_were_typed() -> None:
    text = "[Web발신]\n(광\u200b고)한빛서점 수신거부 010-0000-0002"
    spans = {f.code: [text[s.start : s.end] for s in f.spans] for f in check(text)}
    assert spans["label"] == spans["label-form"] == ["(광\u200b고)"]
    assert spans["opt-out-not-free"] == ["수신거부"]
    assert spans["contact-missing"] == []


def test_every_message_is_a_korean_sentence_that_promises_nothing() -> None:
    for message in MESSAGES.values():
        assert message.endswith("다.")
        assert not any(word in message for word in ("준수", "적법", "합법", "위반", "불법"))
    assert {f.message for f in check(DUE, 23)} <= set(MESSAGES.values())


@given(TRICKY | st.text(st.characters(exclude_categories=()), max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken_and_findings_begin_with_the_label(text: str) -> None:
    findings = check(text)
    assert not findings or (findings[0].code == "label" and not findings[0].is_fault)
    assert all(0 <= s.start < s.end <= len(text) for f in findings for s in f.spans)


def test_a_megabyte_is_taken() -> None:
    assert check("(광고)" + "수신거부 " * 100_000 + " \n" * 100_000)[0].code == "label"
    assert check(" " * 500_000 + "[광" * 150_000) == ()
