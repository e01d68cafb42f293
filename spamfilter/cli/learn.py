"""`spamfilter train`: from labelled files to a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from spamfilter.cli import exits
from spamfilter.cli.options import JsonOption
from spamfilter.cli.terminal import meter, output_console
from spamfilter.errors import InputError, MissingExtraError
from spamfilter.learning.dataset import Dataset, LabelledMessage, fault_lines, read_corpus, read_labelled

OWN_CORPUS: Final = Path(__file__).resolve().parents[2] / "training" / "corpus"
"""The labelled messages of this project, where the package runs from a checkout."""

FILES_HELP: Final = "Labelled JSON lines, CSV, TSV or Parquet: text, label; optional kind, source, weight, cluster."
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
    files: Annotated[list[str] | None, typer.Argument(help=FILES_HELP, metavar="FILE")] = None,
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
    dataset = labelled(files, any_kind=any_kind, skip=skip_bad_rows) if files else None
    messages = list(dataset.messages) if dataset else []
    folder = corpus or (OWN_CORPUS if with_corpus else None)
    if folder is not None:
        messages += read_corpus(folder)
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


def labelled(files: list[str], *, any_kind: bool, skip: bool) -> Dataset:
    """Read labelled files with a progress bar; rows that were left out are told on the standard error."""
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
