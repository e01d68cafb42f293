"""Measures on arrays, beside the figures of independent implementations and of tables."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_curve

from spamfilter.errors import InputError
from spamfilter.learning.evaluate import (
    Cut,
    clopper_pearson,
    confusion,
    evaluate,
    expected_calibration_error,
    group_rows,
    recall_at_fpr,
    reliability,
    wilson,
)


def scores_and_labels(seed: int, n: int = 400, levels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping scores of spam and ham; with few levels, full of ties."""
    rng = np.random.default_rng(seed)
    is_spam = rng.random(n) < 0.4
    scores = rng.normal(is_spam * 1.5, 1.0)
    return (scores if levels is None else np.round(scores * levels) / levels), is_spam


class TestRecallWithinABudget:
    def test_by_hand(self) -> None:
        ham = [0.1] * 97 + [0.5, 0.7, 0.9]
        spam = [0.05, 0.6, 0.8, 0.95]
        point = recall_at_fpr(np.array(ham + spam), np.array([False] * 100 + [True] * 4), 0.01)
        assert (point.recall, point.fpr, point.threshold) == (0.5, 0.01, 0.8)
        assert (point.n_ham, point.n_spam) == (100, 4)

    def test_a_budget_below_one_message_allows_none(self) -> None:
        scores, is_spam = scores_and_labels(0)
        point = recall_at_fpr(scores, is_spam, 0.001)
        assert point.fpr == 0.0
        assert point.threshold > scores[~is_spam].max()

    @pytest.mark.parametrize("levels", [None, 2])
    @pytest.mark.parametrize("budget", [0.0, 0.01, 0.1, 0.29, 0.5])
    def test_it_is_the_best_point_of_the_roc_curve(self, budget: float, levels: int | None) -> None:
        for seed in range(5):
            scores, is_spam = scores_and_labels(seed, levels=levels)
            fpr, tpr, _ = roc_curve(is_spam, scores, drop_intermediate=False)
            assert recall_at_fpr(scores, is_spam, budget).recall == pytest.approx(tpr[fpr <= budget + 1e-9].max())

    @given(st.integers(0, 10_000), st.sampled_from([np.float32, np.float64]), st.floats(0, 0.99))
    def test_the_threshold_reproduces_the_figures(self, seed: int, kind: type, budget: float) -> None:
        scores, is_spam = scores_and_labels(seed, 50, levels=3)
        is_spam[:2] = True, False
        scores = scores.astype(kind)
        point = recall_at_fpr(scores, is_spam, budget)
        assert point.recall == (scores[is_spam] >= point.threshold).mean()
        assert point.fpr == (scores[~is_spam] >= point.threshold).mean() <= budget + 1e-9

    def test_all_scores_equal_flags_nothing(self) -> None:
        point = recall_at_fpr(np.full(10, 0.5, np.float32), np.arange(10) < 5, 0.1)
        assert (point.recall, point.fpr) == (0.0, 0.0)

    def test_what_cannot_be_measured_is_refused(self) -> None:
        both = np.array([True, False])
        with pytest.raises(InputError, match="both labels, got 2 spam and 0 ham"):
            recall_at_fpr(np.zeros(2), np.array([True, True]), 0.01)
        with pytest.raises(InputError, match="not a finite number"):
            recall_at_fpr(np.array([np.nan, 0.0]), both, 0.01)
        with pytest.raises(InputError, match="one length"):
            recall_at_fpr(np.zeros(3), both, 0.01)
        with pytest.raises(InputError, match="booleans"):
            recall_at_fpr(np.zeros(2), np.array([1, 0]), 0.01)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"\[0, 1\)"):
            recall_at_fpr(np.zeros(2), both, 1.0)


class TestIntervals:
    @pytest.mark.parametrize(("count", "total"), [(0, 10), (1, 10), (10, 10), (3, 4000), (3999, 4000), (950, 1000)])
    def test_both_agree_with_scipy(self, count: int, total: int) -> None:
        test = stats.binomtest(count, total)
        for ours, method in ((wilson(count, total), "wilson"), (clopper_pearson(count, total), "exact")):
            theirs = test.proportion_ci(0.95, method=method)
            assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)

    def test_nothing_of_nothing_is_refused(self) -> None:
        with pytest.raises(InputError):
            wilson(0, 0)
        with pytest.raises(InputError):
            clopper_pearson(3, 2)


