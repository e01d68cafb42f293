"""Who is measured. A peer is trained on labelled messages and gives each text a number that grows with spamminess."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from spamfilter import SpamFilter
from spamfilter.learning.dataset import LabelledMessage
from spamfilter.learning.train import Recipe, train
from spamfilter.model import artifact as artifacts
from spamfilter.text.tokenise import Tokeniser

Scores = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a peer is made from.

    Attributes:
        folder: private to the run, shared by its peers, gone when it ends.
        created: written into the model that we train.
        seed: of everything random.
    """

    folder: Path
    created: datetime
    seed: int


class Peer(Protocol):
    """A way to score messages."""

    def fit(self, messages: Sequence[LabelledMessage]) -> None:
        """Train; afterwards `score` needs nothing more."""

    def score(self, texts: Sequence[str]) -> Scores:
        """Shape (n,), finite, in order."""

    def details(self, texts: Sequence[str]) -> dict[str, float]:
        """What else is worth knowing of how these texts are scored; shares in [0, 1] by name."""


class Cascade:
    """`SpamFilter.score` as a user calls it: n-grams for all, Kiwi for the unsure."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._model = setting.folder / "model"

    def fit(self, messages: Sequence[LabelledMessage]) -> None:
        train(messages, self._model, Recipe(created=self._setting.created, seed=self._setting.seed, jobs=1))
        self._filter = SpamFilter(artifacts.load(self._model), tokeniser=Tokeniser(num_workers=1))

    def score(self, texts: Sequence[str]) -> Scores:
        return self._filter.score(texts)

    def details(self, texts: Sequence[str]) -> dict[str, float]:
        return {"second_stage_share": float(self._filter.decide(texts).second_stage.mean())}


class NgramStage:
    """The first stage of the same model; the cascade must have been trained in the same folder."""

    def __init__(self, setting: Setting) -> None:
        self._model = setting.folder / "model"

    def fit(self, messages: Sequence[LabelledMessage]) -> None:
        self._filter = SpamFilter.load(self._model, kiwi="off")

    def score(self, texts: Sequence[str]) -> Scores:
        return self._filter.score(texts)

    def details(self, texts: Sequence[str]) -> dict[str, float]:
        return {}


class KiwiTfidf:
    """The obvious design: Kiwi's morphemes, TF-IDF, logistic regression."""

    def __init__(self, setting: Setting) -> None:
        from kiwipiepy import Kiwi
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self._kiwi = Kiwi(num_workers=1)
        self._vectoriser = TfidfVectorizer(analyzer=self._morphemes, dtype=np.float32)
        self._classifier = LogisticRegression(max_iter=1000, random_state=setting.seed)

    def fit(self, messages: Sequence[LabelledMessage]) -> None:
        rows = self._vectoriser.fit_transform([m.text for m in messages])
        self._classifier.fit(rows, [m.is_spam for m in messages], sample_weight=[m.weight for m in messages])

    def score(self, texts: Sequence[str]) -> Scores:
        return np.asarray(self._classifier.decision_function(self._vectoriser.transform(texts)))

    def details(self, texts: Sequence[str]) -> dict[str, float]:
        start = time.perf_counter()
        rows = self._vectoriser.transform(texts)
        between = time.perf_counter()
        self._classifier.decision_function(rows)
        return {"vectorising_share": (between - start) / (time.perf_counter() - start)}

    def _morphemes(self, text: str) -> list[str]:
        return [f"{token.form}/{token.tag}" for token in self._kiwi.tokenize(text)]


class HashingSgd:
    """Hashed character 1- to 4-grams and a linear model by stochastic gradient descent."""

    def __init__(self, setting: Setting) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer
        from sklearn.linear_model import SGDClassifier

        self._vectoriser = HashingVectorizer(
            analyzer="char", ngram_range=(1, 4), n_features=1 << 20, alternate_sign=False, dtype=np.float32
        )
        # alpha a hundredth of the default, which underfits rows of length 1.
        self._classifier = SGDClassifier(loss="log_loss", alpha=1e-6, random_state=setting.seed)

    def fit(self, messages: Sequence[LabelledMessage]) -> None:
        rows = self._vectoriser.transform([m.text for m in messages])
        self._classifier.fit(rows, [m.is_spam for m in messages], sample_weight=[m.weight for m in messages])

    def score(self, texts: Sequence[str]) -> Scores:
        return np.asarray(self._classifier.decision_function(self._vectoriser.transform(texts)))

    def details(self, texts: Sequence[str]) -> dict[str, float]:
        return {}


class FastText:
    """fastText, 16 dimensions, character 2- to 5-grams. It knows no weights: a message stands there as often."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def fit(self, messages: Sequence[LabelledMessage]) -> None:
        import fasttext

        lines = [
            f"__label__{'spam' if m.is_spam else 'ham'} {_one_line(m.text)}\n"
            for m in messages
            for _ in range(max(1, round(m.weight)))
        ]
        order = np.random.default_rng(self._setting.seed).permutation(len(lines))
        path = self._setting.folder / "fasttext.txt"
        try:
            path.write_text("".join(lines[i] for i in order), encoding="utf-8", newline="\n")
            self._model = fasttext.train_supervised(
                str(path), dim=16, minn=2, maxn=5, epoch=10, lr=0.5, thread=1, verbose=0
            )
        finally:
            path.unlink(missing_ok=True)

    def score(self, texts: Sequence[str]) -> Scores:
        # A list, never a single string: for that the wheel goes through code that older builds break under NumPy 2.
        labels, probabilities = self._model.predict([_one_line(text) for text in texts])
        top = np.fromiter((p[0] for p in probabilities), np.float64, len(texts))
        is_spam = np.fromiter((name[0] == "__label__spam" for name in labels), np.bool_, len(texts))
        return np.where(is_spam, top, 1.0 - top)

    def details(self, texts: Sequence[str]) -> dict[str, float]:
        return {}


def _one_line(text: str) -> str:
    """fastText reads a message up to its first line end."""
    return text.replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Entry:
    """A peer by name.

    Attributes:
        name: in the results.
        what: one line for a reader.
        make: a new, untrained one.
        packages: modules it needs beside our own dependencies.
        trains: whether it is trained of its own.
    """

    name: str
    what: str
    make: Callable[[Setting], Peer]
    packages: tuple[str, ...] = ()
    trains: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed."""
        return tuple(name for name in self.packages if find_spec(name) is None)


NAIVE: Final = "kiwi-tfidf-lr"
FASTTEXT: Final = "fasttext"

PEERS: Final = (
    Entry("spamfilter", "the cascade, `SpamFilter.score`", Cascade),
    Entry("spamfilter-ngrams", 'its n-gram stage alone, `kiwi="off"`', NgramStage, trains=False),
    Entry(NAIVE, "Kiwi + TfidfVectorizer + LogisticRegression", KiwiTfidf),
    Entry("hashing-sgd", "HashingVectorizer(char, 1-4) + SGDClassifier", HashingSgd),
    Entry(FASTTEXT, "fastText, dim 16, char 2-5", FastText, ("fasttext",)),
)
"""In the order in which they are trained: the n-gram stage reads the cascade's model."""
