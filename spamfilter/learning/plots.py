"""The plots of a report: SVG whose colours and font are those of the page it stands in, in light, dark and print."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from spamfilter.errors import MissingExtraError
from spamfilter.learning.evaluate import BUDGETS, Flags, Scores, reliability

try:
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtraError(error.name or "matplotlib", "report", "a report with plots") from error

_INK, _LINE, _SPAM, _HAM = "#010203", "#010204", "#010205", "#010206"
_VARIABLES: Final = {_INK: "var(--muted)", _LINE: "var(--line)", _SPAM: "var(--spam)", _HAM: "var(--ham)"}
"""matplotlib knows no CSS variables: it draws in these colours, and they are replaced in its text."""

_FONT: Final = re.compile(r"(font-family: |font: [^;\"]*?px )[^;\"]+")
"""Of either form: matplotlib wrote the short one before it wrote the long one."""

_STYLE: Final[dict[str, Any]] = {
    **{f"axes.spines.{side}": False for side in ("top", "right")},
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), _INK),
    "grid.color": _LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "svg.fonttype": "none",
    "font.size": 10,
}
_BINS: Final = 50
_SIZE: Final = (4.4, 3.3)

Draw = Callable[[Axes, Scores, Flags], None]


def plots(probability: Scores, is_spam: Flags) -> dict[str, str]:
    """The plots that these scores allow, as SVG text by Korean title.

    Args:
        probability: shape (n,), in [0, 1].
        is_spam: shape (n,), the labels.
    """
    drawn: dict[str, Draw] = {"확률 보정": _calibration, "확률 분포": _histogram}
    if is_spam.any() and not is_spam.all():
        drawn = {"정밀도와 탐지율": _precision_recall, "오탐률에 따른 탐지율": _recall_by_fpr, **drawn}
    return {title: _svg(draw, probability, is_spam) for title, draw in drawn.items()}


def _svg(draw: Draw, probability: Scores, is_spam: Flags) -> str:
    sink = io.StringIO()
    # A fixed salt and no date: the same figures make the same file.
    rc: Any = _STYLE | {"svg.hashsalt": draw.__name__}
    with mpl.rc_context(rc), warnings.catch_warnings():
        # Its own font lacks Hangul; the text stays text and the browser's font has it.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure = Figure(figsize=_SIZE, layout="constrained")
        draw(figure.add_subplot(), probability, is_spam)
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(sink, format="svg", transparent=True, metadata=metadata)
    text = sink.getvalue()
    text = _FONT.sub(r"\1var(--font)", text[text.index("<svg") :])
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text


def _precision_recall(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    found, wrong = _curve(probability, is_spam)
    recall, precision = found / found[-1], found / (found + wrong)
    axes.plot(np.insert(recall, 0, 0.0), np.insert(precision, 0, precision[0]), color=_SPAM)
    axes.set(xlabel="탐지율(재현율)", ylabel="정밀도", xlim=(0, 1.02), ylim=(0, 1.02))


def _recall_by_fpr(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    found, wrong = _curve(probability, is_spam)
    n_ham = int((~is_spam).sum())
    least = 0.5 / n_ham  # where no message is wrongly flagged, which a logarithm cannot show
    axes.step(np.maximum(wrong / n_ham, least), found / found[-1], where="post", color=_SPAM)
    for budget in BUDGETS:
        axes.axvline(budget, color=_HAM, linewidth=1, linestyle="--")
    axes.set(xlabel="오탐률 (로그 눈금)", ylabel="탐지율(재현율)", xscale="log", xlim=(least, 1), ylim=(0, 1.02))
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value * 100:g} %")  # setting the scale resets it


def _calibration(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    bins = reliability(probability, is_spam)
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=1, linestyle="--")
    said, came = [b.mean_probability for b in bins], [b.spam_share for b in bins]
    axes.plot(said, came, color=_HAM, linewidth=1)
    axes.scatter(said, came, s=[12 + 18 * np.log10(b.n) for b in bins], color=_HAM, zorder=3)
    axes.set(xlabel="말한 확률", ylabel="실제 스팸 비율", xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))


def _histogram(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    edges = np.linspace(0.0, 1.0, _BINS + 1).tolist()
    axes.hist(probability[~is_spam], bins=edges, color=_HAM, alpha=0.6, label="정상")
    axes.hist(probability[is_spam], bins=edges, color=_SPAM, alpha=0.6, label="스팸")
    axes.set(xlabel="스팸일 확률", ylabel="메시지 수 (로그 눈금)", yscale="symlog", xlim=(0, 1))
    axes.legend(frameon=False, loc="upper center")


def _curve(probability: Scores, is_spam: Flags) -> tuple[Scores, Scores]:
    """Spam found and good messages flagged as the threshold falls; equal scores are flagged together."""
    order = np.argsort(-probability, kind="stable")
    ends = np.append(np.diff(probability[order]) != 0, True)
    found = np.cumsum(is_spam[order])[ends].astype(np.float64)
    return found, np.flatnonzero(ends) + 1.0 - found
