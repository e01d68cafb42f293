"""Placeholders become realistic shapes, whatever else stands there does not change."""

import json
import random
import re
from pathlib import Path

import pytest

from spamfilter.learning.placeholders import rewrite, rewrite_all

CASES = json.loads((Path(__file__).parent / "cases/placeholders.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_shapes(case: dict[str, str]) -> None:
    for seed in range(20):
        assert re.fullmatch(case["expect"], rewrite(case["given"], random.Random(seed)))


def test_a_message_is_rewritten_alike_in_any_company() -> None:
    texts = ["문의 010-0000-1234", "주문 a.example", "안녕"]
    assert rewrite_all(texts, seed=5) == [rewrite_all([text], seed=5)[0] for text in texts]
    assert rewrite_all(texts, seed=5) != rewrite_all(texts, seed=6)


@pytest.mark.parametrize(
    "text", ["\0" * 9, "\ud800 010-0000-1234", ".example" * 2000, "0" * 100_000, "카톡 " + "a" * 50_000]
)
def test_hostile_text_comes_back(text: str) -> None:
    assert isinstance(rewrite(text, random.Random(0)), str)
