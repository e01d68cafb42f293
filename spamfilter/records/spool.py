"""Rows whose columns are not known before the last one is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import pyarrow as pa

from spamfilter.errors import InputError
from spamfilter.records.columns import json_line

MAX_COLUMNS: Final = 1000
"""JSON lines may name new fields in every row; a Parquet file of a million columns serves no one."""

_ROWS_AT_ONCE: Final = 4096


class Spool:
    """Rows of JSON lines or CSV on their way to Parquet, kept in a nameless file.

    Parquet fixes a column's type before its first row, JSON tells it with its last. Booleans, whole numbers, numbers
    and strings keep their type where all rows agree; a column of several types, or of arrays and objects, becomes
    strings, JSON where the value was none.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._seen: dict[str, set[type]] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Keep a row.

        Raises:
            InputError: if the rows now have more than 1,000 columns.
        """
        for name, value in row.items():
            kind = type(value)
            if kind is int and not -(2**63) <= value < 2**63:
                kind = object
            self._seen.setdefault(name, set()).add(kind)
        if len(self._seen) > MAX_COLUMNS:
            raise InputError(f"a Parquet file of at most {MAX_COLUMNS} columns expected: write JSON lines (.jsonl)")
        self._stream.write(json_line(row))

    def tables(self, fixed: dict[str, pa.DataType]) -> Iterator[pa.Table]:
        """The rows as Arrow tables of one schema; at least one table, empty where no row was kept.

        Args:
            fixed: types of columns that are known without looking.
        """
        kinds = {name: _arrow_type(seen - {type(None)}) for name, seen in self._seen.items()} | fixed
        schema = pa.schema([(_sound(name), kind) for name, kind in kinds.items()])
        self._stream.seek(0)
        rows: list[dict[str, Any]] = []
        while lines := list(islice(self._stream, _ROWS_AT_ONCE)):
            rows = [json.loads(line) for line in lines]
            arrays = [_array([row.get(name) for row in rows], kind) for name, kind in kinds.items()]
            yield pa.Table.from_arrays(arrays, schema=schema)
        if not rows:
            yield schema.empty_table()


def _arrow_type(seen: set[type]) -> pa.DataType:
    if seen == {bool}:
        return pa.bool_()
    if seen == {int}:
        return pa.int64()
    if seen in ({float}, {int, float}):
        return pa.float64()
    return pa.string()


def _array(values: list[object], kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        values = [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
        try:
            return pa.array(values, kind)
        except UnicodeEncodeError:
            values = [None if v is None else _sound(str(v)) for v in values]
    elif pa.types.is_floating(kind):
        values = [float(v) if isinstance(v, int | float) else None for v in values]
    return pa.array(values, kind)


def _sound(text: str) -> str:
    """The text with `?` for lone surrogates, which Arrow's strings cannot hold."""
    return text.encode("utf-8", "replace").decode()
