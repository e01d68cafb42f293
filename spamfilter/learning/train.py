"""Labelled messages -> artifact: the whole recipe, in the order in which things must happen.

Everything that is reported, calibrated or cut into thresholds comes from held-out scores: folds are made of whole
near-duplicate clusters, so that no campaign stands on both sides.
"""

from __future__ import annotations

import hashlib
import math
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
import numpy.typing as npt

from spamfilter.errors import InputError
from spamfilter.learning import fit
from spamfilter.learning.clusters import near_duplicate_clusters
from spamfilter.learning.dataset import LabelledMessage, read_labelled
from spamfilter.learning.evaluate import expected_calibration_error, recall_at_fpr
from spamfilter.learning.obfuscate import TRAINED
from spamfilter.learning.placeholders import rewrite_all
from spamfilter.model import artifact as artifacts
from spamfilter.model.artifact import Artifact
from spamfilter.scoring.cascade import FEATURES, Calibration
from spamfilter.scoring.features import Analysis, MorphemeGram, analyse, morpheme_grams
from spamfilter.scoring.kernel import FloatArray
from spamfilter.scoring.policy import Evidence, Policy, rate_upper_bound, require_provable
from spamfilter.text.tokenise import Tokeniser
from spamfilter.types import Category

CORPUS: Final = "corpus"
"""The source name of our own messages: their placeholders are rewritten before they teach anything."""

CORPUS_WEIGHT: Final = 6.0
"""One of our own messages was written for what the public sources lack; it counts as so many of theirs."""

DEFAULT_FPR: Final = 0.001

ATTACKED_HAM: Final = 0.1
"""Share of the everyday good messages that are twisted too; of our own, which count more, all are."""

ATTACK_WEIGHT: Final = 0.5

MAX_PER_CLUSTER: Final = 10
"""A cluster weighs as this many messages at most: a campaign is one fact, however often it was sent."""

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

_TOKENISE_BATCH: Final = 2000
_MIN_MESSAGES: Final = 20

Progress = Callable[[str, int, int], None]
"""Told the step, how much of it is done, and of how much."""


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
class _Table:
    """The training set as columns."""

    texts: list[str]
    is_spam: npt.NDArray[np.bool_]
    kinds: npt.NDArray[np.int64]
    of_kind: tuple[Category, ...]
    weights: npt.NDArray[np.float64]
    clusters: npt.NDArray[np.int64]
    folds: npt.NDArray[np.int64]
    measured: npt.NDArray[np.bool_]


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
    table = _tabulate(messages, recipe.seed, progress)
    n_ham = int((table.measured & ~table.is_spam).sum())
    fpr = _provable_budget(n_ham) if recipe.fpr is None else recipe.fpr
    require_provable(fpr, n_ham)
    n_kinds = len(table.of_kind)
    with joblib.parallel_config(n_jobs=min(jobs, fit.FOLDS + 1)):
        progress("n-gram stage", 0, 1)
        rows = fit.ngram_matrix(table.texts)
        first_logits, first = fit.first_stage(rows, table.kinds, n_kinds, table.weights, table.folds)
        del rows
        analyses, grams = _analyse(table.texts, jobs, progress)
        progress("morpheme stage", 0, 1)
        rows = fit.stage_two_matrix(first_logits, analyses, grams)
        second_logits, second = fit.second_stage(rows, table.kinds, n_kinds, table.weights, table.folds)
    held_out = _held_out(table, first_logits, second_logits, fpr)
    arrays = _arrays(first, second, held_out.evidence, n_kinds)
    manifest = _manifest(table, held_out, recipe, data if data is not None else summarise(messages))
    manifest["golden"] = _golden(manifest, arrays, jobs)
    progress("writing", 1, 1)
    return artifacts.save(out, manifest, arrays)


