"""A budget is proved or refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamfilter.errors import BudgetError
from spamfilter.scoring.policy import Evidence, Policy, rate_upper_bound


def evidence(n_ham: int, seed: int = 0) -> Evidence:
    rng = np.random.default_rng(seed)
    ham = np.sort(rng.beta(0.5, 20, n_ham).astype(np.float32))[::-1]
    return Evidence(ham, np.sort(rng.beta(8, 1, 1000).astype(np.float32))[::-1])


@pytest.mark.parametrize("fpr", [0.001, 0.01, 0.1])
def test_the_budget_holds_on_the_evidence_with_confidence(fpr: float) -> None:
    proof = evidence(20_000)
    policy = Policy.for_budget(proof, fpr)
    blocked = int((proof.ham >= policy.spam_at).sum())
    assert policy.false_positives == blocked
    assert rate_upper_bound(blocked, 20_000) <= fpr
    assert rate_upper_bound(blocked + 1, 20_000) > fpr
    assert policy.review_at <= policy.spam_at


def test_a_smaller_budget_blocks_less() -> None:
    proof = evidence(50_000)
    policies = [Policy.for_budget(proof, fpr) for fpr in (0.0005, 0.001, 0.01)]
    assert [p.spam_at for p in policies] == sorted((p.spam_at for p in policies), reverse=True)
    assert [p.recall for p in policies] == sorted(p.recall for p in policies)


def test_a_budget_beyond_the_evidence_names_the_sample_it_needs() -> None:
    with pytest.raises(BudgetError, match="at least 2995 without one false positive"):
        Policy.for_budget(evidence(2994), 0.001)
    assert Policy.for_budget(evidence(2995), 0.001).false_positives == 0


@pytest.mark.parametrize("fpr", [0.0, -1.0, 0.6, float("nan")])
def test_a_budget_that_is_none_is_refused(fpr: float) -> None:
    with pytest.raises(BudgetError):
        Policy.for_budget(evidence(100), fpr)


def test_equal_scores_pass_together() -> None:
    ham = np.full(10_000, 0.25, np.float32)
    policy = Policy.for_budget(Evidence(ham, np.array([0.9], np.float32)), 0.01)
    assert policy.spam_at > 0.25
    assert policy.false_positives == 0


@given(st.integers(0, 200), st.integers(1, 5000))
def test_the_bound_is_a_rate_above_the_observed_one(events: int, n: int) -> None:
    if events <= n:
        assert events / n <= rate_upper_bound(events, n) <= 1.0


def test_the_bound_agrees_with_the_beta_quantile() -> None:
    from scipy.stats import beta

    for events, n in [(0, 100), (3, 1000), (47, 60_000), (600, 60_000)]:
        assert rate_upper_bound(events, n) == pytest.approx(beta.ppf(0.95, events + 1, n - events), rel=1e-6)


def test_thresholds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="review_at <= spam_at"):
        Policy(review_at=0.9, spam_at=0.1, fpr=0.001, false_positives=0, n_ham=1, recall=0.0)
