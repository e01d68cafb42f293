"""Labelled messages -> artifact: the whole recipe, in the order in which things must happen.

Everything that is reported, calibrated or cut into thresholds comes from held-out scores: folds are made of whole
near-duplicate clusters, so that no campaign stands on both sides.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any, Final

import joblib
import numpy as np
import numpy.typing as npt

from spamfilter.learning import fit
from spamfilter.learning.dataset import LabelledMessage
from spamfilter.learning.evaluate import expected_calibration_error, recall_at_fpr
from spamfilter.learning.table import MAX_PER_CLUSTER, Progress, Table, tabulate
from spamfilter.model import artifact as artifacts
from spamfilter.model.artifact import Artifact
from spamfilter.scoring.cascade import FEATURES, Calibration
from spamfilter.scoring.features import Analysis, MorphemeGram, analyse, morpheme_grams
from spamfilter.scoring.hashing import FloatArray
from spamfilter.scoring.policy import Evidence, Policy, rate_upper_bound, require_provable
from spamfilter.text.tokenise import Tokeniser
from spamfilter.types import Category, groups_of

DEFAULT_FPR: Final = 0.001

GOLDEN: Final = (
    "오늘 저녁에 시간 되면 밥 먹자",
    "[무료체험] 카★지★노 첫충 30% ⓑⓑ77.example 코드 vip7",
    "엄마 나 폰 고장나서 그런데 이 번호로 답장 줘",
    "고객님 대ㆍ출 한도 5천만원 승인, 상담 010-0000-0000",
    "ㅋㅋㅋㅋ 그건 좀 아니지",
    "",
)
_SURE_HAM_ERRORS, _SURE_SPAM_ERRORS = 0.0003, 0.0001
"""Share of all messages that a sure first stage may call ham, or spam, where the second would not; wrongly calling
something spam costs more.
"""

_MOST_HAM_SENT, _MOST_SPAM_SENT = 0.004, 0.1
"""Share of good messages, and of the spam above them, that may be sent to the second stage. Kiwi costs some two hundred
times the n-grams: at these shares it still takes most of the time. What they cost in recall stands in the manifest,
beside a second stage that sees all.
"""

_TOKENISE_BATCH: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a model depends on beside its messages.

    Attributes:
        created: written into the manifest; a clock is an argument.
        seed: of the folds and of the placeholder rewriting; the same seed and messages give the same weights.
        fpr: the false-positive budget of the default policy, a share of good messages; where None, 0.001 or, if the
            held-out messages cannot prove that, the smallest budget that they can.
        jobs: processes for fitting and threads for Kiwi; all cores where None.
    """

    created: datetime
    seed: int = 0
    fpr: float | None = None
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """Held-out scores of both stages and what was chosen from them."""

    ngrams: Calibration
    morphemes: Calibration
    ham_below: float
    spam_above: float
    evidence: Evidence
    policy: Policy
    metrics: dict[str, Any]


def train(
    messages: Sequence[LabelledMessage],
    out: str | os.PathLike[str],
    recipe: Recipe,
    *,
    data: Sequence[dict[str, Any]] | None = None,
    progress: Progress = lambda _step, _done, _total: None,
) -> Artifact:
    """Train a model and write it.

    Args:
        messages: labelled messages of any number of sources.
        out: the model folder to write; a model that is already there is replaced when the new one is complete.
        recipe: everything else that the result depends on.
        data: what the manifest says of the sources; counted from the messages where None.
        progress: called with the step, how much is done, and of how much.

    Returns:
        The artifact as it was read back from disk.

    Raises:
        InputError: if there are too few messages, or only one label.
        BudgetError: if the held-out evidence cannot prove `fpr`.
    """
    jobs = recipe.jobs or os.cpu_count() or 1
    artifacts.check_target(out)
    table = tabulate(messages, recipe.seed, progress)
    n_ham = int((table.measured & ~table.is_spam).sum())
    fpr = _provable_budget(n_ham) if recipe.fpr is None else recipe.fpr
    require_provable(fpr, n_ham)
    groups = groups_of(table.of_kind)
    in_group = np.array([groups.index(k.group) for k in table.of_kind])[table.kinds]
    n_groups = len(groups)
    with joblib.parallel_config(n_jobs=min(jobs, fit.FOLDS + 1)):
        progress("n-gram stage", 0, 1)
        rows = fit.ngram_matrix(table.texts)
        first_logits, first = fit.first_stage(rows, in_group, n_groups, table.weights, table.folds)
        progress("naming", 0, 1)
        names = fit.naming(rows, table.kinds, len(table.of_kind), table.weights)
        del rows
        analyses, grams = _analyse(table.texts, jobs, progress)
        progress("morpheme stage", 0, 1)
        rows = fit.stage_two_matrix(first_logits, analyses, grams)
        second_logits, second = fit.second_stage(rows, in_group, n_groups, table.weights, table.folds)
    held_out = _held_out(table, first_logits, second_logits, fpr)
    arrays = _arrays(first, names, second, held_out.evidence)
    manifest = _manifest(table, held_out, recipe, data if data is not None else summarise(messages))
    manifest["golden"] = _golden(manifest, arrays, jobs)
    progress("writing", 1, 1)
    return artifacts.save(out, manifest, arrays)


