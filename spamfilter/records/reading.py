"""Files of messages, read in bounded batches: a file of any size costs the memory of one batch.

A row that cannot be read becomes a `RowError` beside the rows that can; a file that cannot be read at all is an
`InputError`. Neither ever carries what the row said.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, get_args

from spamfilter.errors import InputError, RowError
from spamfilter.records.batch import Batch, missing_column, require_pyarrow

Format = Literal["text", "jsonl", "csv", "tsv", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
STDIN: Final = "-"
"""The path that means standard input."""

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""Longest line, or CSV row: a file without line ends must not be read into memory whole."""
BATCH_ROWS: Final = 8192
BATCH_CHARACTERS: Final = 8 * 1024 * 1024
"""A batch ends at whichever comes first: 8,192 messages of a megabyte would be 8 GB."""

_SUFFIXES: Final[dict[str, Format]] = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_JSON_NAMES: Final = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", list: "an array"}

_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
"""What the bytes of a broken line decode to under `surrogateescape`, and no valid UTF-8 does."""

_Fields = dict[str, Any]
_Row = tuple[int, _Fields]
_RawLine = tuple[int, bytes]


def format_of(path: str, named: Format | None = None) -> Format:
    """The format of a file: the one named, else the one its suffix tells; standard input is text.

    Raises:
        InputError: if the suffix tells nothing and none is named.

    >>> format_of("inbox.csv"), format_of("-"), format_of("inbox.csv", "text")
    ('csv', 'text', 'text')
    """
    if named is not None:
        return named
    if path == STDIN:
        return "text"
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise InputError(f"{path}: the suffix {suffix!r} tells no format ({known}); name one of {', '.join(FORMATS)}")
    return _SUFFIXES[suffix]


def read_batches(
    path: str, *, format: Format | None = None, text_field: str = "text", batch_rows: int = BATCH_ROWS
) -> Iterator[Batch]:
    """Read a file of messages piece by piece; an empty file gives one empty batch.

    Text holds a message a line, empty lines included, so that message n is line n; JSON lines and CSV skip blank
    lines. Lines end at LF or CRLF only, since U+2028 and its like stand inside messages. CSV and TSV have a header
    and double quotes. A byte order mark is dropped. Whatever the format, text is UTF-8.

    Args:
        path: a file, or `-` for standard input.
        format: how to read it; by default what the suffix says, text for standard input.
        text_field: the field or column that holds the message.
        batch_rows: most messages in a batch; a batch also ends after 8 Mi characters.

    Raises:
        InputError: if the file cannot be opened, has no such column, or is not of the format.
        MissingExtraError: if it is Parquet and pyarrow is not installed.
    """
    format = format_of(path, format)
    if format == "parquet":
        if path == STDIN:
            raise InputError("Parquet is read from its end, so it cannot come from standard input: name the file")
        require_pyarrow()
        from spamfilter.records.parquet import read_parquet

        with _open(path) as stream:
            yield from read_parquet(stream, path, text_field, batch_rows, BATCH_CHARACTERS)
        return
    with _open(path) as stream:
        size = None if path == STDIN else os.fstat(stream.fileno()).st_size
        lines = _raw_lines(stream, path)
        if format == "text":
            rows = _text_rows(lines, path, text_field)
        elif format == "jsonl":
            rows = _json_rows(lines, path, text_field)
        else:
            rows = _csv_rows(lines, path, text_field, "," if format == "csv" else "\t")
        for batch_rows_read, errors in _pieces(rows, text_field, batch_rows):
            yield Batch(
                texts=[fields[text_field] for _, fields in batch_rows_read],
                lines=[line for line, _ in batch_rows_read],
                rows=[fields for _, fields in batch_rows_read],
                errors=tuple(errors),
                fraction=min(1.0, stream.tell() / size) if size else None,
            )


def _open(path: str) -> AbstractContextManager[BinaryIO]:
    if path == STDIN:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise InputError(f"{path}: cannot be read: {reason}") from None


def _pieces(
    rows: Iterable[_Row | RowError], text_field: str, batch_rows: int
) -> Iterator[tuple[list[_Row], list[RowError]]]:
    good: list[_Row] = []
    errors: list[RowError] = []
    characters = 0
    for row in rows:
        if isinstance(row, RowError):
            errors.append(row)
        else:
            good.append(row)
            characters += len(row[1][text_field])
        if len(good) + len(errors) >= batch_rows or characters >= BATCH_CHARACTERS:
            yield good, errors
            good, errors, characters = [], [], 0
    yield good, errors


