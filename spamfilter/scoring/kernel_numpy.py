"""The kernel in NumPy alone: the same integers, for explanations (which need the places) and where numba is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spamfilter.scoring.hashing import (
    CLOSE,
    CONSONANT,
    DIGIT,
    FINISH,
    FIRST_VOWEL,
    FOLD,
    FOLDED_ORDERS,
    FOLDED_SEED,
    LANES,
    LAST_VOWEL,
    MARK_SEED,
    MIX,
    OPEN,
    PLACE_SEED,
    SKELETON,
    SKELETON_ORDERS,
    SKELETON_SEED,
    SYLLABLE,
    Joined,
    NgramRows,
    NgramTable,
    TracedNgrams,
    UintArray,
    mask_of,
    squares,
)


def traced(codes: UintArray, bits: int) -> TracedNgrams:
    """Every n-gram of one message with its place; repeats are kept."""
    parts = _traced(codes)
    indices = [_finish(part.hashes, bits) for part in parts]
    return TracedNgrams(
        np.concatenate(indices), np.concatenate([p.starts for p in parts]), np.concatenate([p.ends for p in parts])
    )


@dataclass(frozen=True, slots=True)
class _Hashed:
    hashes: UintArray
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


def _finish(h: UintArray, bits: int) -> UintArray:
    h = h ^ (h >> np.uint32(15))
    h = h * np.uint32(FINISH)
    h = h ^ (h >> np.uint32(13))
    return h & mask_of(bits)


def _mix(h: UintArray | np.uint32, tokens: UintArray) -> UintArray:
    return (h ^ tokens) * np.uint32(MIX)


def _traced(codes: UintArray) -> list[_Hashed]:
    """The unfinished hashes of all n-grams of one message, view by view."""
    folded = np.where(codes < len(FOLD), FOLD[np.minimum(codes, len(FOLD) - 1)], codes).astype(np.uint32)
    place = np.arange(len(codes), dtype=np.int64)
    parts = [*_marks(codes, folded, place)]
    chars, place = folded[folded != 0], place[folded != 0]

    tokens = np.where((chars >= DIGIT) & (chars <= DIGIT + 9), np.uint32(DIGIT), chars).astype(np.uint32)
    repeated = np.zeros(len(tokens), bool)
    repeated[1:] = (tokens[1:] == 32) & (tokens[:-1] == 32)
    ends = np.array([OPEN], np.uint32), np.array([CLOSE], np.uint32)
    text_tokens = np.concatenate([ends[0], tokens[~repeated], ends[1]])
    at = place[~repeated]
    size = len(codes)
    starts = np.concatenate([[0], at, [size]]).astype(np.int64)
    stops = np.concatenate([[0], at + 1, [size]]).astype(np.int64)
    parts += _grams(text_tokens, starts, stops, FOLDED_SEED, FOLDED_ORDERS)

    bones = np.where(chars < len(SKELETON), SKELETON[np.minimum(chars, len(SKELETON) - 1)], 0).astype(np.uint32)
    chars, place, bones = chars[bones != 0], place[bones != 0], bones[bones != 0]
    claimed = np.zeros(len(bones), bool)
    claimed[1:] = (bones[:-1] >= CONSONANT) & (chars[1:] >= FIRST_VOWEL) & (chars[1:] <= LAST_VOWEL)
    claims = np.flatnonzero(claimed) - 1
    bones[claims] = SYLLABLE + (bones[claims] - CONSONANT) * 32 + (bones[claims + 1] & np.uint32(31))
    stops = place + 1
    stops[claims] = place[claims + 1] + 1
    parts += _grams(bones[~claimed], place[~claimed], stops[~claimed], SKELETON_SEED, SKELETON_ORDERS)
    return parts


def _marks(codes: UintArray, folded: UintArray, place: npt.NDArray[np.int64]) -> list[_Hashed]:
    kept = np.where(folded != 0, np.arange(len(codes)), -1)
    last_kept = np.maximum.accumulate(np.concatenate([[-1], kept]))[:-1].astype(np.int64)
    before = np.where(last_kept >= 0, codes[last_kept] if len(codes) else 0, 0).astype(np.uint32)
    changed = (codes > 127) & (folded != codes)
    at = place[changed]
    marks = _mix(np.uint32(MARK_SEED), codes[changed])
    places = _mix(_mix(np.uint32(PLACE_SEED), before[changed]), folded[changed])
    return [_Hashed(marks, at, at + 1), _Hashed(places, at, at + 1)]


def _grams(
    tokens: UintArray, starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64], seed: int, orders: tuple[int, int]
) -> list[_Hashed]:
    parts = []
    h = np.full(len(tokens), seed, np.uint32)
    for k in range(min(orders[1], len(tokens))):
        h = _mix(h[: len(tokens) - k], tokens[k:])
        h = h ^ (h >> np.uint32(16))
        if k + 1 >= orders[0]:
            parts.append(_Hashed(h ^ np.uint32(k), starts[: len(h)], stops[k:]))
    return parts


def rows(joined: Joined, bits: int) -> NgramRows:
    """The distinct n-grams of every message of a chunk."""
    offsets = joined.offsets
    found = []
    for m in range(len(offsets) - 1):
        parts = _traced(joined.codes[offsets[m] : offsets[m + 1]])
        found.append(np.unique(_finish(np.concatenate([p.hashes for p in parts]), bits)))
    indptr = np.zeros(len(found) + 1, np.int64)
    np.cumsum([len(r) for r in found], out=indptr[1:])
    return NgramRows(np.concatenate(found) if found else np.empty(0, np.uint32), indptr)


def sums(joined: Joined, table: NgramTable) -> npt.NDArray[np.float32]:
    """The weights of the distinct n-grams of every message of a chunk, added up; see `kernel.ngram_sums`."""
    found = rows(joined, table.bits)
    totals = np.zeros((len(joined.offsets) - 1, LANES), np.int64)
    for m in range(len(totals)):
        totals[m] = squares(table.stored[found.indices[found.indptr[m] : found.indptr[m + 1]]]).sum(0, np.int64)
    return table.nats(totals, np.diff(found.indptr))
