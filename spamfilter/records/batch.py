"""A piece of a file of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from spamfilter.errors import InputError, MissingExtraError, RowError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A piece of a file, in the file's order.

    Attributes:
        texts: the messages.
        lines: for each, where it begins: 1-based line of a text file, 1-based row of Parquet.
        rows: for each, all fields of its row, the text included; None where the file is columnar.
        table: the same as a `pyarrow.Table` with the types of the file; None where the file is made of lines.
        errors: the rows of this piece that could not be read.
        fraction: share of the file read so far, in [0, 1]; None for standard input.
    """

    texts: list[str]
    lines: list[int]
    rows: list[dict[str, Any]] | None = None
    table: pa.Table | None = None
    errors: tuple[RowError, ...] = ()
    fraction: float | None = None

    def to_rows(self) -> list[dict[str, Any]]:
        """All fields of each message's row as Python values, in the order of `texts`."""
        if self.table is None:
            return self.rows or []
        names = self.table.column_names
        columns = [python_values(column) for column in self.table.columns]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def python_values(column: pa.ChunkedArray) -> list[Any]:
    """The values of an Arrow column; U+FFFD stands for what is not UTF-8, which some writers let pass in strings."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast("large_binary").to_pylist()
        return [None if value is None else value.decode("utf-8", "replace") for value in raw]
    return values


def missing_column(path: str, column: str, found: Sequence[str]) -> InputError:
    """The error for a file without a column, listing those it has.

    Where a header is missing the first message stands in its place: long names are not repeated.
    """
    names = [repr(name) if len(name) <= 24 else f"(a name of {len(name)} characters)" for name in found[:20]]
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    return InputError(f"{path}: no column {column!r}; found {', '.join(names)}{more}")


def require_pyarrow() -> None:
    """Check that Parquet can be read and written here.

    Raises:
        MissingExtraError: if pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise MissingExtraError("pyarrow", "parquet", "a Parquet file")
