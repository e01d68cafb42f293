"""The external check: its protocols on small data, and the recipe once for real."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from sklearn.metrics import roc_auc_score

from spamfilter.errors import InputError
from spamfilter.learning.dataset import LabelledMessage
from spamfilter.types import Category
from training.external import (
    PAGE,
    Row,
    deal,
    describe,
    fit_and_score,
    main,
    measure,
    reached,
    read_collection,
    table,
    with_table,
)

HAM = ["see you at the gate at noon", "did you feed the cat", "lol ok", "call me after work", "running late sorry"]
SPAM = [
    "WIN a prize, text GO to 80000",
    "free ringtone for you!! reply YES",
    "URGENT your loan waits: www.bank.example",
]


def collection(n: int = 12) -> list[LabelledMessage]:
    out = []
    for i in range(n):
        out += [LabelledMessage(f"{text} {i}", False, Category.CHAT) for text in HAM]
        out += [LabelledMessage(f"{text} {i}", True, Category.OTHER) for text in SPAM]
    return out


def by_prize(messages: Sequence[LabelledMessage], texts: Sequence[str]) -> np.ndarray:
    """Learns nothing: one spam in three is found, one good message in five is blocked."""
    return np.array([0.5 if "prize" in text or "cat" in text else 0.4999 for text in texts], np.float32)


def test_figures_by_hand() -> None:
    row = Row("", 0, found=3, blocked=1, n_spam=4, n_ham=6)
    assert (row.accuracy.count, row.accuracy.total, row.f1) == (8, 10, 0.75)
    assert Row("", 0, found=0, blocked=0, n_spam=0, n_ham=6).f1 == 0.0
    assert not reached(row)
    assert reached(Row("", 0, found=97, blocked=1, n_spam=100, n_ham=500))
    assert not reached(Row("", 0, found=85, blocked=0, n_spam=100, n_ham=5000))


def test_folds_hold_both_labels_evenly_and_split_no_group() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 120, 600)
    is_spam = groups % 6 == 0
    fold = deal(groups, is_spam, 10, seed=1)
    assert all(len(set(fold[groups == g].tolist())) == 1 for g in np.unique(groups))
    for label in (True, False):
        dealt = [len(np.unique(groups[(fold == i) & (is_spam == label)])) for i in range(10)]
        assert max(dealt) - min(dealt) <= 1
    assert (fold == deal(groups, is_spam, 10, seed=1)).all()
    assert (fold != deal(groups, is_spam, 10, seed=2)).any()
    with pytest.raises(InputError, match="got 3"):
        deal(np.arange(20), np.arange(20) < 3, 4, seed=0)


def test_every_message_is_tested_once_by_a_model_that_did_not_see_it() -> None:
    messages = collection()
    tested: list[str] = []

    def fit(learnt: Sequence[LabelledMessage], texts: Sequence[str]) -> np.ndarray:
        assert not {m.text for m in learnt} & set(texts)
        assert {m.is_spam for m in learnt} == {True, False}
        tested.extend(texts)
        return by_prize(learnt, texts)

    folds, first, clusters = measure(messages, folds=3, seed=0, fit=fit)
    assert sorted(tested[: len(messages)]) == sorted(m.text for m in messages)
    assert (folds.n_train, folds.found, folds.blocked, folds.n_spam, folds.n_ham) == (64, 12, 12, 36, 60)
    assert first.n_train == 28
    assert tested[len(messages) : len(messages) + 68] == [m.text for m in messages[28:]]
    assert (clusters.n_spam, clusters.n_ham) == (36, 60)


def test_the_table_tells_the_published_figure_and_the_goal() -> None:
    text = table([Row("3 folds", 64, found=97, blocked=1, n_spam=100, n_ham=500)])
    assert "| 3 folds | 64 | 600 | 99.33% [98.30%, 99.74%] | 0.9798 | 97.00% | 0.20% |" in text
    assert "98.88%" in text
    assert "at least 98.5%" in text
    page = with_table("a\n<!-- external -->\nold\n<!-- /external -->\nb", text)
    assert page == f"a\n<!-- external -->\n{text}\n<!-- /external -->\nb"
    assert with_table(page, text) == page
    with pytest.raises(InputError, match="no markers"):
        with_table("a page", text)
    assert text.splitlines()[0] in PAGE.read_text("utf-8"), "docs/quality.md has no table of these columns"


def test_the_collection_is_read_with_two_kinds(tmp_path: Path) -> None:
    rows = [
        {"text": "ok", "label": "ham", "kind": "english-sms", "cluster": 3, "weight": 2},
        {"text": "WIN", "label": "spam", "kind": "other"},
    ]
    (tmp_path / "uci_sms.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert read_collection(tmp_path) == (
        LabelledMessage("ok", False, Category.CHAT, "uci_sms"),
        LabelledMessage("WIN", True, Category.OTHER, "uci_sms"),
    )


def test_the_copy_of_the_collection_is_told() -> None:
    messages = [*collection(2), LabelledMessage("lol ok 0", False, Category.CHAT)]
    assert describe(messages) == "Measured on 17 messages, 6 of them spam; exact repeats of another: 1."


def test_data_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        main(tmp_path)
    assert left.value.exit_code == 2
    assert "uci_sms.jsonl" in capsys.readouterr().err


def test_the_recipe_learns(few_messages: tuple[LabelledMessage, ...]) -> None:
    two_kinds = [replace(m, kind=Category.OTHER if m.is_spam else Category.CHAT) for m in few_messages]
    learnt, unseen = two_kinds[::2], two_kinds[1::2]
    scores = fit_and_score(learnt, [m.text for m in unseen], jobs=1)
    is_spam = np.array([m.is_spam for m in unseen])
    assert roc_auc_score(is_spam, scores) > 0.75
