"""Raw files of public sources -> labelled messages: one reader a format, then what `sources.toml` says of the columns.

A row that cannot be used becomes a `RowError` beside the rows that can, with the file and the line where it starts.
No error carries what the row said.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spamfilter.errors import RowError
from spamfilter.learning.dataset import LabelledMessage
from training.mending import mend
from training.sources import Format, RawFile, Source

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UTF8_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a raw file.

    Attributes:
        line: 1-based line where it starts; for JSON, the number of the item.
        fields: its columns by name.
    """

    line: int
    fields: Mapping[str, str]


Reader = Callable[[bytes, str, RawFile], Iterator[Record | RowError]]


def read_csv(data: bytes, path: str, file: RawFile) -> Iterator[Record | RowError]:
    """Rows of a CSV file: UTF-8 with or without a byte order mark, double quotes, line ends inside quotes.

    Raises:
        RowError: if the file is not UTF-8, has a field of more than 131,072 characters (a quote that nobody closed
            swallows the rest of the file), or lacks a column.
    """
    rows = csv.reader(io.StringIO(_decoded(data, path), newline=""))
    yield from _records(_numbered(rows, path), path, file)


def _numbered(rows: Any, path: str) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - csv does not name its reader
    line = 1
    try:
        for row in rows:
            yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        raise RowError(path, line, None, f"not CSV: {error}") from None


def read_tsv(data: bytes, path: str, file: RawFile) -> Iterator[Record | RowError]:
    """Rows of a file of tabs without quotes; a tab more than there are columns belongs to the last one.

    Lines end at LF or CRLF only: U+2028 and its like stand inside messages.

    Raises:
        RowError: if the file is not UTF-8 or lacks a column.
    """
    lines = _decoded(data, path).split("\n")
    n_splits = len(file.columns or lines[0].split("\t")) - 1
    rows = ((i, line.removesuffix("\r").split("\t", n_splits)) for i, line in enumerate(lines, 1))
    yield from _records(((i, row) for i, row in rows if row != [""]), path, file)


def _records(rows: Iterator[tuple[int, list[str]]], path: str, file: RawFile) -> Iterator[Record | RowError]:
    """Name the columns of rows that come with their line."""
    columns: Sequence[str] = file.columns
    if file.header:
        first = next(rows, (1, []))[1]
        columns = columns or first
    for field in file.fields:
        if field not in columns:
            raise RowError(path, 1, field, f"no such column; there are {len(columns)}")
    for line, row in rows:
        if not row:
            continue
        if len(row) != len(columns):
            yield RowError(path, line, None, f"{len(columns)} columns expected, got {len(row)}")
        else:
            yield Record(line, dict(zip(columns, row, strict=True)))


def read_json(data: bytes, path: str, file: RawFile) -> Iterator[Record | RowError]:
    """Items of the list `file.items` of one JSON object; the fields that are needed must be strings.

    Raises:
        RowError: if the file is not UTF-8, not JSON or has no such list.
    """
    text = _decoded(data, path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RowError(path, error.lineno, None, f"not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise RowError(path, 1, None, "not JSON: a number too long or lists too deep") from None
    items = document.get(file.items) if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise RowError(path, 1, file.items, "a list expected")
    for number, item in enumerate(items, 1):
        values = [item.get(field) for field in file.fields] if isinstance(item, dict) else [None] * len(file.fields)
        texts = {field: value for field, value in zip(file.fields, values, strict=True) if isinstance(value, str)}
        if len(texts) == len(values):
            yield Record(number, texts)
        else:
            missing = next(field for field in file.fields if field not in texts)
            yield RowError(path, number, missing, "a string expected")


def read_typescript(data: bytes, path: str, file: RawFile) -> Iterator[Record | RowError]:
    """Values of the one needed key of an object literal that was written as JSON is: `"content": "..."`.

    Raises:
        RowError: if the file is not UTF-8 or has no such key.
    """
    source = _decoded(data, path)
    (field,) = file.fields
    line, counted = 1, 0
    for match in re.finditer(rf'"{re.escape(field)}"[ \t]*:[ \t]*', source):
        line += source.count("\n", counted, match.end())
        counted = match.end()
        value = _STRING.match(source, match.end())
        try:
            text = json.loads(value[0], strict=False) if value else None
        except json.JSONDecodeError:
            text = None
        if text is None:
            yield RowError(path, line, field, "a string in double quotes expected")
        else:
            yield Record(line, {field: text})
    if not counted:
        raise RowError(path, 1, field, "no such key")


_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')

READERS: Final[Mapping[Format, Reader]] = {
    "csv": read_csv,
    "tsv": read_tsv,
    "json": read_json,
    "typescript": read_typescript,
}


def convert_raw(
    data: bytes, path: str, source: Source, file: RawFile, *, seed: int
) -> Iterator[LabelledMessage | RowError]:
    """Labelled messages of a raw file, in its order; empty texts are left out.

    Args:
        data: the whole file.
        path: how errors name it.
        source: says label, kind and mending.
        file: says format and columns.
        seed: of the digits and values that are put in.

    Raises:
        RowError: if the file as a whole cannot be read.
    """
    for record in READERS[file.format](data, path, file):
        if isinstance(record, RowError):
            yield record
            continue
        fields = record.fields
        if any(fields[name].strip() != value for name, value in file.where.items()):
            continue
        label = fields[file.label_field].strip() if file.label_field else None
        word = fields[file.kind_field].strip() if file.kind_field else None
        for template in file.text:
            text = mend(template.format_map(fields), source.mend, seed)
            if text:
                yield _labelled(path, record.line, source, text, label, word, None)


def convert_prepared(data: bytes, path: str, source: Source) -> Iterator[LabelledMessage | RowError]:
    """Labelled messages of a prepared file: JSON lines with `text`, `label` and maybe `kind` and `cluster`.

    `kind` may be the source's own word or a `Category`. Nothing is mended: that was done when it was prepared.

    Raises:
        RowError: if the file is not UTF-8.
    """
    for number, line in enumerate(_decoded(data, path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            yield RowError(path, number, None, "a JSON object expected")
            continue
        text, cluster = row.get("text"), row.get("cluster")
        if not isinstance(text, str):
            yield RowError(path, number, "text", "a string expected")
        elif cluster is not None and (isinstance(cluster, bool) or not isinstance(cluster, str | int)):
            yield RowError(path, number, "cluster", "a string or a whole number expected")
        elif text.strip():
            yield _labelled(path, number, source, text, row.get("label"), row.get("kind"), cluster)


def _labelled(
    path: str, line: int, source: Source, text: str, label: object, word: object, cluster: str | int | None
) -> LabelledMessage | RowError:
    if _SURROGATE.search(text):
        return RowError(path, line, "text", "half a surrogate pair is no text")
    field = "label"
    try:
        is_spam = source.is_spam(label)
        field = "kind"
        kind = source.kind_of(word, is_spam)
        return LabelledMessage(
            text, is_spam, kind, source.name, source.weight, None if cluster is None else str(cluster)
        )
    except ValueError as error:
        return RowError(path, line, field, str(error))


def _decoded(data: bytes, path: str) -> str:
    body = data.removeprefix(_UTF8_BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowError(path, body.count(b"\n", 0, error.start) + 1, None, "not UTF-8") from None
