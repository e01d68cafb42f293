"""Parquet files of messages, read and written by the piece: the types of the other columns survive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spamfilter.errors import InputError, RowError
from spamfilter.records.batch import Batch, missing_column
from spamfilter.records.columns import Columns, Values, kept_name, merged_rows
from spamfilter.records.spool import Spool

_ROW_GROUP_ROWS: Final = 131_072
_ROW_GROUP_BYTES: Final = 64 * 1024 * 1024
"""A row group is written at whichever comes first: small ones read slowly, large ones cost memory."""
_TEXT_TESTS: Final = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_null,
)


def read_parquet(stream: BinaryIO, path: str, text_field: str, batch_rows: int, batch_bytes: int) -> Iterator[Batch]:
    """Read a Parquet file piece by piece; an empty one gives one empty batch that still has its columns.

    Args:
        stream: the file, open for reading and able to seek.
        path: its name, for errors.
        text_field: the column that holds the message: strings, or bytes that are UTF-8; null is a `RowError`.
        batch_rows: most rows in a batch.
        batch_bytes: a batch takes fewer rows where the rows of a row group are so large that it would pass this.

    Raises:
        InputError: if the file is damaged, or has no such column of text.
    """
    try:
        with pq.ParquetFile(stream) as file:
            _check_column(path, file.schema_arrow, text_field)
            done = 0
            for piece in file.iter_batches(_rows_within(file.metadata, batch_rows, batch_bytes)):
                first, done = done + 1, done + piece.num_rows
                table = pa.Table.from_batches([piece])
                yield _batch(path, table, text_field, first, done / file.metadata.num_rows)
            if done == 0:
                yield Batch(texts=[], lines=[], table=file.schema_arrow.empty_table(), fraction=1.0)
    except (pa.ArrowException, OSError):
        raise InputError(f"{path}: not a Parquet file, or a damaged one") from None


def _rows_within(metadata: pq.FileMetaData, batch_rows: int, batch_bytes: int) -> int:
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    largest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return max(1, min(batch_rows, int(batch_bytes / max(largest, 1))))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(test(kind) for test in _TEXT_TESTS)


def _check_column(path: str, schema: pa.Schema, text_field: str) -> None:
    if len(set(schema.names)) < len(schema.names):
        raise InputError(f"{path}: two columns bear the same name")
    if text_field not in schema.names:
        raise missing_column(path, text_field, schema.names)
    kind = schema.field(text_field).type
    if not _is_text(kind):
        raise InputError(f"{path}: column {text_field!r} holds {kind}, strings expected")


def _batch(path: str, table: pa.Table, text_field: str, first: int, fraction: float) -> Batch:
    texts: list[str] = []
    lines: list[int] = []
    errors: list[RowError] = []
    for line, value in enumerate(_strings_or_bytes(table.column(text_field)), first):
        text = _text_or_none(value)
        if text is not None:
            texts.append(text)
            lines.append(line)
        elif value is None:
            errors.append(RowError(path, line, text_field, "a string expected, got null"))
        else:
            errors.append(RowError(path, line, text_field, "UTF-8 expected"))
    if errors:
        table = table.take([line - first for line in lines])
    return Batch(texts=texts, lines=lines, table=table, errors=tuple(errors), fraction=fraction)


def _strings_or_bytes(column: pa.ChunkedArray) -> list[str | bytes | None]:
    try:
        values: list[str | bytes | None] = column.to_pylist()
    except UnicodeDecodeError:  # declared as strings by a writer that did not look
        values = column.cast(pa.large_binary()).to_pylist()
    return values


def _text_or_none(value: str | bytes | None) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    return value


class ParquetOutput:
    """Rows with added columns, written as Parquet.

    A columnar input keeps its types; for rows of the other formats see `Spool`. Arrays are written with their own
    type, lists of strings as strings, lists of anything else as JSON.
    """

    def __init__(self, stream: BinaryIO, spool: BinaryIO) -> None:
        self._stream = stream
        self._spool = Spool(spool)
        self._types: dict[str, pa.DataType] = {}
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def write(self, batch: Batch, added: Columns) -> None:
        """Write the rows of a batch with more columns."""
        self._types = {name: self._type(values) for name, values in added.items()}
        if batch.table is None:
            for row in merged_rows(batch, added):
                self._spool.add(row)
            return
        names = batch.table.column_names
        table = batch.table.rename_columns([kept_name(name, names, added.keys()) for name in names])
        for name, values in added.items():
            if not isinstance(values, np.ndarray):
                values = [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
            table = table.append_column(name, pa.array(values, self._types[name]))
        self._wait(table)

    def finish(self) -> None:
        """Write what waits."""
        if self._writer is None and not self._waiting:
            for table in self._spool.tables(self._types):
                self._wait(table)
        self._flush()

    def close(self) -> None:
        """Write the end of the file, so that no writer outlives its stream; may be called again."""
        if self._writer is not None:
            self._writer.close()

    def _type(self, values: Values) -> pa.DataType:
        return pa.from_numpy_dtype(values.dtype) if isinstance(values, np.ndarray) else pa.string()

    def _wait(self, table: pa.Table) -> None:
        self._waiting.append(table)
        rows = sum(waiting.num_rows for waiting in self._waiting)
        if rows >= _ROW_GROUP_ROWS or sum(waiting.nbytes for waiting in self._waiting) >= _ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._stream, table.schema)
            self._writer.write_table(table)
            self._waiting = []
