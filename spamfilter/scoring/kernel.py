"""Code points -> hashed n-grams -> sums: the pass that every message goes through; see `hashing` for what it sees.

Everything works on integer arrays, so that the compiled loops here and the NumPy path are interchangeable: indices and
sums are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spamfilter.scoring import kernel_numpy
from spamfilter.scoring.hashing import (
    CHUNK,
    CLOSE,
    CONSONANT,
    DIGIT,
    FINISH,
    FIRST_VOWEL,
    FOLD,
    FOLDED_SEED,
    LANES,
    LAST_VOWEL,
    MARK_SEED,
    MIX,
    OPEN,
    PLACE_SEED,
    SKELETON,
    SKELETON_SEED,
    SYLLABLE,
    FloatArray,
    Joined,
    NgramRows,
    NgramTable,
    TracedNgrams,
    UintArray,
    join,
    mask_of,
)

try:
    from numba import njit
except ImportError:  # pragma: no cover - exercised by a subprocess test that hides numba
    COMPILED = False

    def njit(**_options: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Leave a function as it is; the NumPy path is taken instead of the loops."""
        return lambda function: function
else:
    COMPILED = True

_SPILL = 1 << 17  # so many squares of at most 127 * 127 fit 32 bits


@njit(cache=True, nogil=True, inline="always")
def _finish(h, mask):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # numba widens the product of two uint32 to 64 bits: every step is cut back to 32.
    h = np.uint32(h ^ (h >> np.uint32(15)))
    h = np.uint32(h * np.uint32(FINISH))
    return np.uint32(h ^ (h >> np.uint32(13))) & mask


