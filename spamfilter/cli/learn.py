"""`spamfilter train` and `spamfilter evaluate`: from labelled files to a model, and what a model is worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.table import Table

from spamfilter.cli import exits
from spamfilter.cli.options import JsonOption, KiwiOption, ModelOption
from spamfilter.cli.terminal import meter, output_console, visible
from spamfilter.engine import SpamFilter
from spamfilter.errors import InputError, MissingExtraError
from spamfilter.learning.dataset import Dataset, LabelledMessage, fault_lines, read_labelled
from spamfilter.learning.evaluate import Evaluation, GroupRow, Interval, Share, evaluate

OWN_CORPUS: Final = Path(__file__).resolve().parents[2] / "training" / "corpus"
"""The labelled messages of this project, where the package runs from a checkout."""

_BATCH: Final = 4096
_FILES_HELP: Final = "Labelled JSON lines, CSV, TSV or Parquet: text, label; optional kind, source, weight, cluster."
_STEPS_KO: Final = {
    "near-duplicates": "비슷한 메시지를 묶는 중",
    "kinds": "종류를 짐작하는 중",
    "n-gram stage": "글자 단계 학습",
    "morphemes": "형태소 분석",
    "morpheme stage": "형태소 단계 학습",
    "writing": "모델을 쓰는 중",
}

AnyKindOption = Annotated[
    bool, typer.Option("--any-kind", help="Take kinds that are none of ours for unknown, instead of refusing the row.")
]
SkipOption = Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows at fault, instead of refusing all.")]


def train(  # noqa: PLR0913 (an option a parameter)
    output: Annotated[Path, typer.Option("--output", "-o", help="Model folder to write.", metavar="DIR")],
    files: Annotated[list[str] | None, typer.Argument(help=_FILES_HELP, metavar="FILE")] = None,
    with_corpus: Annotated[
        bool, typer.Option("--with-corpus", help="Add this project's own labelled messages.")
    ] = False,
    corpus: Annotated[
        Path | None, typer.Option(help="Add all .jsonl files of a folder as such messages.", metavar="DIR")
    ] = None,
    fpr: Annotated[
        float | None,
        typer.Option(
            help="Share of good messages that may be blocked at most; by default 0.001, or what few messages can prove."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and files give the same weights.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes and threads; by default all cores.")] = None,
    any_kind: AnyKindOption = False,
    skip_bad_rows: SkipOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a model on labelled messages.

    It is measured on messages held out by near-duplicate cluster, and written whole or not at all. `spamfilter serve
    --model DIR` and every --model option take it.

    Exit codes: 0 done; 1 done, with rows left out by --skip-bad-rows; 2 wrong usage, rows at fault, or too few
    messages to prove --fpr; 4 DIR holds something else than a model; 5 the system failed.
    """
    dataset = _labelled(files, any_kind=any_kind, skip=skip_bad_rows) if files else None
    messages = list(dataset.messages) if dataset else []
    folder = corpus or (OWN_CORPUS if with_corpus else None)
    if folder is not None:
        messages += _training().read_corpus(folder)
    if not messages:
        raise InputError("nothing to learn from: give labelled files, --with-corpus or --corpus DIR")
    manifest = _train(messages, output, fpr=fpr, seed=seed, jobs=jobs)
    if as_json:
        summary = {name: manifest[name] for name in ("version", "created", "kinds", "metrics", "policy", "data")}
        typer.echo(json.dumps({"path": str(output), "messages": len(messages), **summary}, ensure_ascii=False))
    else:
        console = output_console()
        console.print(f"모델 {manifest['version']}: 메시지 {len(messages):,}건으로 학습해 {output}에 저장했습니다.")
        console.print(f"오탐 예산 {manifest['policy']['fpr']:.2%}")
        for line in _metric_lines(manifest["metrics"]):
            console.print(line)
        console.print(f"서비스로 쓰기: spamfilter serve --model {output}")
    if dataset is not None and dataset.n_refused:
        raise typer.Exit(exits.ROWS_REFUSED)


