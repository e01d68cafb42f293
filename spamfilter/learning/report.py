"""An evaluation as one HTML page that needs no other file, plots included, and as figures for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from spamfilter.errors import InputError
from spamfilter.learning.evaluate import Evaluation, Flags, Scores
from spamfilter.learning.page import Mistake, page
from spamfilter.learning.plots import plots
from spamfilter.records import atomic_file

PAGE: Final = "report.html"
FIGURES: Final = "evaluation.json"
WORST: Final = 50
"""Messages of either label that the page shows where nobody says otherwise."""


def write_report(
    folder: Path,
    evaluation: Evaluation,
    probability: Scores,
    is_spam: Flags,
    *,
    model: Mapping[str, Any],
    mistakes: Sequence[Mistake] = (),
) -> Path:
    """Write `report.html` and the same figures as `evaluation.json` into a folder, which is made where missing.

    The page holds the text of `mistakes`, and says so; the figures never hold a message.

    Args:
        folder: where to.
        evaluation: of the scores below.
        probability: shape (n,), in [0, 1].
        is_spam: shape (n,), the labels.
        model: what the model says of itself; its `version` heads the page.
        mistakes: messages to show, of either label the worst first.

    Returns:
        The path of the page.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    text = page(evaluation, plots(probability, is_spam), mistakes, str(model.get("version")))
    with atomic_file(folder / FIGURES) as stream:
        figures = {"model": model.get("version"), **evaluation.to_dict()}
        stream.write(json.dumps(figures, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    with atomic_file(folder / PAGE) as stream:
        stream.write(text.encode("utf-8", "replace"))
    return folder / PAGE


def worst(probability: Scores, is_spam: Flags, n: int) -> list[int]:
    """The `n` messages of either label on which the model was most wrong: good ones first, each side worst first.

    >>> worst(np.array([0.1, 0.7, 0.2, 0.9]), np.array([False, False, True, True]), 1)
    [1, 2]
    """
    chosen: list[int] = []
    for label in (False, True):
        rows = np.flatnonzero(is_spam == label)
        wrongness = probability[rows] if label else -probability[rows]
        chosen += rows[np.argsort(wrongness, kind="stable")][: max(n, 0)].tolist()
    return chosen
