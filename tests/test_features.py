"""Shape and morphemes: what the second stage sees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamfilter.scoring.features import SHAPE_NAMES, analyse, morpheme_grams, shape, stage_two_rows
from spamfilter.text.tokenise import Morpheme

COLUMN = {name: i for i, name in enumerate(SHAPE_NAMES)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("주소 확인 http://pk7.example.com/a", "entity.url"),
        ("문의 010-0000-1234", "entity.phone"),
        ("최대 3000만원", "entity.amount"),
        ("무\u200b료", "trick.drop_invisible"),
        ("카★지★노", "trick.drop_separators"),
        ("ㅋㅏ톡 ⓑ", "trick.several"),
        ("(광고) 봄 세일", "advert.label"),
        ("국민은행 달빛지점", "signed.branch"),
        ("밥 먹자", "entity.none"),
        ("ㅋㅋㅋ", "script.jamo"),
        ("👍", "script.emoji"),
        ("", "length.0"),
        ("가" * 400, "length.301"),
    ],
)
def test_a_shape_feature_is_set(text: str, name: str) -> None:
    assert shape(analyse(text))[COLUMN[name]] > 0


@given(st.text(st.characters(exclude_categories=()), max_size=80))
@settings(max_examples=100, deadline=None)
def test_a_shape_lies_between_zero_and_one(text: str) -> None:
    row = shape(analyse(text))
    assert row.shape == (len(SHAPE_NAMES),)
    assert ((row >= 0) & (row <= 1)).all()


def test_numbers_and_addresses_lose_their_letters() -> None:
    def keys(*forms: tuple[str, str]) -> list[int]:
        return [g.index for g in morpheme_grams([Morpheme(f, t, 0, len(f)) for f, t in forms], 16)]

    assert keys(("1234", "SN")) == keys(("99", "SN"))
    assert keys(("http://a.example", "W_URL")) == keys(("http://b.example", "W_URL"))
    assert keys(("대출", "NNG")) != keys(("점심", "NNG"))
    assert keys(("!", "SF")) == []


def test_pairs_stand_beside_single_morphemes() -> None:
    grams = morpheme_grams([Morpheme("무료", "NNG", 0, 2), Morpheme("상담", "NNG", 3, 2)], 16)
    assert [(g.start, g.end) for g in grams] == [(0, 2), (3, 5), (0, 5)]


def test_rows_are_ascending_distinct_and_scaled() -> None:
    analysis = analyse("무료 상담")
    grams = morpheme_grams([Morpheme("무료", "NNG", 0, 2), Morpheme("무료", "NNG", 3, 2)], 16)
    rows = stage_two_rows([shape(analysis)], [grams], 16)
    assert (np.diff(rows.indices) > 0).all()
    morphemes = rows.values[rows.indices >= len(SHAPE_NAMES)]
    assert np.isclose((morphemes**2).sum(), 1.0)
    assert stage_two_rows([], [], 16).indptr.tolist() == [0]
