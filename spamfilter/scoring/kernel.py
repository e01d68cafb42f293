"""Code points -> hashed n-grams -> sums: the pass that every message goes through.

Three views of a message, each made to survive what the others do not:

* *folded*: look-alikes, case and digits folded by `chardata.fold_table()`, runs of spaces joined; n-grams of
  1-4 characters. Sees words, spacing and punctuation.
* *skeleton*: Hangul reduced to (onset class, vowel class) with codas dropped, jamo joined, Latin letters, one class
  for digits; spaces and symbols skipped; n-grams of 2-4. Does not notice 캬즤노 for 카지노, 대ㆍ출, ㅋㅏ톡, 무 료.
* *marks*: one feature for each character that folding changed and one for its place; what folding throws away is
  itself evidence.

An n-gram counts once a message, and the sum is divided by the square root of their number: the dot product with an
L2-normalised binary row. Counted as often as it stands, a repeated word would drown the others.

Everything works on integer arrays, so that the compiled loops and the NumPy path below them are interchangeable:
the indices are equal bit for bit, the sums to 1e-5 nats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spamfilter.text import chardata

try:
    from numba import njit
except ImportError:  # pragma: no cover - exercised by a subprocess test that hides numba
    COMPILED = False

    def njit(**_options: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Leave a function as it is; the NumPy path is taken instead of the loops."""
        return lambda function: function
else:
    COMPILED = True

UintArray = npt.NDArray[np.uint32]
FloatArray = npt.NDArray[np.float32]

FOLDED_ORDERS: Final = (1, 4)
SKELETON_ORDERS: Final = (2, 4)
CHUNK: Final = 1024
"""Messages whose code points are joined at a time: scratch stays in the cache, and memory flat."""

_OPEN, _CLOSE = 2, 3  # stand for the message's ends in the folded view; no text folds to them
_DIGIT = ord("0")
_FOLDED_SEED, _SKELETON_SEED, _MARK_SEED, _PLACE_SEED = 0x1234567, 0x7654321, 0x51, 0x52
_MIX, _FINISH = 0x9E3779B1, 0x85EBCA77

# Tense and aspirated onsets fold into the plain one, glides into their vowel: what twisted spelling swaps.
_ONSET_CLASS = np.array([0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 8, 8, 8, 0, 2, 5, 9], np.uint32)
_VOWEL_CLASS = np.array([0, 1, 0, 1, 2, 1, 2, 1, 3, 0, 1, 1, 3, 4, 2, 1, 5, 4, 6, 5, 5], np.uint32)
_SYLLABLE, _CONSONANT = 0x1000, 0x2000
_SILENT_ONSET = int(_ONSET_CLASS[chardata.ONSETS.index("ㅇ")])


