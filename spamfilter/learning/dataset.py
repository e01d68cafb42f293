"""Labelled messages from files: JSON lines, CSV, TSV or Parquet, with every fault named by file, line and field."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, Literal

from spamfilter.errors import InputError, RowError
from spamfilter.records import format_of, missing_column, read_batches
from spamfilter.types import Category

SHOWN_ERRORS: Final = 20
"""Refused rows that are kept and named; of the others only the number is."""

_MAX_ID: Final = 64

CORPUS: Final = "corpus"
"""The source name of our own messages: their placeholders are rewritten before they teach anything."""

CORPUS_WEIGHT: Final = 15.0
"""One of our own messages was written for what the public sources lack; it counts as so many of theirs."""

_LABELS: Final[Mapping[object, bool]] = {"spam": True, "ham": False, "1": True, "0": False, 1: True, 0: False}

_SHOWABLE: Final = re.compile("[A-Za-z_][A-Za-z0-9_.-]{0,23}|[가-힣]{1,4}|-?[0-9.]{1,4}")


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """One message and what a person says it is.

    Attributes:
        text: the message.
        is_spam: its label.
        kind: what it is about, of the label's side; None where nobody said.
        source: where it comes from; the unit of leave-one-source-out.
        weight: how much it counts in training, above 0.
        cluster: joins near-duplicates of one source, which must not be split; None where nobody looked.
    """

    text: str
    is_spam: bool
    kind: Category | None = None
    source: str = ""
    weight: float = 1.0
    cluster: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind.is_spam != self.is_spam:
            raise ValueError(f"the kind {self.kind.value!r} is {_name(self.kind.is_spam)}, the label is not")
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"weight must be a finite number above 0, got {self.weight}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands.

    Attributes:
        path: of the file, as it was given.
        line: 1-based line of a text file, 1-based row of Parquet.
        row_id: the field `id` of its row; empty where it has none.
    """

    path: str
    line: int
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled messages, and the rows that were refused on the way.

    Attributes:
        messages: in the order of the files.
        places: of each message.
        errors: the first 20 refused rows; empty unless `on_error` was "skip".
        n_refused: how many rows were refused.
    """

    messages: tuple[LabelledMessage, ...]
    places: tuple[Place, ...]
    errors: tuple[RowError, ...] = ()
    n_refused: int = 0

    def __len__(self) -> int:
        return len(self.messages)

    @property
    def n_spam(self) -> int:
        """How many are spam."""
        return sum(message.is_spam for message in self.messages)


def read_labelled(
    paths: Sequence[str | PathLike[str]],
    *,
    on_error: Literal["refuse", "skip"] = "refuse",
    any_kind: bool = False,
    source: str | None = None,
) -> Dataset:
    """Read labelled messages.

    Each row has `text` (a string) and `label` (`spam` or `ham` in any case, 1 or 0, true or false: 1 and true are
    spam). It may have `kind` (a `Category`; empty where unknown), `source` (a string; else the file's name without
    suffix), `weight` (a number above 0; else 1) and `cluster` (a string or whole number). Other fields are ignored.

    Args:
        paths: files of JSON lines, CSV, TSV or Parquet, told apart by their suffix.
        on_error: "refuse" reads all files to the end and then names the first 20 faults in one error; "skip" leaves
            out the rows at fault.
        any_kind: take a `kind` that is no `Category` of the label's side for none, as in data with kinds of its own;
            otherwise it is a fault.
        source: the source of all messages, whatever their rows say.

    Raises:
        InputError: if a file cannot be read, lacks a column, if rows are at fault, or if there is no message.
        MissingExtraError: if a file is Parquet and pyarrow is not installed.
    """
    if isinstance(paths, str | PathLike):
        raise InputError("a sequence of files expected, a single path given: put it in a list")
    messages: list[LabelledMessage] = []
    places: list[Place] = []
    errors: list[RowError] = []
    n_refused = 0
    names = [fspath(path) for path in paths]
    for path in names:
        for row in _labelled_rows(path, any_kind, source):
            if not isinstance(row, RowError):
                places.append(row[0])
                messages.append(row[1])
                continue
            n_refused += 1
            if len(errors) < SHOWN_ERRORS:
                errors.append(row)
    if errors and on_error == "refuse":
        raise InputError("\n".join(fault_lines(errors, n_refused)))
    if not messages:
        raise InputError(f"no labelled message in {', '.join(names) or 'no file'}")
    return Dataset(tuple(messages), tuple(places), tuple(errors), n_refused)


def read_corpus(folder: str | PathLike[str]) -> tuple[LabelledMessage, ...]:
    """Our own messages: every `.jsonl` file of a folder, in the order of their names.

    Raises:
        InputError: if there is none, or a row is at fault.
    """
    files = sorted(Path(folder).glob("*.jsonl"))
    if not files:
        raise InputError(f"no .jsonl file in {folder}")
    return tuple(replace(m, weight=CORPUS_WEIGHT) for m in read_labelled(files, source=CORPUS).messages)


def fault_lines(errors: Iterable[RowError], n_refused: int) -> list[str]:
    """The lines that tell a person of refused rows: their number, then each of those that were kept."""
    shown = [str(error) for error in errors]
    more = [f"... and {n_refused - len(shown)} more"] if n_refused > len(shown) else []
    return [f"{n_refused} row{'s' if n_refused > 1 else ''} refused:", *shown, *more]


def _labelled_rows(path: str, any_kind: bool, source: str | None) -> Iterator[tuple[Place, LabelledMessage] | RowError]:
    if format_of(path) == "text":
        raise InputError(f"{path}: lines of text have no labels; give JSON lines, CSV, TSV or Parquet")
    has_columns = format_of(path) != "jsonl"
    for batch in read_batches(path):
        yield from batch.errors
        for line, fields in zip(batch.lines, batch.to_rows(), strict=True):
            if has_columns and "label" not in fields:
                raise missing_column(path, "label", list(fields))
            row = _labelled(path, line, fields, any_kind, source)
            yield row if isinstance(row, RowError) else (Place(path, line, _row_id(fields.get("id"))), row)


def _row_id(value: object) -> str:
    return str(value)[:_MAX_ID] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _labelled(
    path: str, line: int, fields: Mapping[str, Any], any_kind: bool, source: str | None
) -> LabelledMessage | RowError:
    field = "label"
    try:
        is_spam = _label(fields.get("label"))
        field = "kind"
        kind = _kind(fields.get("kind"), is_spam, any_kind)
        field = "source"
        source = source if source is not None else _name_or_none(fields.get("source")) or Path(path).stem
        field = "weight"
        weight = _weight(fields.get("weight"))
        field = "cluster"
        cluster = _name_or_none(fields.get("cluster"))
    except ValueError as error:
        return RowError(path, line, field, str(error))
    return LabelledMessage(fields["text"], is_spam, kind, source, weight, cluster)


def _label(value: object) -> bool:
    key = value.strip().lower() if isinstance(value, str) else value
    if not isinstance(key, str | int | float) or key not in _LABELS:
        raise ValueError(f"spam or ham (or 1 or 0) expected, got {_shown(value)}")
    return _LABELS[key]


def _kind(value: object, is_spam: bool, any_kind: bool) -> Category | None:
    if value is None or value == "":
        return None
    found = next((kind for kind in Category if kind.value == value), None)
    if found is not None and found.is_spam == is_spam:
        return found
    if any_kind:
        return None
    example = next(kind.value for kind in Category if kind.is_spam == is_spam)
    raise ValueError(f"a category of {_name(is_spam)}, such as {example!r}, or nothing expected, got {_shown(value)}")


def _weight(value: object) -> float:
    if value is None or value == "":
        return 1.0
    try:
        weight = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise ValueError(f"a finite number above 0 expected, got {_shown(value)}")
    return weight


def _name_or_none(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"a string expected, got {_shown(value)}")


def _name(is_spam: bool) -> str:
    return "spam" if is_spam else "ham"


def _shown(value: object) -> str:
    """A value of a small field for an error: in a shifted row it may be the message, so only what looks like a name."""
    if value is None:
        return "nothing"
    if isinstance(value, str | int | float) and _SHOWABLE.fullmatch(str(value)):
        return repr(value)
    return f"a value of {len(str(value))} characters"
