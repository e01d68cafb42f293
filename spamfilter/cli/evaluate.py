"""`spamfilter evaluate`: what a model is worth on labelled messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.table import Table

from spamfilter.cli import exits
from spamfilter.cli.learn import FILES_HELP, AnyKindOption, SkipOption, labelled
from spamfilter.cli.options import JsonOption, KiwiOption, ModelOption
from spamfilter.cli.terminal import category_name, meter, output_console, visible
from spamfilter.engine import SpamFilter
from spamfilter.errors import InputError
from spamfilter.learning.attacks import MAX_ATTACKED, attack_rows
from spamfilter.learning.dataset import Dataset
from spamfilter.learning.evaluate import AttackRow, Confusion, Evaluation, Flags, GroupRow, Interval, Scores, Share
from spamfilter.learning.evaluate import evaluate as evaluate_scores
from spamfilter.learning.page import Mistake
from spamfilter.types import Category

_BATCH = 4096


@dataclass(frozen=True, slots=True)
class _Scored:
    """Messages, their labels, and what the model said of them."""

    texts: list[str]
    is_spam: Flags
    probability: Scores
    categories: list[str]


def evaluate(  # noqa: PLR0913 (an option a parameter)
    files: Annotated[list[str], typer.Argument(help=FILES_HELP, metavar="FILE")],
    model: ModelOption = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write report.html, one page with plots, and evaluation.json.", metavar="DIR"),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Show that many of the worst messages of either label in report.html, which then holds their text; "
            "50 by default, 0 for none.",
        ),
    ] = None,
    attacks: Annotated[
        bool,
        typer.Option("--attacks", help="Twist the messages as spam does and score them again, once a trick; slow."),
    ] = False,
    max_attacked: Annotated[
        int, typer.Option(min=1, help="With --attacks: at most so many of either label, drawn at random.")
    ] = MAX_ATTACKED,
    seed: Annotated[int, typer.Option(help="With --attacks: the same seed gives the same attacks.")] = 0,
    kiwi: KiwiOption = True,
    any_kind: AnyKindOption = False,
    skip_bad_rows: SkipOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on labelled messages.

    Recall within false-positive budgets of 0.1 % and 1 %, calibration, a table of what is flagged by source and by
    kind, with 95 % intervals, and which kind is taken for which. On messages that the model was trained on the
    figures say little.

    Exit codes: 0 done; 1 done, with rows left out by --skip-bad-rows; 2 wrong usage or rows at fault; 4 the model was
    refused; 5 the system failed.
    """
    if worst is not None and report is None:
        raise InputError("--worst shows messages in a report; name its folder with --report DIR")
    if report is not None:
        _report_module()  # a missing package is told before anything is scored
    dataset = labelled(files, any_kind=any_kind, skip=skip_bad_rows)
    spam = SpamFilter.load(model, kiwi="wait" if kiwi else "off")
    scored = _score(spam, dataset)
    evaluation = evaluate_scores(
        scored.probability,
        scored.is_spam,
        sources=[message.source for message in dataset.messages],
        kinds=[message.kind.value if message.kind else "" for message in dataset.messages],
        spam_at=spam.policy.spam_at,
        predicted=scored.categories,
    )
    if attacks and evaluation.points:
        evaluation = replace(evaluation, attacks=_attack(spam, scored, evaluation, seed, max_attacked))
    if as_json:
        typer.echo(json.dumps({"model": spam.info.version, **evaluation.to_dict()}, ensure_ascii=False))
    else:
        _show(evaluation, spam.info.version)
    if report is not None:
        typer.echo(f"보고서: {_write(report, spam, dataset, scored, evaluation, worst)}", err=True)
    if dataset.n_refused:
        raise typer.Exit(exits.ROWS_REFUSED)


def _score(spam: SpamFilter, dataset: Dataset) -> _Scored:
    texts = [message.text for message in dataset.messages]
    parts: list[npt.NDArray[np.float32]] = []
    categories: list[str] = []
    with meter() as progress:
        for first in range(0, len(texts), _BATCH):
            progress.show(f"{first:,}건 판정", first / len(texts))
            decisions = spam.decide(texts[first : first + _BATCH])
            parts.append(decisions.probability)
            categories += [decisions.category(i).value for i in range(len(decisions))]
    is_spam = np.array([message.is_spam for message in dataset.messages], bool)
    return _Scored(texts, is_spam, np.concatenate(parts), categories)


def _attack(
    spam: SpamFilter, scored: _Scored, evaluation: Evaluation, seed: int, max_attacked: int
) -> tuple[AttackRow, ...]:
    with meter() as progress:

        def show(family: str, done: int, total: int) -> None:
            progress.show(f"변형 공격: {family}", done / total)

        return attack_rows(
            spam.score,
            scored.texts,
            scored.is_spam,
            evaluation.points,
            seed=seed,
            max_attacked=max_attacked,
            progress=show,
        )


