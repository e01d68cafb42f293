"""Columns added to the rows of a batch, and a row as one line of JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spamfilter.records.batch import Batch

Values = Sequence[Any] | NDArray[Any]
Columns = Mapping[str, Values]
"""Added columns, each as long as the batch has messages: arrays of numbers, or lists of strings or of JSON values."""


def kept_name(name: str, names: Collection[str], added: Collection[str]) -> str:
    """The name under which a column of the input stays beside the added ones.

    Args:
        name: the column.
        names: all columns of the input.
        added: the columns to add.

    >>> kept_name("label", ["text", "label"], ["label"]), kept_name("text", ["text", "label"], ["label"])
    ('input_label', 'text')
    """
    kept = name
    while kept in added or (kept != name and kept in names):
        kept = f"input_{kept}"
    return kept


def merged_rows(batch: Batch, added: Columns) -> Iterator[dict[str, Any]]:
    """The rows of a batch with the added columns as Python values; the input's own come first."""
    columns = [values.tolist() if isinstance(values, np.ndarray) else values for values in added.values()]
    for fields, values in zip(batch.to_rows(), zip(*columns, strict=True), strict=True):
        row = fields
        if not added.keys().isdisjoint(fields):
            row = {kept_name(name, fields.keys(), added.keys()): value for name, value in fields.items()}
        yield row | dict(zip(added, values, strict=True))


def json_line(row: Mapping[str, object]) -> bytes:
    """One line of JSON in UTF-8, Hangul readable; a lone surrogate is escaped, what JSON has no number for is null."""
    try:
        text = _ENCODER.encode(row)
    except ValueError:
        text = _ENCODER.encode(_finite(row))
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(json.loads(text))}\n".encode()


def _plain(value: object) -> object:
    """What Parquet holds and JSON has no form for: bytes in base64, dates in ISO 8601, the rest as text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