def read_corpus(folder: str | os.PathLike[str]) -> tuple[LabelledMessage, ...]:
    """Our own messages: every `.jsonl` file of a folder, in the order of their names.

    Raises:
        InputError: if there is none, or a row is at fault.
    """
    files = sorted(Path(folder).glob("*.jsonl"))
    if not files:
        raise InputError(f"no .jsonl file in {folder}")
    return tuple(replace(m, weight=CORPUS_WEIGHT) for m in read_labelled(files, source=CORPUS).messages)


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


def _tabulate(messages: Sequence[LabelledMessage], seed: int, progress: Progress) -> _Table:
    is_spam = np.array([m.is_spam for m in messages], bool)
    if len(messages) < _MIN_MESSAGES or is_spam.all() or not is_spam.any():
        raise InputError(
            f"training needs at least {_MIN_MESSAGES} messages, spam and ham; "
            f"got {int(is_spam.sum())} spam and {int((~is_spam).sum())} ham"
        )
    progress("near-duplicates", 0, 1)
    texts = [m.text for m in messages]
    own = [i for i, m in enumerate(messages) if m.source == CORPUS]
    for i, text in zip(own, rewrite_all([texts[i] for i in own], seed), strict=True):
        texts[i] = text
    clusters = _clusters(messages, texts)
    sizes = np.bincount(clusters)[clusters]
    weights = np.array([m.weight for m in messages]) * np.minimum(1.0, MAX_PER_CLUSTER / sizes)
    known = {m.kind for m in messages if m.kind is not None}
    for side, fallback in ((True, Category.OTHER), (False, Category.CHAT)):
        if not any(k.is_spam == side for k in known):
            known.add(fallback)
    of_kind = tuple(k for k in Category if k in known)
    kinds = np.array([of_kind.index(m.kind) if m.kind is not None else -1 for m in messages])
    progress("kinds", 0, 1)
    kinds = fit.guess_kinds(fit.ngram_matrix(texts), kinds, is_spam, of_kind)
    folds = _folds(clusters, is_spam, seed)
    plain = _Table(texts, is_spam, kinds, of_kind, weights, clusters, folds, _first_of_each(clusters))
    return _with_attacks(plain, seed)


def _folds(clusters: npt.NDArray[np.int64], is_spam: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.int64]:
    """Deal whole clusters into folds, those of either label evenly, so that every fold holds both."""
    dealt = np.full(int(clusters.max()) + 1, -1, np.int64)
    for side in (True, False):
        found = np.unique(clusters[is_spam == side])
        if len(found) < fit.FOLDS:
            raise InputError(
                f"the {'spam' if side else 'ham'} holds {len(found)} messages that differ by more than numbers and "
                f"spelling; measuring on held-out ones takes at least {fit.FOLDS}"
            )
        new = found[dealt[found] < 0]  # a cluster with both labels has its fold already
        np.random.default_rng(seed).shuffle(new)
        dealt[new] = np.arange(len(new)) % fit.FOLDS
    return dealt[clusters]


def _with_attacks(table: _Table, seed: int) -> _Table:
    """The table and, behind it, twisted copies of all spam and of enough good messages.

    A trick alone must be no evidence. The copies teach in the fold of their original and are never measured.
    """
    rng = random.Random(seed)
    chosen = [
        i
        for i in range(len(table.texts))
        if table.measured[i] and (table.is_spam[i] or rng.random() < ATTACKED_HAM or table.weights[i] > 1.0)
    ]
    twisted = []
    for i in chosen:
        families = rng.sample(TRAINED, 1 + (rng.random() < 0.3))
        text = table.texts[i]
        for family in families:
            text = family.attack(text, rng)
        twisted.append(text)
    rows = np.concatenate([np.arange(len(table.texts)), np.array(chosen, np.int64)])
    return _Table(
        texts=table.texts + twisted,
        is_spam=table.is_spam[rows],
        kinds=table.kinds[rows],
        of_kind=table.of_kind,
        weights=np.concatenate([table.weights, table.weights[chosen] * ATTACK_WEIGHT]),
        clusters=table.clusters[rows],
        folds=table.folds[rows],
        measured=np.concatenate([table.measured, np.zeros(len(chosen), bool)]),
    )


