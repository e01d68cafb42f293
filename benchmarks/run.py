"""Measure: `python -m benchmarks.run [--data DIR] [--quick] [--out FILE] [--docs]`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks import report
from benchmarks.data import divide, read_messages
from benchmarks.peers import PEERS, Setting
from benchmarks.timing import Effort, Step, measure, one_core
from spamfilter.errors import SpamFilterError

HERE: Final = Path(__file__).resolve().parent
CORPUS: Final = HERE.parent / "training" / "corpus"

FULL: Final = Effort(rounds=7, min_round_s=0.5, singles=2000)
QUICK: Final = Effort(rounds=2, min_round_s=0.05, singles=50)
FULL_MIX: Final = 20_000
QUICK_MESSAGES: Final = 800
QUICK_MIX: Final = 200


def benchmark(
    *, data: Path | None, quick: bool, seed: int, created: datetime, step: Step = lambda _what: None
) -> dict[str, Any]:
    """One run of all peers that are installed; see `report.result`.

    Args:
        data: folder that `training.fetch` made; the corpus alone where None.
        quick: few messages and little time, to see that everything works.
        seed: of the split, the mix and every training.
        created: the time of the run.
        step: told what is being done.

    Raises:
        InputError: if the messages cannot be used.
    """
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    effort = QUICK if quick else FULL
    with one_core() as cores_used, TemporaryDirectory(prefix="spamfilter-bench-") as folder:
        step("reading and dividing the messages")
        messages = read_messages(CORPUS, data, seed=seed, at_most=QUICK_MESSAGES if quick else None)
        split = divide(messages, seed=seed, mix_size=QUICK_MIX if quick else FULL_MIX)
        there = [peer for peer in PEERS if not peer.missing]
        measured = measure(there, split, Setting(Path(folder), created, seed), effort, step)
    about = report.Circumstances(created=created, seed=seed, quick=quick, cores_used=cores_used, load_before=load)
    return report.result(measured, split, effort, about)


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder that training.fetch filled; the corpus alone without it.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean nothing.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="JSON to write; benchmarks/results/latest.json, none with --quick.")
    ] = None,
    docs: Annotated[bool, typer.Option("--docs", help="Write the table into docs/benchmarks.md too.")] = False,
    seed: Annotated[int, typer.Option(help="Of the split, the mix and every training.")] = 0,
) -> None:
    """Measure our scoring beside its peers: same messages, same training data, one core, one run.

    Example: python -m benchmarks.run --data data --docs
    """
    out = out or (None if quick else HERE / "results" / "latest.json")
    errors = Console(stderr=True)
    if docs and (out is None or out.resolve().parent != HERE / "results"):
        raise typer.BadParameter("the page names its result: give --out in benchmarks/results/", param_hint="--docs")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=errors, transient=True) as progress:
            task = progress.add_task("")

            def step(what: str) -> None:
                progress.update(task, description=what)
                if not errors.is_terminal:
                    errors.print(what, markup=False, highlight=False)

            run = benchmark(data=data, quick=quick, seed=seed, created=datetime.now(UTC), step=step)
    except SpamFilterError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    report.show(run, report.table_console())
    if out is not None:
        report.write(run, out)
        errors.print(f"written: {out}", markup=False, highlight=False, soft_wrap=True)
    if docs and out is not None:
        report.write_page(run, out.name)


if __name__ == "__main__":
    typer.run(main)