@njit(cache=True, nogil=True)
def _views(codes, fold, skeleton_of, folded, folded_at, skeleton, skeleton_at, marks, marks_at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Fill the scratch arrays with the tokens of one message and their places; give how many of each."""
    n_folded, n_skeleton, n_marks = 1, 0, 0
    folded[0] = OPEN
    folded_at[0] = 0
    before = np.uint32(0)
    consonant_waits: Any = False
    for i in range(len(codes)):
        raw = codes[i]
        char = fold[raw] if raw < len(fold) else raw
        if raw > 127 and char != raw:
            marks[n_marks] = np.uint32((np.uint32(MARK_SEED) ^ raw) * np.uint32(MIX))
            place = np.uint32((np.uint32(PLACE_SEED) ^ before) * np.uint32(MIX))
            marks[n_marks + 1] = np.uint32((place ^ char) * np.uint32(MIX))
            marks_at[n_marks] = i
            marks_at[n_marks + 1] = i
            n_marks += 2
        if char == 0:
            continue
        before = raw
        token = np.uint32(DIGIT) if DIGIT <= char <= DIGIT + 9 else char
        if not (token == 32 and folded[n_folded - 1] == 32):
            folded[n_folded] = token
            folded_at[n_folded] = i
            n_folded += 1
        bone = skeleton_of[char] if char < len(skeleton_of) else np.uint32(0)
        if bone != 0:
            if consonant_waits and FIRST_VOWEL <= char <= LAST_VOWEL:
                onset = skeleton[n_skeleton - 1] - np.uint32(CONSONANT)
                skeleton[n_skeleton - 1] = np.uint32(SYLLABLE) + onset * np.uint32(32) + (bone & np.uint32(31))
                consonant_waits = False
            else:
                skeleton[n_skeleton] = bone
                skeleton_at[n_skeleton] = i
                n_skeleton += 1
                consonant_waits = bone >= CONSONANT
    folded[n_folded] = CLOSE
    folded_at[n_folded] = len(codes)
    return n_folded + 1, n_skeleton, n_marks


@njit(cache=True, nogil=True)
def _hash_ngrams(tokens, n, seed, lowest, highest, mask, out, p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Append the hash of every n-gram of `tokens[:n]` to `out` from `p` on; give the new end."""
    for i in range(n):
        h = np.uint32(seed)
        for k in range(min(highest, n - i)):
            h = np.uint32((h ^ tokens[i + k]) * np.uint32(MIX))
            h = np.uint32(h ^ (h >> np.uint32(16)))
            if k + 1 >= lowest:
                out[p] = _finish(h ^ np.uint32(k), mask)
                p += 1
    return p


@njit(cache=True, nogil=True)
def _message(codes, fold, skeleton_of, scratch, places, mask, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Hash all n-grams of one message into `out`; give their number, repeats included."""
    n_folded, n_skeleton, n_marks = _views(
        codes, fold, skeleton_of, scratch[0], places[0], scratch[1], places[1], scratch[2], places[2]
    )
    p = _hash_ngrams(scratch[0], n_folded, FOLDED_SEED, 1, 4, mask, out, 0)
    p = _hash_ngrams(scratch[1], n_skeleton, SKELETON_SEED, 2, 4, mask, out, p)
    for i in range(n_marks):
        out[p] = _finish(scratch[2][i], mask)
        p += 1
    return p


@njit(cache=True, nogil=True)
def _rows(codes, offsets, fold, skeleton_of, scratch, places, mask, hashes, indices, indptr):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Write the distinct n-grams of every message to `indices`; give their total number."""
    seen = np.zeros(np.int64(mask) // 64 + 1, np.uint64)
    total = 0
    for m in range(len(offsets) - 1):
        n = _message(codes[offsets[m] : offsets[m + 1]], fold, skeleton_of, scratch, places, mask, hashes)
        first = total
        for i in range(n):
            word, bit = hashes[i] >> np.uint32(6), np.uint64(1) << np.uint64(hashes[i] & np.uint32(63))
            if not seen[word] & bit:
                seen[word] |= bit
                indices[total] = hashes[i]
                total += 1
        for i in range(first, total):
            seen[indices[i] >> np.uint32(6)] = 0
        indptr[m + 1] = total
    return total


@njit(cache=True, nogil=True)
def _sums(codes, offsets, fold, skeleton_of, scratch, places, mask, hashes, stored, sums, counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Add up the weight rows of the distinct n-grams of every message, and count them."""
    # A bitmap of 2**18 bits is 32 KB, the first-level cache: testing it is cheaper than sorting the hashes.
    seen = np.zeros(np.int64(mask) // 64 + 1, np.uint64)
    row = np.zeros(LANES, np.int32)  # 32-bit lanes: twice as many a vector as 64-bit ones
    for m in range(len(offsets) - 1):
        n = _message(codes[offsets[m] : offsets[m + 1]], fold, skeleton_of, scratch, places, mask, hashes)
        distinct = 0
        for i in range(n):
            word, bit = hashes[i] >> np.uint32(6), np.uint64(1) << np.uint64(hashes[i] & np.uint32(63))
            if not seen[word] & bit:
                seen[word] |= bit
                hashes[distinct] = hashes[i]
                distinct += 1
        counts[m] = distinct
        for first in range(0, distinct, _SPILL):
            row[:] = 0
            for i in range(first, min(first + _SPILL, distinct)):
                h = np.int64(hashes[i])
                seen[h >> 6] = 0
                for k in range(LANES):  # a constant length, or the compiler does not make vectors of it
                    weight = np.int32(stored[h, k])
                    row[k] += weight * abs(weight)
            for k in range(LANES):
                sums[m, k] += row[k]


def ngram_rows(texts: Sequence[str], bits: int) -> NgramRows:
    """The distinct hashed n-grams of a batch: what the linear model is trained on.

    Args:
        texts: messages, any strings.
        bits: the table has 2**bits entries, 10 to 24.

    Returns:
        One row a message, in order. No row is empty: even an empty message has its two ends.
    """
    parts: list[UintArray] = []
    indptr = np.zeros(len(texts) + 1, np.int64)
    for first in range(0, len(texts), CHUNK):
        joined = join(texts[first : first + CHUNK])
        chunk = _rows_compiled(joined, bits) if COMPILED else kernel_numpy.rows(joined, bits)
        parts.append(chunk.indices)
        indptr[first + 1 : first + len(joined.offsets)] = indptr[first] + chunk.indptr[1:]
    return NgramRows(np.concatenate(parts) if parts else np.empty(0, np.uint32), indptr)


def _rows_compiled(joined: Joined, bits: int) -> NgramRows:
    scratch, places, hashes = joined.scratch()
    lengths = np.diff(joined.offsets)
    indices = np.empty(int((4 * (lengths + 2) + 5 * lengths).sum()), np.uint32)
    indptr = np.zeros(len(lengths) + 1, np.int64)
    total = _rows(joined.codes, joined.offsets, FOLD, SKELETON, scratch, places, mask_of(bits), hashes, indices, indptr)
    for i in range(len(lengths)):
        indices[indptr[i] : indptr[i + 1]].sort()
    return NgramRows(indices[:total].copy(), indptr)


def ngram_sums(texts: Sequence[str], table: NgramTable) -> FloatArray:
    """Score a batch with a linear model over n-grams.

    Args:
        texts: messages, any strings.
        table: the weights.

    Returns:
        Shape (n_messages, n_kinds), float32, in nats: for each message the sum of its n-grams' rows over the square
        root of their number. Independent of the batch that a message stands in.
    """
    out = np.empty((len(texts), len(table.unit)), np.float32)
    for first in range(0, len(texts), CHUNK):
        joined = join(texts[first : first + CHUNK])
        out[first : first + CHUNK] = _sums_compiled(joined, table) if COMPILED else kernel_numpy.sums(joined, table)
    return out


def _sums_compiled(joined: Joined, table: NgramTable) -> FloatArray:
    scratch, places, hashes = joined.scratch()
    n = len(joined.offsets) - 1
    sums, counts = np.zeros((n, LANES), np.int64), np.empty(n, np.int64)
    mask = mask_of(table.bits)
    _sums(joined.codes, joined.offsets, FOLD, SKELETON, scratch, places, mask, hashes, table.stored, sums, counts)
    return table.nats(sums, counts)


def traced_ngrams(text: str, bits: int) -> TracedNgrams:
    """Every n-gram of one message with its span in the original text: what an explanation is made of."""
    return kernel_numpy.traced(join([text]).codes, bits)
