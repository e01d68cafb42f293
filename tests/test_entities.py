"""Entities: canonical form, span in the original, what is none."""

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamfilter.text.entities import MAX_CHARS, find_entities, is_shortener
from spamfilter.text.normalise import restore
from spamfilter.types import Entity

CASES = json.loads((Path(__file__).parent / "cases" / "entities.json").read_text(encoding="utf-8"))
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=120)
# Random strings of what the patterns wait for, so that they are reached.
PIECES = (
    "http://|www.|bb52|.|com|점|닷컴|xn--|a|c o m| |@|카톡|텔|국민|010|-|080|1|23|,|만|억|천|원|%"
    "|공일공|일|(|)|[.]|한국"
)
TRICKY = st.lists(st.sampled_from([*PIECES.split("|"), "\u200b", "\ud800", "\0", "\n"]), max_size=40).map("".join)

# What a hostile sender would repeat: the beginning of everything that the patterns wait for.
UNITS = (
    "a|1|가|-| |a.|a.me.|a.com |가.|xn--a.|1 |1-|1,|0 1 0 |a . c|010-0000-1234 |카톡 ab12 |1천만|1억 |천만억"
    "|공일|일이삼사|http://|http://a@|[.]|점컴|b점com "
    "|국민 110-000-456789 |9% |(02|+1 |@a|//a|h h |www."
)


def found(text: str) -> tuple[Entity, ...]:
    return find_entities(restore(text))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["label"])
def test_cases(case: dict[str, Any]) -> None:
    assert [f"{e.kind} {e.value}" for e in found(case["given"])] == case["expect"]


def test_there_is_a_negative_for_every_two_positives() -> None:
    negatives = sum(c["origin"] == "negative" for c in CASES)
    assert 2 * negatives >= len(CASES) - negatives
    assert all(not c["expect"] for c in CASES if c["origin"] == "negative")


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("지금 ⓑⓑ52.ⓒom/a 접속", "ⓑⓑ52.ⓒom/a"),
        ("지금 b b 5 2 . c o m 접속", "b b 5 2 . c o m"),
        ("지금 h t t p : / / bb52[.]com 접속", "h t t p : / / bb52[.]com"),
        ("문의 ⓪①⓪-0000-1234 까지", "⓪①⓪-0000-1234"),
        ("문의 공일공 0000 1234 까지", "공일공 0000 1234"),
        ("ㅋㅏ톡 ⓐbcd12 로", "ⓐbcd12"),
        ("연 4.2％ 이자", "4.2％"),
        ("최대 5천만 원까지", "5천만 원"),
        ("농협 301-0000-0000-11 으로", "301-0000-0000-11"),
    ],
)
def test_the_span_covers_what_the_writer_typed(text: str, spelled: str) -> None:
    (entity,) = found(text)
    assert text[entity.span.start : entity.span.end] == spelled


@pytest.mark.parametrize(
    "spellings",
    [
        ["bb52.com", "BB52.com", "ⓑⓑ52.com", "http://www.bb52.com/", "bb52 닷 컴", "bb52[dot]com", "//bb52.com"],
        ["010-0000-1234", "+82-10-0000-1234", "01000001234", "공일공 공공공공 일이삼사", "０１０－００００－１２３４"],
        ["텔레 @abcd12", "텔레그램 ID: ABCD12", "t.me/abcd12", "톌레@abcd12"],
        ["카카오뱅크 3333-00-1234567", "카뱅 3333001234567", "계좌 3333-00-1234567 (카카오뱅크)"],
        ["5천만원", "50,000,000원", "5000만 원", "0.5억", "오천만원"],
        ["4.2%", "4.20 %", "4,2%", "4.2퍼센트", "04.2％"],
    ],
    ids=lambda s: s[0],
)
def test_equal_things_have_equal_values(spellings: list[str]) -> None:
    assert len({tuple((e.kind, e.value) for e in found(text)) for text in spellings}) == 1
    assert len(found(spellings[0])) == 1


@given(ANY_TEXT | TRICKY)
@settings(max_examples=400, deadline=None)
def test_any_text_gives_ordered_spans_of_the_original(text: str) -> None:
    entities = found(text)
    assert all(0 <= e.span.start < e.span.end <= len(text) for e in entities)
    assert list(entities) == sorted(entities, key=lambda e: e.span)
    # A value goes into JSON: it must be text that can be encoded.
    assert all(e.value.encode() for e in entities)
    assert found(text) == entities


@given(TRICKY)
@settings(max_examples=200, deadline=None)
def test_no_two_entities_overlap_where_nothing_was_restored(text: str) -> None:
    restored = restore(text)
    if restored.text == text:
        spans = [e.span for e in find_entities(restored)]
        assert all(left.end <= right.start for left, right in pairwise(spans))


@pytest.mark.parametrize("unit", [*UNITS.split("|"), "\0", "\ud800"], ids=ascii)
def test_a_megabyte_takes_well_under_two_seconds(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    restored = restore("")
    flat = type(restored)(text, range(len(text)), range(1, len(text) + 1), ())
    started = time.perf_counter()
    entities = find_entities(flat)
    assert time.perf_counter() - started < 2.0
    assert all(e.span.end <= MAX_CHARS for e in entities)


def test_what_stands_beyond_the_limit_is_not_searched() -> None:
    assert not found("가" * MAX_CHARS + " bb52.com")
    assert [e.value for e in found("가" * (MAX_CHARS - 20) + " bb52.com")] == ["https://bb52.com"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://bit.ly/3abc", True),
        ("https://han.gl/x?y", True),
        ("https://me2.do:8080/x", True),
        ("https://bb52.com/bit.ly", False),
        ("https://bit.ly.bb52.com/x", False),
        ("kakao:bit.ly", False),
        ("", False),
    ],
)
def test_shorteners(value: str, expected: bool) -> None:
    assert is_shortener(value) is expected


def test_a_shortener_is_told_however_it_is_spelled() -> None:
    (entity,) = found("ⓑit.ly/3abc")
    assert is_shortener(entity.value)
