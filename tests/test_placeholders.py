"""Placeholders must teach nothing."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from spamfilter.learning.placeholders import rewrite, rewrite_all

GIVEN = [
    "주소 확인 http://pk7.example/a8Kd",
    "ⓑⓑ52.example 코드 vip",
    "daram.example.com 에서 예약",
    "문의 010-0000-1234 수신거부 080-000-1234",
    "카톡 kk0000a 텔레 @abc0000",
    "공일공 공공공공 팔삼일사",
    "계좌 000-0000-0000-00",
]


def test_no_reserved_shape_is_left() -> None:
    for seed in range(50):
        for text in GIVEN:
            out = rewrite(text, random.Random(seed))
            assert "example" not in out
            assert not re.search(r"(?<!\d)0000?(?!\d)-", out.replace(text, "")) or "000" in out


def test_the_writing_around_them_is_kept() -> None:
    out = rewrite(GIVEN[3], random.Random(1))
    assert re.fullmatch(r"문의 010-\d{4}-1234 수신거부 080-\d{3}-1234", out)
    assert rewrite("내일 3시에 봐", random.Random(1)) == "내일 3시에 봐"


def test_the_same_seed_gives_the_same_text_whatever_stands_beside_it() -> None:
    assert rewrite_all(GIVEN, 3)[2] == rewrite_all([GIVEN[2]], 3)[0]
    assert rewrite_all(GIVEN, 3) != rewrite_all(GIVEN, 4)


@given(st.text(max_size=80), st.integers(0, 5))
def test_any_text_is_taken(text: str, seed: int) -> None:
    assert isinstance(rewrite(text, random.Random(seed)), str)
