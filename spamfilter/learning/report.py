"""An evaluation as one HTML page that needs no other file, plots included."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np

from spamfilter.errors import InputError, MissingExtraError
from spamfilter.learning.evaluate import Evaluation, Flags, GroupRow, Interval, Scores, Share, reliability
from spamfilter.records import atomic_file

try:
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtraError(error.name or "matplotlib", "report", "a report with plots") from error

PAGE: Final = "report.html"
FIGURES: Final = "evaluation.json"

_SPAM: Final = "#c2410c"
_HAM: Final = "#1d4ed8"
_BINS: Final = 50

_STYLE: Final = """
:root { color-scheme: light; } body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto;
padding: 0 1rem; color: #1c1917; background: #fff; } table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid #e7e5e4; text-align: right; } th:first-child,
td:first-child { text-align: left; } small { color: #57534e; } .plots { display: flex; flex-wrap: wrap; gap: 1rem; }
.plots figure { margin: 0; flex: 1 1 18rem; } .plots svg { width: 100%; height: auto; }
"""


def write_report(
    folder: Path, evaluation: Evaluation, probability: Scores, is_spam: Flags, *, model: Mapping[str, Any]
) -> Path:
    """Write `report.html` and the same figures as `evaluation.json` into a folder, which is made where missing.

    No message stands in either.

    Args:
        folder: where to.
        evaluation: of the scores below.
        probability: shape (n,), in [0, 1].
        is_spam: shape (n,), the labels.
        model: what the model says of itself; its `version` heads the page.

    Returns:
        The path of the page.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    plots = {
        "Precision and recall": _precision_recall,
        "Calibration": _calibration,
        "Probabilities": _histogram,
    }
    drawn = {title: _svg(draw, probability, is_spam) for title, draw in plots.items()}
    with atomic_file(folder / FIGURES) as stream:
        figures = {"model": model.get("version"), **evaluation.to_dict()}
        stream.write(json.dumps(figures, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    with atomic_file(folder / PAGE) as stream:
        stream.write(_page(evaluation, drawn, str(model.get("version"))).encode("utf-8", "replace"))
    return folder / PAGE


def _svg(draw: Callable[[Axes, Scores, Flags], None], probability: Scores, is_spam: Flags) -> str:
    # A fixed salt and no date: the same figures make the same file.
    with mpl.rc_context({"svg.hashsalt": draw.__name__, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(4.6, 3.6), layout="constrained")
        draw(figure.add_subplot(), probability, is_spam)
        sink = io.StringIO()
        figure.savefig(sink, format="svg", metadata={"Date": None})
    text = sink.getvalue()
    return text[text.index("<svg") :]


def _precision_recall(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    if is_spam.any():
        order = np.argsort(-probability, kind="stable")
        found = np.cumsum(is_spam[order])
        ends = np.append(np.diff(probability[order]) != 0, True)  # equal scores are flagged together
        recall = found[ends] / found[-1]
        precision = found[ends] / (np.flatnonzero(ends) + 1)
        axes.plot(np.insert(recall, 0, 0.0), np.insert(precision, 0, 1.0), color=_SPAM)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))


def _calibration(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    found = reliability(probability, is_spam)
    axes.plot([0, 1], [0, 1], color="#a8a29e", linewidth=1, linestyle="--")
    axes.plot([b.mean_probability for b in found], [b.spam_share for b in found], color=_HAM, marker="o")
    axes.set(xlabel="probability said", ylabel="share that was spam", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))


def _histogram(axes: Axes, probability: Scores, is_spam: Flags) -> None:
    edges = np.linspace(0.0, 1.0, _BINS + 1).tolist()
    axes.hist(probability[~is_spam], bins=edges, color=_HAM, alpha=0.6, label="ham")
    axes.hist(probability[is_spam], bins=edges, color=_SPAM, alpha=0.6, label="spam")
    axes.set(xlabel="probability of spam", ylabel="messages", yscale="symlog", xlim=(0, 1))
    axes.legend(frameon=False)


def _page(evaluation: Evaluation, plots: Mapping[str, str], version: str) -> str:
    figures = "".join(f"<figure><figcaption>{escape(t)}</figcaption>{svg}</figure>" for t, svg in plots.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>spamfilter {escape(version)}</title><style>{_STYLE}</style></head><body>
<h1>Evaluation of model {escape(version)}</h1>
<p>{evaluation.n_ham:,} legitimate messages, {evaluation.n_spam:,} spam. Expected calibration error
{evaluation.expected_calibration_error:.4f} (15 bins).
In brackets: 95 % intervals, which take messages as independent.</p>
{_points(evaluation)}<div class="plots">{figures}</div>
<h2>By source</h2>{_groups(evaluation, evaluation.by_source)}
<h2>By kind</h2>{_groups(evaluation, evaluation.by_kind)}
</body></html>
"""


def _points(evaluation: Evaluation) -> str:
    if not evaluation.points:
        return "<p>Recall within a budget needs both spam and ham; here is only one of them.</p>"
    rows = "".join(
        f"<tr><td>{p.budget:.1%}</td><td>{p.recall:.4f} {_interval(p.recall_interval)}</td>"
        f"<td>{p.fpr:.5f} {_interval(p.fpr_interval, 5)}</td><td>{p.threshold:.6g}</td></tr>"
        for p in evaluation.points
    )
    return _table(("false-positive budget", "recall", "false positives", "threshold"), rows)


def _groups(evaluation: Evaluation, groups: tuple[GroupRow, ...]) -> str:
    rows = "".join(
        f"<tr><td>{escape(g.name) or '(none)'} <small>{'spam' if g.is_spam else 'ham'}</small></td>"
        f"<td>{g.flagged[0].total:,}</td>{''.join(f'<td>{_share(share)}</td>' for share in g.flagged)}</tr>"
        for g in groups
    )
    return _table(("", "messages", *(f"flagged, {cut.name}" for cut in evaluation.cuts)), rows)


def _table(head: tuple[str, ...], rows: str) -> str:
    cells = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>"


def _share(share: Share) -> str:
    return f"{share.value:.4f} {_interval(share.interval)}"


def _interval(interval: Interval, digits: int = 4) -> str:
    return f"<small>[{interval.low:.{digits}f}, {interval.high:.{digits}f}]</small>"