def _skeleton_table() -> UintArray:
    """Shape (0xD7A4,): the skeleton token of each folded code point, 0 where it has none.

    A lone vowel is a syllable with a silent onset until a consonant before it claims it.
    """
    table = np.zeros(0xD7A4, np.uint32)
    index = np.arange(0xD7A4 - 0xAC00)
    table[0xAC00:] = _SYLLABLE + _ONSET_CLASS[index // 588] * 32 + _VOWEL_CLASS[index // 28 % 21]
    for i, jamo in enumerate(chardata.ONSETS):
        table[ord(jamo)] = _CONSONANT + _ONSET_CLASS[i]
    for i, jamo in enumerate(chardata.VOWELS):
        table[ord(jamo)] = _SYLLABLE + _SILENT_ONSET * 32 + _VOWEL_CLASS[i]
    letters = np.arange(ord("a"), ord("z") + 1)
    table[letters] = letters
    table[_DIGIT : _DIGIT + 10] = _DIGIT
    return table


_FOLD = chardata.fold_table()
_SKELETON = _skeleton_table()
_FIRST_VOWEL, _LAST_VOWEL = ord("ㅏ"), ord("ㅣ")


@dataclass(frozen=True, slots=True)
class NgramRows:
    """The distinct n-grams of a batch, as the rows of a sparse matrix.

    Attributes:
        indices: shape (n_ngrams,), uint32, each below 2**bits; ascending and distinct within a row.
        indptr: shape (n_messages + 1,), int64; row i is `indices[indptr[i]:indptr[i + 1]]`.
    """

    indices: UintArray
    indptr: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TracedNgrams:
    """Every n-gram of one message with where it stands; repeats are kept.

    Attributes:
        indices: shape (n,), uint32.
        starts, ends: shape (n,), int64: the half-open span in the original text.
    """

    indices: UintArray
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


@njit(cache=True, nogil=True, inline="always")
def _finish(h, mask):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # numba widens the product of two uint32 to 64 bits: every step is cut back to 32.
    h = np.uint32(h ^ (h >> np.uint32(15)))
    h = np.uint32(h * np.uint32(_FINISH))
    return np.uint32(h ^ (h >> np.uint32(13))) & mask


@njit(cache=True, nogil=True)
def _views(codes, fold, skeleton_of, folded, folded_at, skeleton, skeleton_at, marks, marks_at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Fill the scratch arrays with the tokens of one message and their places; give how many of each."""
    n_folded, n_skeleton, n_marks = 1, 0, 0
    folded[0] = _OPEN
    folded_at[0] = 0
    before = np.uint32(0)
    consonant_waits: Any = False
    for i in range(len(codes)):
        raw = codes[i]
        char = fold[raw] if raw < len(fold) else raw
        if raw > 127 and char != raw:
            marks[n_marks] = np.uint32((np.uint32(_MARK_SEED) ^ raw) * np.uint32(_MIX))
            place = np.uint32((np.uint32(_PLACE_SEED) ^ before) * np.uint32(_MIX))
            marks[n_marks + 1] = np.uint32((place ^ char) * np.uint32(_MIX))
            marks_at[n_marks] = i
            marks_at[n_marks + 1] = i
            n_marks += 2
        if char == 0:
            continue
        before = raw
        token = np.uint32(_DIGIT) if _DIGIT <= char <= _DIGIT + 9 else char
        if not (token == 32 and folded[n_folded - 1] == 32):
            folded[n_folded] = token
            folded_at[n_folded] = i
            n_folded += 1
        bone = skeleton_of[char] if char < len(skeleton_of) else np.uint32(0)
        if bone != 0:
            if consonant_waits and _FIRST_VOWEL <= char <= _LAST_VOWEL:
                onset = skeleton[n_skeleton - 1] - np.uint32(_CONSONANT)
                skeleton[n_skeleton - 1] = np.uint32(_SYLLABLE) + onset * np.uint32(32) + (bone & np.uint32(31))
                consonant_waits = False
            else:
                skeleton[n_skeleton] = bone
                skeleton_at[n_skeleton] = i
                n_skeleton += 1
                consonant_waits = bone >= _CONSONANT
    folded[n_folded] = _CLOSE
    folded_at[n_folded] = len(codes)
    return n_folded + 1, n_skeleton, n_marks


@njit(cache=True, nogil=True)
def _hash_ngrams(tokens, n, seed, lowest, highest, mask, out, p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Append the hash of every n-gram of `tokens[:n]` to `out` from `p` on; give the new end."""
    for i in range(n):
        h = np.uint32(seed)
        for k in range(min(highest, n - i)):
            h = np.uint32((h ^ tokens[i + k]) * np.uint32(_MIX))
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
    p = _hash_ngrams(scratch[0], n_folded, _FOLDED_SEED, 1, 4, mask, out, 0)
    p = _hash_ngrams(scratch[1], n_skeleton, _SKELETON_SEED, 2, 4, mask, out, p)
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
def _sums(codes, offsets, fold, skeleton_of, scratch, places, mask, hashes, weights, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Add up the weight rows of the distinct n-grams of every message, over the root of their number."""
    # A bitmap of 2**18 bits is 32 KB, the first-level cache: testing it is cheaper than sorting the hashes.
    seen = np.zeros(np.int64(mask) // 64 + 1, np.uint64)
    kinds = weights.shape[1]
    for m in range(len(offsets) - 1):
        n = _message(codes[offsets[m] : offsets[m + 1]], fold, skeleton_of, scratch, places, mask, hashes)
        distinct = 0
        row = out[m]
        for i in range(n):
            word, bit = hashes[i] >> np.uint32(6), np.uint64(1) << np.uint64(hashes[i] & np.uint32(63))
            if not seen[word] & bit:
                seen[word] |= bit
                distinct += 1
                weight = weights[hashes[i]]
                for k in range(kinds):
                    row[k] += weight[k]
        for i in range(n):
            seen[hashes[i] >> np.uint32(6)] = 0
        scale = np.float32(1.0 / np.sqrt(max(distinct, 1)))
        for k in range(kinds):
            row[k] *= scale


def _mask(bits: int) -> np.uint32:
    return np.uint32((1 << bits) - 1)


@dataclass(frozen=True, slots=True)
class _Joined:
    """A chunk of messages as one array of code points, with scratch for the longest of them."""

    codes: UintArray
    offsets: npt.NDArray[np.int64]

    def scratch(self) -> tuple[UintArray, npt.NDArray[np.int64], UintArray]:
        """Scratch for tokens (3, w), for places (3, w), and for the hashes of one message."""
        longest = int(np.diff(self.offsets).max(initial=0))
        width = 2 * longest + 2  # the marks are two a code point
        hashes = 4 * (longest + 2) + 3 * longest + 2 * longest
        return np.empty((3, width), np.uint32), np.empty((3, width), np.int64), np.empty(hashes, np.uint32)


def _join(texts: Sequence[str]) -> _Joined:
    # One encode of the joined text instead of one a message; lone surrogates pass as they are.
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return _Joined(codes, offsets)


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
        joined = _join(texts[first : first + CHUNK])
        chunk = _rows_compiled(joined, bits) if COMPILED else _rows_numpy(joined, bits)
        parts.append(chunk.indices)
        indptr[first + 1 : first + len(joined.offsets)] = indptr[first] + chunk.indptr[1:]
    return NgramRows(np.concatenate(parts) if parts else np.empty(0, np.uint32), indptr)


def _rows_compiled(joined: _Joined, bits: int) -> NgramRows:
    scratch, places, hashes = joined.scratch()
    lengths = np.diff(joined.offsets)
    indices = np.empty(int((4 * (lengths + 2) + 5 * lengths).sum()), np.uint32)
    indptr = np.zeros(len(lengths) + 1, np.int64)
    total = _rows(joined.codes, joined.offsets, _FOLD, _SKELETON, scratch, places, _mask(bits), hashes, indices, indptr)
    for i in range(len(lengths)):
        indices[indptr[i] : indptr[i + 1]].sort()
    return NgramRows(indices[:total].copy(), indptr)


def ngram_sums(texts: Sequence[str], weights: FloatArray) -> FloatArray:
    """Score a batch with a linear model over n-grams.

    Args:
        texts: messages, any strings.
        weights: shape (2**bits, n_kinds), C-contiguous float32, in nats.

    Returns:
        Shape (n_messages, n_kinds), float32, in nats: for each message the sum of its n-grams' rows over the square
        root of their number. Independent of the batch that a message stands in.
    """
    bits = int(weights.shape[0]).bit_length() - 1
    out = np.zeros((len(texts), weights.shape[1]), np.float32)
    for first in range(0, len(texts), CHUNK):
        joined = _join(texts[first : first + CHUNK])
        if COMPILED:
            scratch, places, hashes = joined.scratch()
            rows = out[first : first + CHUNK]
            _sums(joined.codes, joined.offsets, _FOLD, _SKELETON, scratch, places, _mask(bits), hashes, weights, rows)
        else:
            out[first : first + CHUNK] = _sums_numpy(_rows_numpy(joined, bits), weights)
    return out


def traced_ngrams(text: str, bits: int) -> TracedNgrams:
    """Every n-gram of one message with its span in the original text: what an explanation is made of."""
    codes = _join([text]).codes
    parts = _traced(codes)
    indices = [_finish_numpy(part.hashes, bits) for part in parts]
    return TracedNgrams(
        np.concatenate(indices), np.concatenate([p.starts for p in parts]), np.concatenate([p.ends for p in parts])
    )


# The NumPy path: the same integers, for explanations (which need the places) and where numba is missing.


@dataclass(frozen=True, slots=True)
class _Hashed:
    hashes: UintArray
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


def _finish_numpy(h: UintArray, bits: int) -> UintArray:
    h = h ^ (h >> np.uint32(15))
    h = h * np.uint32(_FINISH)
    h = h ^ (h >> np.uint32(13))
    return h & _mask(bits)


def _mix_numpy(h: UintArray | np.uint32, tokens: UintArray) -> UintArray:
    return (h ^ tokens) * np.uint32(_MIX)


def _traced(codes: UintArray) -> list[_Hashed]:
    """The unfinished hashes of all n-grams of one message, view by view."""
    folded = np.where(codes < len(_FOLD), _FOLD[np.minimum(codes, len(_FOLD) - 1)], codes).astype(np.uint32)
    place = np.arange(len(codes), dtype=np.int64)
    parts = [*_marks_numpy(codes, folded, place)]
    chars, place = folded[folded != 0], place[folded != 0]

    tokens = np.where((chars >= _DIGIT) & (chars <= _DIGIT + 9), np.uint32(_DIGIT), chars).astype(np.uint32)
    repeated = np.zeros(len(tokens), bool)
    repeated[1:] = (tokens[1:] == 32) & (tokens[:-1] == 32)
    ends = np.array([_OPEN], np.uint32), np.array([_CLOSE], np.uint32)
    text_tokens = np.concatenate([ends[0], tokens[~repeated], ends[1]])
    at = place[~repeated]
    size = len(codes)
    starts = np.concatenate([[0], at, [size]]).astype(np.int64)
    stops = np.concatenate([[0], at + 1, [size]]).astype(np.int64)
    parts += _grams_numpy(text_tokens, starts, stops, _FOLDED_SEED, FOLDED_ORDERS)

    bones = np.where(chars < len(_SKELETON), _SKELETON[np.minimum(chars, len(_SKELETON) - 1)], 0).astype(np.uint32)
    chars, place, bones = chars[bones != 0], place[bones != 0], bones[bones != 0]
    claimed = np.zeros(len(bones), bool)
    claimed[1:] = (bones[:-1] >= _CONSONANT) & (chars[1:] >= _FIRST_VOWEL) & (chars[1:] <= _LAST_VOWEL)
    claims = np.flatnonzero(claimed) - 1
    bones[claims] = _SYLLABLE + (bones[claims] - _CONSONANT) * 32 + (bones[claims + 1] & np.uint32(31))
    stops = place + 1
    stops[claims] = place[claims + 1] + 1
    parts += _grams_numpy(bones[~claimed], place[~claimed], stops[~claimed], _SKELETON_SEED, SKELETON_ORDERS)
    return parts


def _marks_numpy(codes: UintArray, folded: UintArray, place: npt.NDArray[np.int64]) -> list[_Hashed]:
    kept = np.where(folded != 0, np.arange(len(codes)), -1)
    last_kept = np.maximum.accumulate(np.concatenate([[-1], kept]))[:-1].astype(np.int64)
    before = np.where(last_kept >= 0, codes[last_kept] if len(codes) else 0, 0).astype(np.uint32)
    changed = (codes > 127) & (folded != codes)
    at = place[changed]
    marks = _mix_numpy(np.uint32(_MARK_SEED), codes[changed])
    places = _mix_numpy(_mix_numpy(np.uint32(_PLACE_SEED), before[changed]), folded[changed])
    return [_Hashed(marks, at, at + 1), _Hashed(places, at, at + 1)]


def _grams_numpy(
    tokens: UintArray, starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64], seed: int, orders: tuple[int, int]
) -> list[_Hashed]:
    parts = []
    h = np.full(len(tokens), seed, np.uint32)
    for k in range(min(orders[1], len(tokens))):
        h = _mix_numpy(h[: len(tokens) - k], tokens[k:])
        h = h ^ (h >> np.uint32(16))
        if k + 1 >= orders[0]:
            parts.append(_Hashed(h ^ np.uint32(k), starts[: len(h)], stops[k:]))
    return parts


def _rows_numpy(joined: _Joined, bits: int) -> NgramRows:
    offsets = joined.offsets
    rows = []
    for m in range(len(offsets) - 1):
        parts = _traced(joined.codes[offsets[m] : offsets[m + 1]])
        rows.append(np.unique(_finish_numpy(np.concatenate([p.hashes for p in parts]), bits)))
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(r) for r in rows], out=indptr[1:])
    return NgramRows(np.concatenate(rows) if rows else np.empty(0, np.uint32), indptr)


def _sums_numpy(rows: NgramRows, weights: FloatArray) -> FloatArray:
    counts = np.diff(rows.indptr)
    sums = np.add.reduceat(weights[rows.indices], rows.indptr[:-1], axis=0)
    return (sums / np.sqrt(counts)[:, None]).astype(np.float32)