def _raw_lines(stream: BinaryIO, path: str) -> Iterator[_RawLine | RowError]:
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise InputError(f"{path}: UTF-8 expected, this is UTF-16: iconv -f UTF-16 -t UTF-8")
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) > MAX_LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(MAX_LINE_BYTES)
            yield RowError(path, number, None, f"a line of at most {MAX_LINE_BYTES} bytes expected")
        else:
            yield number, raw


def _not_utf8(path: str, line: int) -> RowError:
    return RowError(path, line, None, "UTF-8 expected (is the file CP949? iconv -f CP949 -t UTF-8)")


def _decode(path: str, line: int, raw: bytes) -> str | RowError:
    try:
        return raw.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return _not_utf8(path, line)


def _text_rows(lines: Iterable[_RawLine | RowError], path: str, text_field: str) -> Iterator[_Row | RowError]:
    for line in lines:
        if isinstance(line, RowError):
            yield line
            continue
        number, raw = line
        text = _decode(path, number, raw)
        yield text if isinstance(text, RowError) else (number, {text_field: text})


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _json_rows(lines: Iterable[_RawLine | RowError], path: str, text_field: str) -> Iterator[_Row | RowError]:
    for line in lines:
        if isinstance(line, RowError):
            yield line
            continue
        number, raw = line
        text = _decode(path, number, raw)
        if isinstance(text, RowError):
            yield text
        elif text and not text.isspace():
            yield _json_row(path, number, text, text_field)


def _json_row(path: str, number: int, text: str, text_field: str) -> _Row | RowError:
    try:
        fields = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return RowError(path, number, None, f"a JSON object expected, broken at column {error.colno}")
    except (ValueError, RecursionError):  # NaN, a number of thousands of digits, a thousand brackets
        return RowError(path, number, None, "a JSON object expected, with numbers and nesting of ordinary size")
    if not isinstance(fields, dict):
        return RowError(path, number, None, "a JSON object expected")
    if text_field not in fields:
        return RowError(path, number, text_field, "a string expected, the field is missing")
    value = fields[text_field]
    if not isinstance(value, str):
        return RowError(path, number, text_field, f"a string expected, got {_JSON_NAMES.get(type(value), 'an object')}")
    return number, fields


class _CsvLines:
    """The lines of a CSV file for `csv.reader`, able to give back those of a broken row.

    A stray quote swallows lines until the next quote; they are given back, so that only its own line is lost.
    """

    def __init__(self, lines: Iterator[_RawLine | RowError]) -> None:
        self._lines = lines
        self._given_back: list[tuple[int, str]] = []
        self._taken: list[tuple[int, str]] = []
        self._size = 0

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        number, text = self._given_back.pop() if self._given_back else self._read()
        self._taken.append((number, text))
        self._size += len(text)
        if self._size > MAX_LINE_BYTES:
            raise csv.Error("row too long")
        return text

    def _read(self) -> tuple[int, str]:
        line = next(self._lines)
        if isinstance(line, RowError):
            # Its place in the row is kept by a character that no UTF-8 decodes to, so that the row is refused.
            return line.line, "\udcff\n"
        return line[0], line[1].decode("utf-8", "surrogateescape")

    def start_row(self) -> None:
        self._taken, self._size = [], 0

    @property
    def first(self) -> int:
        return self._taken[0][0]

    def give_back(self) -> None:
        self._given_back.extend(reversed(self._taken[1:]))


def _csv_rows(
    lines: Iterator[_RawLine | RowError], path: str, text_field: str, delimiter: str
) -> Iterator[_Row | RowError]:
    csv.field_size_limit(MAX_LINE_BYTES)  # process-wide in the csv module; its default refuses a long message
    source = _CsvLines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        source.start_row()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield RowError(path, source.first, None, "a CSV row expected; is a quote missing or too many?")
            source.give_back()
            reader = csv.reader(source, delimiter=delimiter, strict=True)
            continue
        if not values:
            continue
        broken = any(_NOT_UTF8.search(value) for value in values)
        if header is None:
            if broken:
                raise _not_utf8(path, source.first)
            header = _checked_header(path, values, text_field)
        elif broken:
            yield _not_utf8(path, source.first)
        elif len(values) != len(header):
            yield RowError(
                path, source.first, None, f"{len(header)} values expected, as in the header, got {len(values)}"
            )
        else:
            yield source.first, dict(zip(header, values, strict=True))


def _checked_header(path: str, header: Sequence[str], text_field: str) -> list[str]:
    if text_field not in header:
        raise missing_column(path, text_field, header)
    if len(set(header)) < len(header):
        raise InputError(f"{path}: two columns bear the same name")
    return list(header)
