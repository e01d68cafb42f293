"""The recipe of `models/default`: our own corpus and whatever public sources are there.

    python -m training.fetch data                  # or: --from a folder that holds them
    python -m training.train --data data

The model card is written beside the model, from the manifest: no figure in it was typed by hand.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from spamfilter.errors import SpamFilterError
from spamfilter.learning.dataset import CORPUS, read_corpus, read_labelled
from spamfilter.learning.train import Recipe, summarise, train
from spamfilter.model.artifact import Artifact
from training.sources import load_sources

HERE: Final = Path(__file__).resolve().parent
CARD: Final = HERE / "MODEL_CARD.template.md"


def main(
    data: Annotated[Path | None, typer.Option(help="Folder that training.fetch filled.")] = None,
    corpus: Annotated[Path, typer.Option(help="Our own labelled messages.")] = HERE / "corpus",
    out: Annotated[Path, typer.Option(help="Model folder to write.")] = HERE.parent / "models" / "default",
    seed: Annotated[int, typer.Option(help="Of the folds and of the placeholder rewriting.")] = 0,
    jobs: Annotated[int | None, typer.Option(help="Processes and threads; all cores by default.")] = None,
) -> None:
    """Train the shipped model.

    Example: python -m training.train --data data
    """
    console = Console(stderr=True)
    try:
        messages = list(read_corpus(corpus))
        if data is not None:
            messages += read_labelled(sorted(data.glob("*.jsonl"))).messages
        else:
            console.print("no --data: the own corpus alone")
        told = _told(summarise(messages))
        with Progress(console=console) as progress:
            tasks: dict[str, TaskID] = {}

            def show(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    for task in tasks.values():
                        progress.update(task, completed=progress.tasks[task].total)
                    tasks[step] = progress.add_task(step, total=total)
                progress.update(tasks[step], completed=done)

            recipe = Recipe(created=_created(), seed=seed, jobs=jobs)
            artifact = train(messages, out, recipe, data=told, progress=show)
    except SpamFilterError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    (out / "MODEL_CARD.md").write_text(model_card(artifact), encoding="utf-8")
    console.print(f"{out}: {artifact.version}")


def model_card(artifact: Artifact) -> str:
    """The model card of an artifact, from `MODEL_CARD.template.md`."""
    manifest = artifact.manifest
    metrics = manifest["metrics"]
    recall = "\n".join(
        f"| {stage} | {rates['0.001']:.3f} | {rates['0.01']:.3f} |" for stage, rates in metrics["recall_at_fpr"].items()
    )
    sources = "\n".join(
        f"| {row['source']} | {row['spam']:,} | {row['ham']:,} | {row.get('what', '')} | {row.get('licence', '')} |"
        for row in manifest["data"]
    )
    return Template(CARD.read_text(encoding="utf-8")).substitute(
        version=artifact.version,
        created=manifest["created"],
        kinds=", ".join(f"`{k}`" for k in manifest["kinds"]),
        recall=recall,
        sources=sources,
        n_ham=f"{metrics['n_ham']:,}",
        n_spam=f"{metrics['n_spam']:,}",
        held_out=metrics["held_out"],
        ece=metrics["expected_calibration_error"],
        fpr=manifest["policy"]["fpr"],
        second_stage_share=f"{metrics['second_stage_share']:.1%}",
        packages=", ".join(f"{k} {v}" for k, v in manifest["packages"].items()),
    )


def _told(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sources as the manifest shall tell of them: counted, with what they are and their licence."""
    about = {s.name: {"what": s.what, "licence": s.licence} for s in load_sources().sources}
    about[CORPUS] = {"what": "this project's own messages", "licence": "Apache-2.0"}
    return [{**row, **about.get(row["source"], {})} for row in data]


def _created() -> datetime:
    """Now, or the time that SOURCE_DATE_EPOCH names, for a build that can be repeated to the byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


if __name__ == "__main__":
    typer.run(main)