def summarise(messages: Sequence[LabelledMessage]) -> list[dict[str, Any]]:
    """What the manifest says of the data: for each source its rows, labels and a fingerprint of its texts."""
    by_source: dict[str, list[LabelledMessage]] = {}
    for message in messages:
        by_source.setdefault(message.source, []).append(message)
    out = []
    for source, rows in sorted(by_source.items()):
        digest = hashlib.sha256()
        for text in sorted(r.text for r in rows):
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        spam = sum(r.is_spam for r in rows)
        out.append(
            {"source": source, "rows": len(rows), "spam": spam, "ham": len(rows) - spam, "sha256": digest.hexdigest()}
        )
    return out


def _analyse(texts: Sequence[str], jobs: int, progress: Progress) -> tuple[list[Analysis], list[list[MorphemeGram]]]:
    tokeniser = Tokeniser(num_workers=jobs)
    analyses: list[Analysis] = []
    grams: list[list[MorphemeGram]] = []
    for first in range(0, len(texts), _TOKENISE_BATCH):
        progress("morphemes", first, len(texts))
        batch = [analyse(t) for t in texts[first : first + _TOKENISE_BATCH]]
        grams += [morpheme_grams(m, fit.MORPHEME_BITS) for m in tokeniser.tokenise([a.restored.text for a in batch])]
        analyses += batch
    return analyses, grams


def _log_odds(logits: FloatArray, of_kind: Sequence[Category]) -> FloatArray:
    spam_groups = groups_of(k for k in of_kind if k.is_spam)
    spam = np.array([g in spam_groups for g in groups_of(of_kind)])
    out: FloatArray = np.logaddexp.reduce(logits[:, spam], axis=1) - np.logaddexp.reduce(logits[:, ~spam], axis=1)
    return out


def _held_out(table: Table, first_logits: FloatArray, second_logits: FloatArray, fpr: float) -> _HeldOut:
    """Calibrate both stages, choose who is sure, and keep the evidence; on at most ten messages a cluster."""
    keep = table.measured
    spam = table.is_spam[keep]
    first = _log_odds(first_logits, table.of_kind)[keep]
    second = _log_odds(second_logits, table.of_kind)[keep]
    ones = np.ones(len(spam))
    ngrams, morphemes = fit.calibrate(first, spam, ones), fit.calibrate(second, spam, ones)
    always = morphemes.probability(second)
    policy = Policy.for_budget(_evidence(always, spam), fpr)
    ham_below, spam_above = _sureness(first, always, spam, policy)
    unsure = (first > ham_below) & (first < spam_above)
    final = np.where(unsure, always, ngrams.probability(first))
    evidence = _evidence(final, spam)
    metrics = {
        "n_ham": int((~spam).sum()),
        "n_spam": int(spam.sum()),
        "held_out": f"{fit.FOLDS} folds of near-duplicate clusters, at most {MAX_PER_CLUSTER} messages of one",
        "recall_at_fpr": {
            name: {str(rate): round(recall_at_fpr(scores, spam, rate).recall, 4) for rate in (0.001, 0.01)}
            for name, scores in (("ngrams", first), ("morphemes", second), ("cascade", final))
        },
        "expected_calibration_error": round(expected_calibration_error(final, spam), 4),
        "second_stage_share": round(float(unsure.mean()), 4),
    }
    return _HeldOut(ngrams, morphemes, ham_below, spam_above, evidence, Policy.for_budget(evidence, fpr), metrics)