def _clusters(messages: Sequence[LabelledMessage], texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Clusters given by the data, joined with those found, numbered from 0."""
    found = near_duplicate_clusters(texts)
    names = [
        f"{m.source}\0{m.cluster}" if m.cluster is not None else str(int(f))
        for m, f in zip(messages, found, strict=True)
    ]
    _, numbers = np.unique(np.array(names), return_inverse=True)
    return np.asarray(numbers, np.int64)


def _first_of_each(clusters: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The first MAX_PER_CLUSTER messages of every cluster: what is measured."""
    order = np.argsort(clusters, kind="stable")
    ranked = clusters[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    rank = np.arange(len(clusters)) - np.repeat(starts, np.diff(np.r_[starts, len(clusters)]))
    keep = np.zeros(len(clusters), bool)
    keep[order] = rank < MAX_PER_CLUSTER
    return keep


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
    spam = np.array([k.is_spam for k in of_kind])
    out: FloatArray = np.logaddexp.reduce(logits[:, spam], axis=1) - np.logaddexp.reduce(logits[:, ~spam], axis=1)
    return out


def _held_out(table: _Table, first_logits: FloatArray, second_logits: FloatArray, fpr: float) -> _HeldOut:
    """Calibrate both stages, choose who is sure, and keep the evidence; on at most ten messages a cluster."""
    keep = table.measured
    spam = table.is_spam[keep]
    first = _log_odds(first_logits, table.of_kind)[keep]
    second = _log_odds(second_logits, table.of_kind)[keep]
    ones = np.ones(len(spam))
    ngrams, morphemes = fit.calibrate(first, spam, ones), fit.calibrate(second, spam, ones)
    always = morphemes.probability(second)
    policy = Policy.for_budget(_evidence(always, spam), fpr)
    ham_below, spam_above = _sureness(first, always, ngrams, policy)
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


def _sureness(first: FloatArray, always: FloatArray, ngrams: Calibration, policy: Policy) -> tuple[float, float]:
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
    # A sure message must also carry a probability on the right side of the thresholds.
    ham_below = min(ham_below, _log_odds_at(ngrams, policy.review_at))
    return ham_below, max(spam_above, _log_odds_at(ngrams, policy.spam_at), ham_below)


def _log_odds_at(calibration: Calibration, probability: float) -> float:
    p = min(max(probability, 1e-6), 1 - 1e-6)
    return (float(np.log(p / (1 - p))) - calibration.intercept) / calibration.slope


def _arrays(first: fit.Linear, second: fit.Linear, evidence: Evidence, n_kinds: int) -> dict[str, npt.NDArray[Any]]:
    dense = n_kinds + len(FEATURES["shape"])
    ngram_weights, ngram_scale = artifacts.quantise(first.weights)
    morpheme_weights, morpheme_scale = artifacts.quantise(second.weights[dense:])
    return {
        "ngram_weights": ngram_weights,
        "ngram_scale": ngram_scale,
        "ngram_bias": first.bias,
        "stage_two_weights": morpheme_weights,
        "stage_two_scale": morpheme_scale,
        "stage_two_dense": second.weights[:dense].copy(),
        "stage_two_bias": second.bias,
        "evidence_ham": evidence.ham.astype(np.float32),
        "evidence_spam": evidence.spam.astype(np.float32),
    }


def _manifest(table: _Table, held_out: _HeldOut, recipe: Recipe, data: Sequence[dict[str, Any]]) -> dict[str, Any]:
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
    second = cascade.log_odds(cascade.stage_two_logits(first, analyses, grams))
    return [
        {"text": text, "ngrams": float(a), "morphemes": float(b)}
        for text, a, b in zip(GOLDEN, cascade.log_odds(first), second, strict=True)
    ]
