"""What many tests share: the shipped model, and a small one trained here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from spamfilter import SpamFilter
from spamfilter.learning.dataset import LabelledMessage, read_corpus
from spamfilter.learning.train import Recipe, train

ROOT = Path(__file__).parents[1]
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def spam() -> SpamFilter:
    """The shipped model with both stages."""
    return SpamFilter.load()


@pytest.fixture(scope="session")
def few_messages() -> tuple[LabelledMessage, ...]:
    """Every fortieth message of the corpus: all kinds, seconds to train."""
    return read_corpus(ROOT / "training" / "corpus")[::40]


@pytest.fixture(scope="session")
def small_model(few_messages: tuple[LabelledMessage, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on few messages."""
    path = tmp_path_factory.mktemp("models") / "small"
    train(few_messages, path, Recipe(created=CREATED, jobs=1))
    return path
