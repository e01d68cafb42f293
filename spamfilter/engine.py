"""The filter itself: load a model, score messages, explain verdicts.

Pure: a verdict is a function of model and message.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from spamfilter.errors import ArtifactError, InputError
from spamfilter.model import artifact as artifacts
from spamfilter.model.artifact import Artifact
from spamfilter.scoring.cascade import Cascade
from spamfilter.scoring.explain import Explanation, explain
from spamfilter.scoring.features import Analysis, MorphemeGram, analyse
from spamfilter.scoring.hashing import FloatArray
from spamfilter.scoring.policy import Policy
from spamfilter.text.tokenise import State, Tokeniser, shared_tokeniser
from spamfilter.types import Category, Label, Stage, Verdict

BATCH: Final = 4096
"""Messages analysed at a time: bounds the memory of a list of any length."""

_GOLDEN_TOLERANCE: Final = 1e-3
_LABELS: Final = (Label.HAM, Label.REVIEW, Label.SPAM)

KiwiMode = Literal["wait", "background", "off"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model says of itself; JSON-ready by `to_dict`.

    Attributes:
        version: date and digest of the weights.
        created: when it was trained, ISO 8601.
        kinds: the categories it tells apart.
        features: what it was trained on.
        metrics: measured on held-out messages at training.
        data: the sources it was trained on, with rows and licences.
        policy: the thresholds in force and the budget they keep.
    """

    version: str
    created: str
    kinds: tuple[str, ...]
    features: Mapping[str, Any]
    metrics: Mapping[str, Any]
    data: Sequence[Mapping[str, Any]]
    policy: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self) | {"kinds": list(self.kinds)}


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a batch came to, as arrays; the cheap form of a list of verdicts.

    Attributes:
        probability: shape (n,), float32, calibrated.
        labels: shape (n,), int8: 0 ham, 1 review, 2 spam.
        categories: shape (n,), int16: index into `kinds`.
        second_stage: shape (n,), bool: whether Kiwi decided.
        unsure: how many the n-grams left unsure; more than `second_stage.sum()` while Kiwi is not there.
        kinds: the categories of the model.
    """

    probability: FloatArray
    labels: npt.NDArray[np.int8]
    categories: npt.NDArray[np.int16]
    second_stage: npt.NDArray[np.bool_]
    unsure: int
    kinds: tuple[Category, ...]

    def __len__(self) -> int:
        return len(self.probability)

    def label(self, i: int) -> Label:
        """The label of message `i`."""
        return _LABELS[int(self.labels[i])]

    def category(self, i: int) -> Category:
        """The category of message `i`."""
        return self.kinds[int(self.categories[i])]

    def stage(self, i: int) -> Stage:
        """The stage that decided message `i`."""
        return "morphemes" if self.second_stage[i] else "ngrams"


@dataclass(frozen=True, slots=True)
class _Batch:
    decisions: Decisions
    logits: FloatArray  # of the groups, by the stage that decided
    kind_logits: FloatArray
    analyses: dict[int, tuple[Analysis, list[MorphemeGram]]]


class SpamFilter:
    """A loaded model. Safe to use from several threads; holds no state that a message could change."""

    def __init__(
        self,
        artifact: Artifact,
        *,
        kiwi: KiwiMode = "wait",
        tokeniser: Tokeniser | None = None,
        switches: Mapping[Any, str] | None = None,
    ) -> None:
        """Make ready a verified artifact; `load` is the usual way.

        Raises:
            ArtifactError: if the model does not answer its golden messages as it did when it was made.
            InputError: if `kiwi` or `switches` is not as `load` takes it.
        """
        if kiwi not in ("wait", "background", "off"):
            raise InputError(f"kiwi must be 'wait', 'background' or 'off', got {kiwi!r}")
        self._cascade: Cascade = artifact.cascade()
        self._evidence = artifact.evidence()
        self._golden = artifact.manifest["golden"]
        self._manifest = artifact.manifest
        self._mode: KiwiMode = kiwi
        self._tokeniser = tokeniser or shared_tokeniser()
        self._switches = _read_switches(switches or {}, self._cascade.kinds)
        self.policy = Policy.for_budget(self._evidence, float(artifact.manifest["policy"]["fpr"]))
        if not self._passes_golden("ngrams"):
            raise ArtifactError(_golden_sentence("ngrams"))
        self._morphemes_checked: bool | None = None  # None: not yet; False: the second stage must not be trusted
        self._check_lock = threading.Lock()
        if kiwi != "off":
            self._tokeniser.start()

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        kiwi: KiwiMode = "wait",
        switches: Mapping[Any, str] | None = None,
    ) -> SpamFilter:
        """Load a model.

        Args:
            path: a model folder; the shipped model where None.
            kiwi: what a message that needs Kiwi gets while Kiwi loads (1-3 s): "wait" for it, an n-gram verdict at
                once ("background"), or n-gram verdicts for ever ("off": half the memory, less accurate).
            switches: what an operator wants of a category, by its name: `{"promotion-lawful": "review"}` folds lawful
                adverts, `{"property": "ham"}` lets property offers through. A legitimate category may only be made
                stricter and a kind of spam only milder, so that the budget of false positives holds as proved for
                all others.

        Raises:
            ArtifactError: if the folder is missing, damaged, foreign or of another version; says which.
            InputError: if a switch names no category of the model or no label.
        """
        artifact = artifacts.load(path if path is not None else default_model_path())
        return cls(artifact, kiwi=kiwi, switches=switches)

    @property
    def info(self) -> ModelInfo:
        """What the model says of itself."""
        m = self._manifest
        return ModelInfo(
            version=m["version"],
            created=m["created"],
            kinds=tuple(m["kinds"]),
            features=m["features"],
            metrics=m.get("metrics", {}),
            data=m.get("data", []),
            policy=asdict(self.policy),
        )

    @property
    def kiwi(self) -> State:
        """Whether the second stage is there: loading, ready, failed or off."""
        if self._mode == "off":
            return "off"
        return "failed" if self._morphemes_checked is False else self._tokeniser.state

    def score(self, texts: Sequence[str]) -> FloatArray:
        """The calibrated probability that each message is spam.

        Args:
            texts: messages, any strings.

        Returns:
            Shape (n_messages,), float32, in [0, 1], in order.

        Raises:
            InputError: if `texts` is a string or holds something else than strings.
        """
        return self.decide(texts).probability

    def decide(self, texts: Sequence[str]) -> Decisions:
        """Score a batch without explaining it: labels and categories as arrays, for bulk work.

        Raises:
            InputError: as `score`.
        """
        _check_texts(texts)
        batches = [self._decide(texts[i : i + BATCH]).decisions for i in range(0, len(texts), BATCH)]
        if len(batches) == 1:
            return batches[0]
        return Decisions(
            probability=_joined([b.probability for b in batches], np.float32),
            labels=_joined([b.labels for b in batches], np.int8),
            categories=_joined([b.categories for b in batches], np.int16),
            second_stage=_joined([b.second_stage for b in batches], np.bool_),
            unsure=sum(b.unsure for b in batches),
            kinds=self._cascade.kinds,
        )

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """Score a batch and explain every verdict.

        Returns:
            One verdict a message, in order.

        Raises:
            InputError: as `score`.
        """
        _check_texts(texts)
        verdicts: list[Verdict] = []
        for first in range(0, len(texts), BATCH):
            batch = self._decide(texts[first : first + BATCH])
            verdicts += [self._verdict(text, batch, i) for i, text in enumerate(texts[first : first + BATCH])]
        return verdicts

    async def aclassify(self, texts: Sequence[str]) -> list[Verdict]:
        """`classify` in a thread, for asyncio backends: the loop goes on meanwhile."""
        return await asyncio.to_thread(self.classify, texts)

    def explain(self, text: str) -> Explanation:
        """Every contribution to one verdict; see `Explanation`."""
        if not isinstance(text, str):
            raise InputError(f"one message, a str, expected; got {type(text).__name__}")
        batch = self._decide([text])
        return self._explain(text, batch, 0)[1]

    def _decide(self, texts: Sequence[str]) -> _Batch:
        cascade = self._cascade
        n_groups = len(cascade.groups)
        logits = cascade.ngram_logits(texts)
        kind_logits = logits[:, n_groups:]
        logits = np.ascontiguousarray(logits[:, :n_groups])
        log_odds = cascade.log_odds(logits)
        probability = cascade.ngrams.probability(log_odds)
        unsure = cascade.unsure(log_odds)
        second_stage = np.zeros(len(texts), np.bool_)
        analyses: dict[int, tuple[Analysis, list[MorphemeGram]]] = {}
        if len(unsure) and self._second_stage_is_there():
            found = [analyse(texts[i]) for i in unsure]
            grams = [cascade.grams(m) for m in self._tokeniser.tokenise([a.restored.text for a in found])]
            logits[unsure] = cascade.stage_two_logits(logits[unsure], found, grams)
            probability[unsure] = cascade.morphemes.probability(cascade.log_odds(logits[unsure]))
            second_stage[unsure] = True
            analyses = {int(i): (a, g) for i, a, g in zip(unsure, found, grams, strict=True)}
        labels = (probability >= self.policy.review_at).astype(np.int8) + (probability >= self.policy.spam_at)
        side = cascade.is_spam[None, :] == (labels > 0)[:, None]
        categories = np.where(side, kind_logits, -np.inf).argmax(axis=1).astype(np.int16)
        for kind, label in self._switches.items():
            bound = np.minimum if cascade.is_spam[kind] else np.maximum
            labels = np.where(categories == kind, bound(labels, label), labels)
        decisions = Decisions(probability, labels.astype(np.int8), categories, second_stage, len(unsure), cascade.kinds)
        return _Batch(decisions, logits, kind_logits, analyses)

    def _second_stage_is_there(self) -> bool:
        """Whether Kiwi may be asked now; the first time, the golden messages are asked before any other."""
        if self._mode == "off" or (self._mode == "background" and self._tokeniser.state != "ready"):
            return False
        if self._morphemes_checked is None:
            with self._check_lock:
                if self._morphemes_checked is None:
                    self._morphemes_checked = self._passes_golden("morphemes")
        if self._mode == "wait" and not self._morphemes_checked:
            raise ArtifactError(_golden_sentence("morphemes"))
        return self._morphemes_checked

    def _explain(self, text: str, batch: _Batch, i: int) -> tuple[Analysis, Explanation]:
        analysis, grams = batch.analyses.get(i) or (analyse(text), None)
        named = batch.decisions.category(i)
        other_side = self._cascade.is_spam != named.is_spam
        rival = self._cascade.kinds[int(np.where(other_side, batch.kind_logits[i], -np.inf).argmax())]
        return analysis, explain(self._cascade, analysis, batch.logits[i], (named, rival), grams)

    def _verdict(self, text: str, batch: _Batch, i: int) -> Verdict:
        analysis, explanation = self._explain(text, batch, i)
        return Verdict(
            label=batch.decisions.label(i),
            probability=float(batch.decisions.probability[i]),
            category=batch.decisions.category(i),
            reasons=explanation.reasons,
            restored_text=analysis.restored.text,
            entities=analysis.entities,
            advert=analysis.advert,
            stage=batch.decisions.stage(i),
            model=self._manifest["version"],
        )

    def _passes_golden(self, stage: Stage) -> bool:
        """Score the golden messages again: a package that computes features otherwise than at training shows here."""
        texts = [g["text"] for g in self._golden]
        logits = self._cascade.ngram_logits(texts)
        if stage == "morphemes":
            found = [analyse(t) for t in texts]
            grams = [self._cascade.grams(m) for m in self._tokeniser.tokenise([a.restored.text for a in found])]
            logits = self._cascade.stage_two_logits(logits[:, : len(self._cascade.groups)], found, grams)
        expected = np.array([g[stage] for g in self._golden], np.float64)
        return bool(len(texts) and np.abs(self._cascade.log_odds(logits) - expected).max() <= _GOLDEN_TOLERANCE)


def _read_switches(switches: Mapping[Any, str], kinds: tuple[Category, ...]) -> dict[int, int]:
    """Column of the category -> number of the label."""
    names, labels = [k.value for k in kinds], [label.value for label in _LABELS]
    found = {}
    for name, label in switches.items():
        if name not in names:
            raise InputError(f"a switch names a category of the model ({', '.join(names)}), got {name!r}")
        if label not in labels:
            raise InputError(f"the switch of {name!r} must be one of {', '.join(labels)}, got {label!r}")
        found[names.index(name)] = labels.index(label)
    return found


def _golden_sentence(stage: Stage) -> str:
    return (
        f"the model does not answer its golden messages ({stage}) as it did when it was made: "
        "it was edited, or a package that computes its features has changed; train it again"
    )


def default_model_path() -> Path:
    """Where the shipped model lies: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models" / "default"
    return installed if installed.is_dir() else package.parent / "models" / "default"


def _check_texts(texts: Sequence[str]) -> None:
    if isinstance(texts, str | bytes):
        raise InputError(f"a sequence of messages expected, a single {type(texts).__name__} given: put it in a list")
    if not isinstance(texts, Sequence):
        raise InputError(f"a sequence of messages expected, got {type(texts).__name__}")
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"message {i} must be a str, got {type(text).__name__}")


def _joined(parts: list[npt.NDArray[Any]], dtype: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)
