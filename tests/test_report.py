"""The report of an evaluation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from spamfilter.errors import InputError
from spamfilter.learning.evaluate import Evaluation, evaluate
from spamfilter.learning.report import write_report


def measured(n_spam: int) -> tuple[Evaluation, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    is_spam = np.arange(200) < n_spam
    probability = np.clip(rng.normal(np.where(is_spam, 0.8, 0.2), 0.2), 0, 1).astype(np.float32)
    sources = ["<b>own</b>" if i % 2 else "채팅" for i in range(200)]
    return evaluate(probability, is_spam, sources=sources, kinds=[""] * 200, spam_at=0.9), probability, is_spam


@pytest.mark.parametrize("n_spam", [80, 0, 200])
def test_one_page_that_needs_no_other_file(n_spam: int, tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(n_spam)
    page = write_report(tmp_path / "new" / "folder", evaluation, probability, is_spam, model={"version": "v<1>"})
    text = page.read_text("utf-8")
    assert text.count("<svg") == 3
    assert not re.search(r"(src|href)=\"(?!#)", text)
    assert "&lt;b&gt;own&lt;/b&gt;" in text
    assert "<b>own" not in text
    assert "v&lt;1&gt;" in text
    assert ("false-positive budget" in text) == (n_spam == 80)
    figures = json.loads((page.parent / "evaluation.json").read_text("utf-8"))
    assert (figures["model"], figures["n_spam"]) == ("v<1>", n_spam)


def test_the_same_figures_make_the_same_page(tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(80)
    pages = [write_report(tmp_path / d, evaluation, probability, is_spam, model={"version": "1"}) for d in "ab"]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    evaluation, probability, is_spam = measured(80)
    with pytest.raises(InputError, match="taken"):
        write_report(tmp_path / "taken", evaluation, probability, is_spam, model={"version": "1"})