def _report_module() -> Any:  # noqa: ANN401 (a module)
    from spamfilter.learning import report

    return report


def _write(
    folder: Path, spam: SpamFilter, dataset: Dataset, scored: _Scored, evaluation: Evaluation, worst: int | None
) -> Path:
    report = _report_module()
    chosen = report.worst(scored.probability, scored.is_spam, report.WORST if worst is None else worst)
    mistakes = [
        Mistake(
            place=dataset.places[i],
            source=dataset.messages[i].source,
            kind=kind.value if (kind := dataset.messages[i].kind) else "",
            is_spam=dataset.messages[i].is_spam,
            probability=verdict.probability,
            label=verdict.label,
            category=verdict.category,
            text=verdict.restored_text,
        )
        for i, verdict in zip(chosen, spam.classify([scored.texts[i] for i in chosen]), strict=True)
    ]
    page: Path = report.write_report(
        folder, evaluation, scored.probability, scored.is_spam, model=spam.info.to_dict(), mistakes=mistakes
    )
    return page


def _show(evaluation: Evaluation, version: str) -> None:
    console = output_console()
    console.print(
        f"모델 {version}: 정상 {evaluation.n_ham:,}건, 스팸 {evaluation.n_spam:,}건, "
        f"보정 오차(ECE) {evaluation.expected_calibration_error:.4f}"
    )
    for point in evaluation.points:
        console.print(
            f"오탐 {point.budget:.1%} 이내: 탐지율 {point.recall:.2%} {_interval(point.recall_interval)}, "
            f"실제 오탐 {point.fpr:.3%} {_interval(point.fpr_interval, 3)}, 문턱값 {point.threshold:.6g}"
        )
    if not evaluation.points:
        console.print("스팸과 정상이 모두 있어야 탐지율을 잴 수 있습니다.")
    console.print(_table("출처", evaluation.by_source, evaluation))
    console.print(_table("종류", evaluation.by_kind, evaluation))
    console.print("칸은 걸러진 비율과 95 % 신뢰구간: 스팸이면 탐지율, 정상이면 오탐률입니다.")
    if evaluation.confusion is not None:
        console.print(_kinds_table(evaluation.confusion))
    if evaluation.attacks:
        console.print(_attacks_table(evaluation))
        console.print("문턱값은 원문의 정상 메시지에서 정한 그대로이고, 배수는 원문 오탐에 대한 것입니다.")


def _table(title: str, groups: tuple[GroupRow, ...], evaluation: Evaluation) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column(title)
    table.add_column("")
    table.add_column("건수", justify="right")
    for cut in evaluation.cuts:
        table.add_column("기본 정책" if cut.name == "policy" else cut.name, justify="right")
    for group in groups:
        cells = (_share(share) for share in group.flagged)
        table.add_row(
            visible(group.name) or "-", "스팸" if group.is_spam else "정상", f"{group.flagged[0].total:,}", *cells
        )
    return table


def _share(share: Share) -> str:
    return f"{share.value:.2%} {_interval(share.interval)}"


def _interval(interval: Interval, digits: int = 2) -> str:
    return f"({interval.low:.{digits}%}-{interval.high:.{digits}%})"


def _kinds_table(confusion: Confusion) -> Table:
    """For each kind how often it is named, and what it is most often mistaken for; the whole table is in the report."""
    table = Table(box=None, padding=(0, 1))
    for title in ("종류 맞힘", "건수", "맞힘", "같은 편", "가장 흔한 혼동"):
        table.add_column(title, justify="left" if title in ("종류 맞힘", "가장 흔한 혼동") else "right")
    for i, known in enumerate(confusion.known):
        recall, side = confusion.recall[i], confusion.right_side[i]
        others = [(n, g) for n, g in zip(confusion.counts[i], confusion.predicted, strict=True) if g != known and n]
        most = max(others, key=lambda pair: pair[0], default=None)
        mistaken = f"{category_name(Category(most[1]))} {most[0]:,}건" if most else "-"
        table.add_row(
            category_name(Category(known)), f"{recall.total:,}", f"{recall.value:.1%}", f"{side.value:.1%}", mistaken
        )
    return table


def _attacks_table(evaluation: Evaluation) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column("변형")
    for what in ("탐지율", "오탐"):
        for point in evaluation.points:
            table.add_column(f"{what} {point.budget:.1%}", justify="right")
    clean = evaluation.attacks[0]
    for row in evaluation.attacks:
        table.add_row(
            f"{row.family} ({row.role})", *(f"{r.value:.2%}" for r in row.recall), *_false_positives(row, row is clean)
        )
    return table


def _false_positives(row: AttackRow, is_clean: bool) -> Sequence[str]:
    return [
        f"{share.value:.3%}" + (f" (×{ratio:.1f})" if ratio is not None and not is_clean else "")
        for share, ratio in zip(row.fpr, row.fpr_ratio, strict=True)
    ]