def _labelled(files: list[str], *, any_kind: bool, skip: bool) -> Dataset:
    with meter() as progress:
        progress.show("메시지를 읽는 중")
        dataset = read_labelled(files, on_error="skip" if skip else "refuse", any_kind=any_kind)
    if dataset.n_refused:
        for line in fault_lines(dataset.errors, dataset.n_refused):
            typer.echo(f"spamfilter: {line}", err=True)
    return dataset


def _training() -> Any:  # noqa: ANN401 (a module)
    try:
        from spamfilter.learning import train as train_module
    except ImportError as error:
        raise MissingExtraError(error.name or "scikit-learn", "train", "training") from error
    return train_module


def _train(
    messages: list[LabelledMessage], output: Path, *, fpr: float | None, seed: int, jobs: int | None
) -> Mapping[str, Any]:
    train_module = _training()
    with meter() as progress:

        def show(step: str, done: int, total: int) -> None:
            progress.show(_STEPS_KO.get(step, step), done / total if done else None)

        recipe = train_module.Recipe(created=datetime.now(UTC), seed=seed, fpr=fpr, jobs=jobs)
        artifact = train_module.train(messages, output, recipe, progress=show)
    manifest: Mapping[str, Any] = artifact.manifest
    return manifest


def _metric_lines(metrics: Mapping[str, Any]) -> list[str]:
    lines = [f"떼어 둔 메시지: 정상 {metrics['n_ham']:,}건, 스팸 {metrics['n_spam']:,}건"]
    for budget, recall in metrics["recall_at_fpr"]["cascade"].items():
        lines.append(f"오탐 {float(budget):.1%} 이내에서 스팸 {recall:.1%} 탐지")
    return [*lines, f"보정 오차(ECE) {metrics['expected_calibration_error']:.4f}"]


def evaluate_command(
    files: Annotated[list[str], typer.Argument(help=_FILES_HELP, metavar="FILE")],
    model: ModelOption = None,
    report: Annotated[
        Path | None, typer.Option(help="Write report.html with plots, and evaluation.json.", metavar="DIR")
    ] = None,
    kiwi: KiwiOption = True,
    any_kind: AnyKindOption = False,
    skip_bad_rows: SkipOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on labelled messages.

    Recall within false-positive budgets of 0.1 % and 1 %, calibration, and a table of what is flagged by source and by
    kind, with 95 % intervals. On messages that the model was trained on the figures say little.

    Exit codes: 0 done; 1 done, with rows left out by --skip-bad-rows; 2 wrong usage or rows at fault; 4 the model was
    refused; 5 the system failed.
    """
    write = _report_writer() if report is not None else None
    dataset = _labelled(files, any_kind=any_kind, skip=skip_bad_rows)
    spam = SpamFilter.load(model, kiwi="wait" if kiwi else "off")
    texts = [message.text for message in dataset.messages]
    parts = []
    with meter() as progress:
        for first in range(0, len(texts), _BATCH):
            progress.show(f"{first:,}건 판정", first / len(texts))
            parts.append(spam.decide(texts[first : first + _BATCH]).probability)
    probability = np.concatenate(parts)
    is_spam = np.array([message.is_spam for message in dataset.messages])
    evaluation = evaluate(
        probability,
        is_spam,
        sources=[message.source for message in dataset.messages],
        kinds=[message.kind.value if message.kind else "" for message in dataset.messages],
        spam_at=spam.policy.spam_at,
    )
    if as_json:
        typer.echo(json.dumps({"model": spam.info.version, **evaluation.to_dict()}, ensure_ascii=False))
    else:
        _show(evaluation, spam.info.version)
    if write is not None and report is not None:
        page = write(report, evaluation, probability, is_spam, model=spam.info.to_dict())
        typer.echo(f"보고서: {page}", err=True)
    if dataset.n_refused:
        raise typer.Exit(exits.ROWS_REFUSED)


def _report_writer() -> Callable[..., Path]:
    """Imported before anything is scored: a missing package is told at once."""
    from spamfilter.learning.report import write_report

    return write_report


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
