"""Near-duplicate clusters: what must stand on one side of a split.

A campaign sends one message with other numbers a thousand times. A random split puts it on both sides and measures
memory. MinHash (Broder 1997) over skeleton n-grams (see `scoring.kernel`) with banding finds what resembles each
other; digits, spacing and twisted vowels do not count as difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from spamfilter.scoring.kernel import ngram_rows

_BITS: Final = 22
_BANDS: Final = 16
_ROWS: Final = 4
MIN_SIMILARITY: Final = 0.6
"""Estimated Jaccard similarity from which two messages are one campaign; 16 bands of 4 find it 9 times in 10."""


def near_duplicate_clusters(texts: Sequence[str], seed: int = 0) -> npt.NDArray[np.int64]:
    """Cluster messages that are near-duplicates, transitively.

    Args:
        texts: messages.
        seed: of the hash family.

    Returns:
        Shape (n,), int64: for each message the index of the first message of its cluster.
    """
    signatures = _signatures(texts, seed)
    parent = np.arange(len(texts), dtype=np.int64)
    for band in range(_BANDS):
        rows = np.ascontiguousarray(signatures[:, band * _ROWS : (band + 1) * _ROWS])
        keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * _ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        for left, right in zip(order[:-1][same], order[1:][same], strict=True):
            # Neighbours in a bucket are compared, not all pairs: linear even when a campaign fills the bucket.
            if (signatures[left] == signatures[right]).mean() >= MIN_SIMILARITY:
                _join(parent, int(left), int(right))
    return np.array([_root(parent, i) for i in range(len(texts))], np.int64)


def _signatures(texts: Sequence[str], seed: int) -> npt.NDArray[np.uint32]:
    rng = np.random.default_rng(seed)
    n = _BANDS * _ROWS
    multipliers = rng.integers(1, 1 << 32, n, dtype=np.uint64) | np.uint64(1)
    out = np.empty((len(texts), n), np.uint32)
    for first in range(0, len(texts), 4096):
        rows = ngram_rows(texts[first : first + 4096], _BITS)
        values = rows.indices.astype(np.uint64)
        for k in range(n):
            mixed = (values * multipliers[k] + np.uint64(k)) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
            out[first : first + 4096, k] = np.minimum.reduceat(mixed, rows.indptr[:-1]).astype(np.uint32)
    return out


def _root(parent: npt.NDArray[np.int64], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _join(parent: npt.NDArray[np.int64], a: int, b: int) -> None:
    a, b = _root(parent, a), _root(parent, b)
    parent[max(a, b)] = min(a, b)
