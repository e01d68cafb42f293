"""`spamfilter score`: a file of messages in, the same rows with verdicts out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.text import Text

from spamfilter.cli import exits
from spamfilter.cli.options import JsonOption, KiwiOption, ModelOption
from spamfilter.cli.terminal import (
    LABEL_KO,
    LABEL_STYLE,
    category_name,
    meter,
    output_console,
    visible,
)
from spamfilter.engine import SpamFilter
from spamfilter.errors import InputError, RowError
from spamfilter.records import STDIN, Batch, Columns, Format, Output, open_output, read_batches
from spamfilter.types import Category, Label

SHOWN_ERRORS: Final = 20
_SHOWN_CHARS: Final = 100
_LABELS: Final = np.array([label.value for label in Label])


@dataclass(slots=True)
class Tally:
    """What a run came to so far."""

    labels: dict[str, int] = field(default_factory=lambda: {label.value: 0 for label in Label})
    second_stage: int = 0
    refused: int = 0
    seconds: float = 0.0

    @property
    def scored(self) -> int:
        """How many messages were scored."""
        return sum(self.labels.values())


def score(  # noqa: PLR0913 (an option a parameter)
    file: Annotated[str, typer.Argument(help="File of messages; - is standard input.", metavar="FILE|-")] = STDIN,
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where to: .jsonl or .parquet; - is standard output.")
    ] = STDIN,
    format: Annotated[
        Format | None, typer.Option(help="How FILE is to be read, if its suffix does not tell; standard input is text.")
    ] = None,
    text_field: Annotated[str, typer.Option(help="Field or column that holds the message.")] = "text",
    model: ModelOption = None,
    full: Annotated[bool, typer.Option("--full", help="Whole verdicts: reasons, restored text, entities.")] = False,
    kiwi: KiwiOption = True,
    as_json: JsonOption = False,
) -> None:
    """Score every message of a file.

    Rows keep all their fields and gain label, probability, category, stage and model; a field of the input with such a
    name is kept as input_<name>. Rows that cannot be read are named on the standard error and do not lose the others.
    A file of results appears whole or not at all.

    Exit codes: 0 done; 1 done, but some rows were refused; 2 wrong usage or unreadable input, nothing written;
    4 the model was refused; 5 the system failed (disk full, optional package missing).
    """
    if file == STDIN and sys.stdin.isatty():
        typer.echo("표준 입력에서 한 줄에 메시지 하나씩 읽습니다. 끝은 Ctrl-D.", err=True)
    tally = Tally()
    batches = read_batches(file, format=format, text_field=text_field)
    first = next(batches)  # a file that cannot be read is told of before a model is loaded
    with meter() as progress, _sink(output, as_json=as_json) as sink:
        progress.show("모델을 읽는 중")
        spam = SpamFilter.load(model, kiwi="wait" if kiwi else "off")
        for batch in chain([first], batches):
            _tell_refused(batch, tally, as_json=as_json)
            began = time.perf_counter()
            sink.write(batch, _columns(spam, batch.texts, tally, full=full))
            tally.seconds += time.perf_counter() - began
            progress.show(f"{tally.scored:,}건 판정", batch.fraction)
        if tally.refused and not tally.scored:
            raise InputError(f"{file}: none of its {tally.refused} rows could be read")
    _summarise(tally, spam.info.version, as_json=as_json)
    if tally.refused:
        raise typer.Exit(exits.ROWS_REFUSED)


def _columns(spam: SpamFilter, texts: list[str], tally: Tally, *, full: bool) -> Columns:
    if full:
        verdicts = [verdict.to_dict() for verdict in spam.classify(texts)]
        for verdict in verdicts:
            tally.labels[verdict["label"]] += 1
            tally.second_stage += verdict["stage"] == "morphemes"
        names = ("label", "probability", "category", "stage", "model", "reasons", "restored_text", "entities", "advert")
        columns: dict[str, list[object]] = {
            name: [verdict[name] for verdict in verdicts] for name in (*names, "sender_message")
        }
        return columns | {"probability": np.array(columns["probability"], np.float32)}
    decisions = spam.decide(texts)
    for label, count in zip(_LABELS, np.bincount(decisions.labels, minlength=len(_LABELS)), strict=True):
        tally.labels[label] += int(count)
    tally.second_stage += int(decisions.second_stage.sum())
    kinds = np.array([kind.value for kind in decisions.kinds])
    return {
        "label": _LABELS[decisions.labels].tolist(),
        "probability": decisions.probability,
        "category": kinds[decisions.categories].tolist(),
        "stage": np.where(decisions.second_stage, "morphemes", "ngrams").tolist(),
        "model": [spam.info.version] * len(texts),
    }


@contextmanager
def _sink(output: str, *, as_json: bool) -> Iterator[Output]:
    """Rows for machines, unless a person sits before them."""
    if output == STDIN and sys.stdout.isatty() and not as_json:
        yield _TerminalRows(output_console())
        return
    with open_output(output) as sink:
        yield sink


class _TerminalRows:
    """One line a message: label, probability, category and its beginning."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, batch: Batch, added: Columns) -> None:
        rows = zip(batch.texts, added["label"], added["probability"], added["category"], strict=True)
        for text, label, probability, category in rows:
            line = Text(no_wrap=True, overflow="ellipsis")
            line.append(LABEL_KO[Label(label)], LABEL_STYLE[Label(label)])
            line.append(f" {float(probability):.3f} {category_name(Category(category))}  ", "dim")
            line.append(" ".join(visible(text[:_SHOWN_CHARS]).split()))
            self._console.print(line)


def _tell_refused(batch: Batch, tally: Tally, *, as_json: bool) -> None:
    for error in batch.errors:
        tally.refused += 1
        if as_json:
            typer.echo(json.dumps({"refused": _error_fields(error)}, ensure_ascii=False), err=True)
        elif tally.refused <= SHOWN_ERRORS:
            typer.echo(f"spamfilter: {error}", err=True)
        elif tally.refused == SHOWN_ERRORS + 1:
            typer.echo("spamfilter: ... further rows are only counted", err=True)


def _error_fields(error: RowError) -> dict[str, object]:
    return {"path": error.path, "line": error.line, "field": error.field, "expected": error.expected}


def _summarise(tally: Tally, model: str, *, as_json: bool) -> None:
    if as_json:
        summary = {
            "scored": tally.scored,
            "refused": tally.refused,
            "labels": tally.labels,
            "second_stage": tally.second_stage,
            "seconds": round(tally.seconds, 3),
            "model": model,
        }
        typer.echo(json.dumps({"summary": summary}), err=True)
        return
    total = max(tally.scored, 1)
    shares = " · ".join(
        f"{LABEL_KO[Label(name)]} {count:,}건({count / total:.1%})" for name, count in tally.labels.items()
    )
    rate = tally.scored / tally.seconds if tally.seconds else 0.0
    parts = [f"{tally.scored:,}건 판정: {shares}", f"{tally.seconds:.1f}초, 초당 {rate:,.0f}건"]
    parts.append(f"형태소까지 본 메시지 {tally.second_stage / total:.1%}")
    if tally.refused:
        parts.append(f"읽지 못한 행 {tally.refused:,}개")
    typer.echo(" | ".join(parts), err=True)