def _provable_budget(n_ham: int) -> float:
    """The default budget, or the smallest that so few good messages can prove, rounded up to two digits."""
    smallest = rate_upper_bound(0, n_ham)
    if smallest <= DEFAULT_FPR:
        return DEFAULT_FPR
    unit = 10.0 ** math.floor(math.log10(smallest) - 1)
    return min(0.5, math.ceil(smallest / unit) * unit)


def _evidence(probability: FloatArray, spam: npt.NDArray[np.bool_]) -> Evidence:
    descending = np.sort(probability.astype(np.float32))[::-1]
    order = np.argsort(-probability, kind="stable")
    return Evidence(descending[~spam[order]], descending[spam[order]])


def _sureness(
    first: FloatArray, always: FloatArray, spam: npt.NDArray[np.bool_], policy: Policy
) -> tuple[float, float]:
    """The range of first-stage log-odds outside which the second stage would not change the label."""
    order = np.argsort(first)
    ranked = first[order]
    not_ham = np.cumsum(always[order] >= policy.review_at)
    ham_below = float(
        ranked[max(0, int(np.searchsorted(not_ham, int(_SURE_HAM_ERRORS * len(first)), side="right")) - 1)]
    )
    not_spam = np.cumsum(always[order][::-1] < policy.spam_at)
    spam_above = float(
        ranked[::-1][max(0, int(np.searchsorted(not_spam, int(_SURE_SPAM_ERRORS * len(first)), side="right")) - 1)]
    )
    ham_below = max(ham_below, float(np.quantile(first[~spam], 1.0 - _MOST_HAM_SENT)))
    above = first[spam & (first > ham_below)]
    if len(above):
        spam_above = min(spam_above, float(np.quantile(above, _MOST_SPAM_SENT)))
    return ham_below, max(spam_above, ham_below)


def _arrays(
    first: fit.Linear, names: fit.Linear, second: fit.Linear, evidence: Evidence
) -> dict[str, npt.NDArray[Any]]:
    dense = len(first.bias) + len(FEATURES["shape"])
    ngram_weights, ngram_scale = artifacts.quantise(np.hstack([first.weights, names.weights]))
    morpheme_weights, morpheme_scale = artifacts.quantise(second.weights[dense:])
    return {
        "ngram_weights": ngram_weights,
        "ngram_scale": ngram_scale,
        "ngram_bias": np.concatenate([first.bias, names.bias]),
        "stage_two_weights": morpheme_weights,
        "stage_two_scale": morpheme_scale,
        "stage_two_dense": second.weights[:dense].copy(),
        "stage_two_bias": second.bias,
        "evidence_ham": evidence.ham.astype(np.float32),
        "evidence_spam": evidence.spam.astype(np.float32),
    }


def _manifest(table: Table, held_out: _HeldOut, recipe: Recipe, data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "created": recipe.created.isoformat(timespec="seconds"),
        "kinds": [k.value for k in table.of_kind],
        "features": {**FEATURES, "ngram_bits": fit.NGRAM_BITS, "morpheme_bits": fit.MORPHEME_BITS},
        "packages": {
            name: metadata.version(name) for name in ("kiwipiepy", "kiwipiepy_model", "numpy", "scikit-learn")
        },
        "calibration": {
            "ngrams": [held_out.ngrams.slope, held_out.ngrams.intercept],
            "morphemes": [held_out.morphemes.slope, held_out.morphemes.intercept],
        },
        "sure": {"ham_below": held_out.ham_below, "spam_above": held_out.spam_above},
        "policy": {"fpr": held_out.policy.fpr},
        "metrics": held_out.metrics,
        "data": list(data),
        "seed": recipe.seed,
        "golden": [],
    }


def _golden(manifest: dict[str, Any], arrays: dict[str, npt.NDArray[Any]], jobs: int) -> list[dict[str, Any]]:
    cascade = Artifact(manifest, arrays).cascade()
    first = cascade.ngram_logits(GOLDEN)
    analyses, grams = _analyse(GOLDEN, jobs, lambda _step, _done, _total: None)
    second = cascade.log_odds(cascade.stage_two_logits(first[:, : len(cascade.groups)], analyses, grams))
    return [
        {"text": text, "ngrams": float(a), "morphemes": float(b)}
        for text, a, b in zip(GOLDEN, cascade.log_odds(first), second, strict=True)
    ]
