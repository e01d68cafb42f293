"""Labelled messages -> artifact, on few messages."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from spamfilter import ArtifactError, BudgetError, InputError, SpamFilter
from spamfilter.learning.clusters import near_duplicate_clusters
from spamfilter.learning.dataset import LabelledMessage
from spamfilter.learning.fit import fit_linear, guess_kinds, ngram_matrix
from spamfilter.learning.train import Recipe, summarise, train
from spamfilter.model import artifact as artifacts
from spamfilter.types import Category

RECIPE = Recipe(created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), jobs=1)


def test_a_trained_model_scores(small_model: Path, few_messages: tuple[LabelledMessage, ...]) -> None:
    model = SpamFilter.load(small_model)
    scores = model.score([m.text for m in few_messages])
    labels = np.array([m.is_spam for m in few_messages])
    assert scores[labels].mean() > scores[~labels].mean() + 0.4


def test_the_same_seed_gives_the_same_weights(few_messages: tuple[LabelledMessage, ...], tmp_path: Path) -> None:
    first, again = (train(few_messages[::4], tmp_path / name, RECIPE) for name in ("first", "again"))
    assert again.version == first.version


def test_scoring_and_training_give_the_same_log_odds(
    small_model: Path, few_messages: tuple[LabelledMessage, ...]
) -> None:
    cascade = artifacts.load(small_model).cascade()
    texts = [m.text for m in few_messages[:100]]
    by_sklearn_rows = (
        ngram_matrix(texts, cascade.ngram_bits) @ cascade.ngram_table.weights(np.arange(1 << cascade.ngram_bits))
        + cascade.ngram_bias
    )
    assert np.abs(by_sklearn_rows - cascade.ngram_logits(texts)).max() < 1e-4


def test_too_few_messages_or_one_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 20 messages"):
        train([LabelledMessage("가", True)] * 10, tmp_path / "m", RECIPE)
    with pytest.raises(InputError, match="got 30 spam and 0 ham"):
        train([LabelledMessage(f"가 {i}", True) for i in range(30)], tmp_path / "m", RECIPE)
    assert not (tmp_path / "m").exists()


def test_a_label_that_is_one_campaign_is_refused(tmp_path: Path) -> None:
    messages = [LabelledMessage(f"무료 카지노 쿠폰 지급 코드 {i}", True) for i in range(20)]
    messages += [LabelledMessage(f"점심 {c} 먹자", False) for c in "국밥면빵떡죽탕"]
    with pytest.raises(InputError, match="the spam holds 1 messages that differ"):
        train(messages, tmp_path / "m", RECIPE)


def test_a_folder_that_is_no_model_is_refused_before_the_work(
    few_messages: tuple[LabelledMessage, ...], tmp_path: Path
) -> None:
    (tmp_path / "diary.txt").write_text("x", encoding="utf-8")
    steps: list[str] = []
    with pytest.raises(ArtifactError, match="no model folder"):
        train(few_messages, tmp_path, RECIPE, progress=lambda step, _done, _total: steps.append(step))
    assert steps == []


def test_a_budget_that_so_few_cannot_prove_is_refused(
    few_messages: tuple[LabelledMessage, ...], tmp_path: Path
) -> None:
    with pytest.raises(BudgetError, match="at least 2995"):
        train(few_messages, tmp_path / "m", Recipe(created=RECIPE.created, jobs=1, fpr=0.001))
    assert not (tmp_path / "m").exists()


def test_messages_without_kinds_make_a_model_of_two(tmp_path: Path) -> None:
    spam = [
        "무료 카지노",
        "첫충 보너스",
        "당일 대출",
        "슬롯 잭팟",
        "수익 인증",
        "환전 가능",
        "쿠폰 지급",
        "바카라 본사",
        "무직자 한도",
        "급등주 공개",
    ]
    ham = [
        "점심 먹자",
        "내일 보자",
        "회의 몇 시",
        "비 온대",
        "집에 왔어",
        "버스 탔어",
        "숙제 다 했니",
        "약국 문 열었나",
        "잘 자",
        "김치찌개 어때",
    ]
    messages = [LabelledMessage(t, True) for t in spam] + [LabelledMessage(t, False) for t in ham]
    artifact = train(messages, tmp_path / "m", RECIPE)
    assert artifact.manifest["kinds"] == ["other", "chat"]
    assert artifact.manifest["policy"]["fpr"] > 0.001
    model = SpamFilter.load(tmp_path / "m")
    assert model.score(["무료 카지노 쿠폰"])[0] > model.score(["점심 먹었니"])[0]


def test_kinds_are_guessed_within_the_label() -> None:
    texts = [
        "대출 상담 한도",
        "대출 이자 한도",
        "카지노 바카라",
        "카지노 슬롯",
        "대출 한도 문의",
        "카지노 바카라 슬롯",
        "밥 먹자",
    ]
    of_kind = (Category.GAMBLING, Category.LOAN, Category.CHAT)
    kinds = np.array([1, 1, 0, 0, -1, -1, -1])
    spam = np.array([True] * 6 + [False])
    assert guess_kinds(ngram_matrix(texts), kinds, spam, of_kind).tolist() == [1, 1, 0, 0, 1, 0, 2]


def test_near_duplicates_are_one_cluster() -> None:
    texts = [
        "[무료체험] 신규가입 3만 지급 bb12.example 추천인 7742 지금 바로 접속하세요",
        "[무료체험] 신규가입 3만 지급 bb98.example 추천인 1193 지금 바로 접속하세요",
        "내일 오전에 병원 들렀다가 출근할게요",
        "[무 료 체 험] 신규가입 3만 지급 bb55.example 추천인 0000 지금 바로 접속하세요!!",
    ]
    clusters = near_duplicate_clusters(texts)
    assert clusters.tolist() == [0, 0, 2, 0]


def test_the_manifest_tells_of_its_data_and_keeps_no_text(
    small_model: Path, few_messages: tuple[LabelledMessage, ...]
) -> None:
    manifest = json.loads((small_model / "manifest.json").read_text("utf-8"))
    assert manifest["data"] == summarise(few_messages)
    written = (small_model / "manifest.json").read_text("utf-8")
    assert not [m.text for m in few_messages if len(m.text) > 12 and m.text in written]
    assert {"kiwipiepy", "kiwipiepy_model"} <= manifest["packages"].keys()


def test_scaling_by_document_frequency_goes_into_the_weights() -> None:
    """Rows as they are, times the weights, are the log-odds: scoring needs to know of no scale."""
    texts = ["무료 카지노 쿠폰", "오늘 점심 먹자", "카지노 첫충", "점심 뭐 먹지"] * 3
    rows, kinds = ngram_matrix(texts, 14), np.array([1, 0, 1, 0] * 3)
    model = fit_linear(rows, kinds, 2, np.ones(12), 6.0, idf=True)
    logits = model.logits(rows)
    assert (logits.argmax(axis=1) == kinds).all()
    counts = np.bincount(rows.indices, minlength=rows.shape[1])
    assert not model.weights[counts == 0].any()
    everywhere = counts == 12  # the ends of a message are in every one and say nothing
    assert everywhere.any()
    assert np.abs(model.weights[everywhere]).max() < 0.01 * np.abs(model.weights).max()