class TestCalibration:
    def test_by_hand(self) -> None:
        probability = np.array([0.1, 0.1, 0.9, 0.9, 0.9, 0.9])
        is_spam = np.array([False, False, True, True, True, False])
        # Two bins: |0 - 0.1| of two messages, |0.75 - 0.9| of four.
        assert expected_calibration_error(probability, is_spam) == pytest.approx((2 * 0.1 + 4 * 0.15) / 6)

    def test_honest_probabilities_have_little_and_boastful_ones_much(self) -> None:
        rng = np.random.default_rng(0)
        probability = rng.random(50_000)
        is_spam = rng.random(50_000) < probability
        assert expected_calibration_error(probability, is_spam) < 0.01
        assert expected_calibration_error((probability > 0.5).astype(float), is_spam) > 0.2

    def test_the_ends_belong_to_bins(self) -> None:
        bins = reliability(np.array([0.0, 1.0], np.float32), np.array([False, True]))
        assert [(b.n, b.mean_probability, b.spam_share) for b in bins] == [(1, 0.0, 0.0), (1, 1.0, 1.0)]
        with pytest.raises(InputError, match=r"\[0, 1\]"):
            reliability(np.array([1.5]), np.array([True]))


class TestEvaluation:
    def test_tables_tell_sources_and_kinds_apart(self) -> None:
        probability = np.array([0.1, 0.95, 0.2, 0.9, 0.3, 0.99])
        is_spam = np.array([False, False, False, True, True, True])
        found = evaluate(
            probability,
            is_spam,
            sources=["chat", "bank", "chat", "report", "report", "chat"],
            kinds=["chat", "", "chat", "loan", "loan", ""],
            spam_at=0.9,
        )
        table = {(row.name, row.is_spam): (row.flagged[0].count, row.flagged[0].total) for row in found.by_source}
        assert table == {
            ("bank", False): (1, 1),
            ("chat", False): (0, 2),
            ("chat", True): (1, 1),
            ("report", True): (1, 2),
        }
        assert [row.name for row in found.by_kind] == ["", "chat", "", "loan"]
        assert [cut.name for cut in found.cuts] == ["policy", "0.1% FPR", "1.0% FPR"]
        assert json.loads(json.dumps(found.to_dict()))["points"][0]["recall"] == pytest.approx(1 / 3)

    def test_categories_are_counted_where_they_were_given(self) -> None:
        arguments = {"sources": ["a"] * 2, "kinds": ["loan", "chat"], "spam_at": 0.5}
        scores, is_spam = np.array([0.9, 0.1]), np.array([True, False])
        found = evaluate(scores, is_spam, **arguments, predicted=["job", "chat"])  # type: ignore[arg-type]
        assert json.loads(json.dumps(found.to_dict()))["confusion"]["counts"] == [[0, 1, 0], [0, 0, 1]]
        assert evaluate(scores, is_spam, **arguments).confusion is None  # type: ignore[arg-type]

    def test_ham_alone_has_false_positives_and_no_recall(self) -> None:
        found = evaluate(np.array([0.1, 0.9]), np.array([False, False]), sources=["a"] * 2, kinds=[""] * 2, spam_at=0.5)
        assert found.points == ()
        (row,) = found.by_source
        assert row.flagged[0].value == 0.5

    def test_lengths_must_agree(self) -> None:
        with pytest.raises(InputError, match="need 1 sources"):
            evaluate(np.array([0.1]), np.array([False]), sources=[], kinds=[""], spam_at=0.5)
        with pytest.raises(InputError, match="no message"):
            evaluate(np.array([]), np.array([], bool), sources=[], kinds=[], spam_at=0.5)

    def test_a_cut_flags_what_stands_on_it(self) -> None:
        (row,) = group_rows(["a"], np.array([0.5]), np.array([True]), [Cut("policy", 0.5)])
        assert row.flagged[0].count == 1


class TestConfusion:
    def test_by_hand(self) -> None:
        known = ["chat", "loan", "loan", "loan", "", "notice", "chat", "loan"]
        given = ["chat", "loan", "investment", "notice", "job", "loan", "notice", "loan"]
        found = confusion(known, given)
        assert found is not None
        assert found.known == ("loan", "chat", "notice")
        assert found.predicted == ("loan", "investment", "chat", "notice")
        assert found.counts == ((2, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 0))
        assert [share.value for share in found.recall] == [0.5, 0.5, 0.0]
        assert [share.value for share in found.right_side] == [0.75, 1.0, 0.0]
        assert found.n_unknown == 1

    def test_every_message_is_counted_once(self) -> None:
        rng = np.random.default_rng(0)
        names = ["", "loan", "chat", "job"]
        known, given = rng.choice(names, 300).tolist(), rng.choice(names[1:], 300).tolist()
        found = confusion(known, given)
        assert found is not None
        assert sum(map(sum, found.counts)) + found.n_unknown == 300
        assert [share.total for share in found.recall] == [known.count(kind) for kind in found.known]

    def test_without_a_known_kind_there_is_no_table(self) -> None:
        assert confusion(["", ""], ["loan", "chat"]) is None

    def test_what_does_not_fit_is_refused(self) -> None:
        with pytest.raises(InputError, match="got 1 and 2"):
            confusion(["loan", "chat"], ["loan"])
        with pytest.raises(InputError, match="1 of the kinds"):
            confusion(["english-sms"], ["chat"])
