"""Who is measured. A peer is a function that trains on labelled messages and gives a `Scorer`.

The peers beside us learn from texts and labels. Their settings are the best of a few that were tried on held-out
messages of such a split, each in its own favour; the weights that our own recipe uses did not help them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spamfilter import SpamFilter
from spamfilter.learning.dataset import LabelledMessage
from spamfilter.learning.train import Recipe, train
from spamfilter.model import artifact as artifacts
from spamfilter.text.tokenise import Tokeniser

Scores = npt.NDArray[np.floating[Any]]
Messages = Sequence[LabelledMessage]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a peer may use beside the messages.

    Attributes:
        folder: private to the run, shared by its peers, gone when it ends.
        created: written into the model that we train.
        seed: of everything random.
    """

    folder: Path
    created: datetime
    seed: int


@dataclass(frozen=True, slots=True)
class Scorer:
    """A trained peer.

    Attributes:
        score: texts to numbers that grow with spamminess; shape (n,), finite, in order.
        shares: what else is worth knowing of how it scores these texts; by name, in [0, 1].
    """

    score: Callable[[Sequence[str]], Scores]
    shares: Callable[[Sequence[str]], dict[str, float]] = lambda _texts: {}


def cascade(setting: Setting, messages: Messages) -> Scorer:
    """`SpamFilter.score` as a user calls it: n-grams for all, Kiwi for the unsure."""
    folder = _model(setting)
    train(messages, folder, Recipe(created=setting.created, seed=setting.seed, jobs=1))
    spam = SpamFilter(artifacts.load(folder), tokeniser=Tokeniser(num_workers=1))
    return Scorer(spam.score, lambda texts: {"second_stage_share": float(spam.decide(texts).second_stage.mean())})


def ngram_stage(setting: Setting, _messages: Messages) -> Scorer:
    """The first stage of the model that `cascade` trained in the same folder."""
    return Scorer(SpamFilter.load(_model(setting), kiwi="off").score)


def kiwi_tfidf(setting: Setting, messages: Messages) -> Scorer:
    """The obvious design: Kiwi's morphemes, TF-IDF, logistic regression."""
    from kiwipiepy import Kiwi
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    kiwi = Kiwi(num_workers=1)
    vectoriser = TfidfVectorizer(
        analyzer=lambda text: [f"{token.form}/{token.tag}" for token in kiwi.tokenize(text)], dtype=np.float32
    )
    classifier = LogisticRegression(C=10.0, max_iter=1000, random_state=setting.seed)
    classifier.fit(vectoriser.fit_transform([m.text for m in messages]), [m.is_spam for m in messages])

    def score(texts: Sequence[str]) -> Scores:
        return np.asarray(classifier.decision_function(vectoriser.transform(texts)))

    def shares(texts: Sequence[str]) -> dict[str, float]:
        start = time.perf_counter()
        rows = vectoriser.transform(texts)
        between = time.perf_counter()
        classifier.decision_function(rows)
        return {"vectorising_share": (between - start) / (time.perf_counter() - start)}

    return Scorer(score, shares)


def hashing_sgd(setting: Setting, messages: Messages) -> Scorer:
    """Hashed character 1- to 4-grams and a linear model by stochastic gradient descent."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    vectoriser = HashingVectorizer(
        analyzer="char", ngram_range=(1, 4), n_features=1 << 20, alternate_sign=False, dtype=np.float32
    )
    # A hundredth of the default alpha, which holds rows of length 1 too near to zero.
    classifier = SGDClassifier(loss="log_loss", alpha=1e-6, random_state=setting.seed)
    classifier.fit(vectoriser.transform([m.text for m in messages]), [m.is_spam for m in messages])
    return Scorer(lambda texts: np.asarray(classifier.decision_function(vectoriser.transform(texts))))


def fast_text(setting: Setting, messages: Messages) -> Scorer:
    """fastText's supervised model: means of n-gram vectors, softmax."""  # noqa: D403 - its name begins small
    import fasttext

    lines = [f"__label__{'spam' if m.is_spam else 'ham'} {_one_line(m.text)}\n" for m in messages]
    order = np.random.default_rng(setting.seed).permutation(len(lines))
    path = setting.folder / "fasttext.txt"
    try:
        path.write_text("".join(lines[i] for i in order), encoding="utf-8", newline="\n")
        model = fasttext.train_supervised(str(path), dim=16, minn=2, maxn=5, epoch=10, lr=0.5, thread=1, verbose=0)
    finally:
        path.unlink(missing_ok=True)

    def score(texts: Sequence[str]) -> Scores:
        # A list even for one: its way through fastText is the one that every build can go under NumPy 2.
        labels, probabilities = model.predict([_one_line(text) for text in texts])
        top = np.fromiter((p[0] for p in probabilities), np.float64, len(texts))
        is_spam = np.fromiter((name[0] == "__label__spam" for name in labels), np.bool_, len(texts))
        return np.where(is_spam, top, 1.0 - top)

    return Scorer(score)


def _model(setting: Setting) -> Path:
    return setting.folder / "model"


def _one_line(text: str) -> str:
    """A message as fastText reads it: up to the first line end."""
    return text.replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody to be measured.

    Attributes:
        name: in the results.
        what: one line for a reader.
        fit: trains it.
        packages: modules it needs beside what our own training needs.
        trains: whether it is trained of its own.
    """

    name: str
    what: str
    fit: Callable[[Setting, Messages], Scorer]
    packages: tuple[str, ...] = ()
    trains: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed."""
        return tuple(name for name in self.packages if find_spec(name) is None)


NAIVE: Final = "kiwi-tfidf-lr"
FASTTEXT: Final = "fasttext"

PEERS: Final = (
    Peer("spamfilter", "the cascade, `SpamFilter.score`", cascade),
    Peer("spamfilter-ngrams", 'its n-gram stage alone, `kiwi="off"`', ngram_stage, trains=False),
    Peer(NAIVE, "Kiwi + TfidfVectorizer + LogisticRegression", kiwi_tfidf),
    Peer("hashing-sgd", "HashingVectorizer (characters, 1-4) + SGDClassifier", hashing_sgd),
    Peer(FASTTEXT, "fastText (16 dimensions, characters 2-5)", fast_text, ("fasttext",)),
)
"""In the order in which they are trained: the n-gram stage reads the cascade's model."""
