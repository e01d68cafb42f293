"""What both paths of the kernel share: the tables, the seeds, the shapes that go in and come out.

Three views of a message, each made to survive what the others do not:

* *folded*: look-alikes, case and digits folded by `chardata.fold_table()`, runs of spaces joined; n-grams of
  1-4 characters. Sees words, spacing and punctuation.
* *skeleton*: Hangul reduced to (onset class, vowel class) with codas dropped, jamo joined, Latin letters, one class
  for digits; spaces and symbols skipped; n-grams of 2-4. Does not notice 캬즤노 for 카지노, 대ㆍ출, ㅋㅏ톡, 무 료.
* *marks*: one feature for each character that folding changed and one for its place; what folding throws away is
  itself evidence.

An n-gram counts once a message, and the sum is divided by the square root of their number: the dot product with an
L2-normalised binary row. Counted as often as it stands, a repeated word would drown the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spamfilter.text import chardata

UintArray = npt.NDArray[np.uint32]
FloatArray = npt.NDArray[np.float32]

FOLDED_ORDERS: Final = (1, 4)
SKELETON_ORDERS: Final = (2, 4)
LANES: Final = 32
"""Bytes of a row of weights: room for as many kinds."""

STEPS: Final = 127
"""The stored value of the largest weight of a kind."""

CHUNK: Final = 1024
"""Messages whose code points are joined at a time: scratch stays in the cache, and memory flat."""

OPEN, CLOSE = 2, 3  # stand for the message's ends in the folded view; no text folds to them
DIGIT = ord("0")
FOLDED_SEED, SKELETON_SEED, MARK_SEED, PLACE_SEED = 0x1234567, 0x7654321, 0x51, 0x52
MIX, FINISH = 0x9E3779B1, 0x85EBCA77

# Tense and aspirated onsets fold into the plain one, glides into their vowel: what twisted spelling swaps.
ONSET_CLASS = np.array([0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 8, 8, 8, 0, 2, 5, 9], np.uint32)
VOWEL_CLASS = np.array([0, 1, 0, 1, 2, 1, 2, 1, 3, 0, 1, 1, 3, 4, 2, 1, 5, 4, 6, 5, 5], np.uint32)
SYLLABLE, CONSONANT = 0x1000, 0x2000
_SILENT_ONSET = int(ONSET_CLASS[chardata.ONSETS.index("ㅇ")])


def _skeleton_table() -> UintArray:
    """Shape (0xD7A4,): the skeleton token of each folded code point, 0 where it has none.

    A lone vowel is a syllable with a silent onset until a consonant before it claims it.
    """
    table = np.zeros(0xD7A4, np.uint32)
    index = np.arange(0xD7A4 - 0xAC00)
    table[0xAC00:] = SYLLABLE + ONSET_CLASS[index // 588] * 32 + VOWEL_CLASS[index // 28 % 21]
    for i, jamo in enumerate(chardata.ONSETS):
        table[ord(jamo)] = CONSONANT + ONSET_CLASS[i]
    for i, jamo in enumerate(chardata.VOWELS):
        table[ord(jamo)] = SYLLABLE + _SILENT_ONSET * 32 + VOWEL_CLASS[i]
    letters = np.arange(ord("a"), ord("z") + 1)
    table[letters] = letters
    table[DIGIT : DIGIT + 10] = DIGIT
    return table


FOLD = chardata.fold_table()
SKELETON = _skeleton_table()
FIRST_VOWEL, LAST_VOWEL = ord("ㅏ"), ord("ㅣ")


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


@dataclass(frozen=True, slots=True)
class NgramTable:
    """The weights of a linear model over n-grams, as the kernel reads them.

    A stored integer q stands for `q * |q| * unit` nats (see `model.artifact.quantise`). Their sums are whole numbers,
    so they are the same in any order, batch and path, and a row of `LANES` bytes is half a cache line, where as many
    float32 would be two.

    Attributes:
        stored: shape (2**bits, LANES), int8, C-contiguous; the columns behind those in use are 0.
        unit: shape (n_columns,), float64, in nats.
    """

    stored: npt.NDArray[np.int8]
    unit: npt.NDArray[np.float64]

    @classmethod
    def of(cls, stored: npt.NDArray[np.int8], scale: npt.NDArray[np.float32]) -> NgramTable:
        """Make a table of stored weights, shape (2**bits, n_kinds), and the largest weight of each kind.

        Raises:
            ValueError: if there are more than LANES kinds, or not 2**bits rows.
        """
        n_rows, n_kinds = stored.shape
        if not 0 < n_kinds <= LANES or n_rows & (n_rows - 1):
            raise ValueError(f"need 2**bits rows of 1 to {LANES} kinds, got {n_rows} of {n_kinds}")
        padded = np.zeros((n_rows, LANES), np.int8)
        padded[:, :n_kinds] = stored
        return cls(padded, scale.astype(np.float64) / (STEPS * STEPS))

    @property
    def bits(self) -> int:
        """The table has 2**bits rows."""
        return len(self.stored).bit_length() - 1

    def weights(self, indices: npt.NDArray[np.integer]) -> FloatArray:
        """The weights of some n-grams, shape (len(indices), n_kinds), float32, in nats."""
        return (squares(self.stored[indices, : len(self.unit)]) * self.unit).astype(np.float32)

    def nats(self, sums: npt.NDArray[np.int64], n_distinct: npt.NDArray[np.int64]) -> FloatArray:
        """Whole-number sums, shape (n, LANES), of messages with so many n-grams, as float32 (n, n_kinds)."""
        per_kind = sums[:, : len(self.unit)] * self.unit
        return (per_kind / np.sqrt(np.maximum(n_distinct, 1))[:, None]).astype(np.float32)


def squares(stored: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Q * |q| of stored weights."""
    wide = stored.astype(np.int32)
    return wide * np.abs(wide)


def mask_of(bits: int) -> np.uint32:
    """What cuts a hash down to a row of a table of 2**bits."""
    return np.uint32((1 << bits) - 1)


@dataclass(frozen=True, slots=True)
class Joined:
    """A chunk of messages as one array of code points, with scratch for the longest of them."""

    codes: UintArray
    offsets: npt.NDArray[np.int64]

    def scratch(self) -> tuple[UintArray, npt.NDArray[np.int64], UintArray]:
        """Scratch for tokens (3, w), for places (3, w), and for the hashes of one message."""
        longest = int(np.diff(self.offsets).max(initial=0))
        width = 2 * longest + 2  # the marks are two a code point
        hashes = 4 * (longest + 2) + 3 * longest + 2 * longest
        return np.empty((3, width), np.uint32), np.empty((3, width), np.int64), np.empty(hashes, np.uint32)


def join(texts: Sequence[str]) -> Joined:
    """Messages as one array of code points."""
    # One encode of the joined text instead of one a message; lone surrogates pass as they are.
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return Joined(codes, offsets)
