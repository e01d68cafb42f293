"""What the second stage sees beside the n-grams: morphemes and the shape of a message.

A message is analysed once: restored, searched for entities, cut into morphemes. `stage_two_rows` turns the analysis
into the sparse rows that training fits and scoring multiplies, so that the two cannot drift apart.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from spamfilter.text.advert import check_advert
from spamfilter.text.entities import find_entities, is_shortener
from spamfilter.text.normalise import FIXERS, TIDYING, Restored, restore
from spamfilter.text.tokenise import Morpheme
from spamfilter.types import AdvertFinding, Entity

ENTITY_KINDS: Final = ("url", "phone", "opt-out", "messenger", "account", "amount", "percent")
TRICKS: Final = tuple(f.__name__ for f in FIXERS if f.__name__ not in TIDYING)
_SCRIPTS: Final = ("hangul", "jamo", "latin", "digit", "han", "space", "symbol", "emoji", "other")
_LENGTHS: Final = (6, 16, 41, 101, 301)

SHAPE_NAMES: Final = (
    *(f"length.{n}" for n in (0, *_LENGTHS)),
    *(f"script.{s}" for s in _SCRIPTS),
    *(f"entity.{k}" for k in ENTITY_KINDS),
    "entity.url.shortener",
    "entity.url.several",
    "entity.none",
    *(f"trick.{t}" for t in TRICKS),
    "trick.several",
    "advert.label",
    "advert.fault",
    "signed.branch",
)
"""The shape features, in the order of the columns; each lies in [0, 1]."""

_COLUMN: Final = {name: i for i, name in enumerate(SHAPE_NAMES)}
_BRANCH_WORDS: Final = ("지점", "영업점", "출장소", "금융센터", "PB센터")
# Endings and particles say little alone; a symbol's evidence is in the n-grams already.
_SKIPPED_TAGS: Final = frozenset({"SF", "SP", "SS", "SSO", "SSC", "SE", "SO", "SW", "SB", "W_EMOJI", "Z_CODA", "UN"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the second stage and an explanation know of one message."""

    text: str
    restored: Restored
    entities: tuple[Entity, ...]
    advert: tuple[AdvertFinding, ...]


@dataclass(frozen=True, slots=True)
class MorphemeGram:
    """A hashed morpheme or pair of neighbours and where it stands in the restored text."""

    index: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows of a sparse matrix: row i has `values[indptr[i]:indptr[i + 1]]` in the columns `indices[...]`."""

    indices: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    indptr: npt.NDArray[np.int64]


def analyse(text: str) -> Analysis:
    """Restore a message and find what it points to."""
    restored = restore(text)
    entities = find_entities(restored)
    return Analysis(text, restored, entities, check_advert(restored, entities))


def shape(analysis: Analysis) -> npt.NDArray[np.float32]:
    """The shape of a message.

    Returns:
        Shape (len(SHAPE_NAMES),), float32, each in [0, 1].
    """
    row = np.zeros(len(SHAPE_NAMES), np.float32)
    text = analysis.text
    row[_COLUMN[f"length.{max(n for n in (0, *_LENGTHS) if n <= len(text))}"]] = 1.0
    for script, share in _script_shares(text).items():
        row[_COLUMN[f"script.{script}"]] = share
    kinds = [e.kind for e in analysis.entities]
    for kind in set(kinds):
        row[_COLUMN[f"entity.{kind}"]] = 1.0
    row[_COLUMN["entity.url.several"]] = kinds.count("url") > 1
    row[_COLUMN["entity.url.shortener"]] = any(e.kind == "url" and is_shortener(e.value) for e in analysis.entities)
    row[_COLUMN["entity.none"]] = not kinds
    tricks = [t.code for t in analysis.restored.tricks]
    for code in set(tricks):
        row[_COLUMN[f"trick.{code}"]] = 1.0
    row[_COLUMN["trick.several"]] = len(set(tricks)) > 1
    row[_COLUMN["advert.label"]] = bool(analysis.advert)
    row[_COLUMN["advert.fault"]] = any(f.is_fault for f in analysis.advert)
    row[_COLUMN["signed.branch"]] = any(w in analysis.restored.text for w in _BRANCH_WORDS)
    return row


def _script_shares(text: str) -> dict[str, float]:
    counts = dict.fromkeys(_SCRIPTS, 0)
    for char, n in Counter(text[:4096]).items():
        counts[_script(char)] += n
    total = max(1, min(len(text), 4096))
    # The square root spreads out what is rare: one circled letter in a hundred is news, fifty are not fifty times more.
    return {script: math.sqrt(n / total) for script, n in counts.items() if n}


@lru_cache(maxsize=1 << 14)
def _script(char: str) -> str:
    if "가" <= char <= "힣":
        return "hangul"
    if char.isspace():
        return "space"
    if char.isascii():
        return "latin" if char.isalpha() else "digit" if char.isdigit() else "symbol"
    if "ㄱ" <= char <= "ㆎ":
        return "jamo"
    if "一" <= char <= "鿿":
        return "han"
    if char >= "\U0001f000":
        return "emoji"
    return "other" if char.isalnum() else "symbol"


def morpheme_grams(morphemes: Sequence[Morpheme], bits: int) -> list[MorphemeGram]:
    """Morphemes and pairs of neighbours, hashed.

    Numbers, addresses and foreign words are reduced to their tag: their letters are the n-grams' business, and a
    number seen in training is a campaign, not a language.

    Args:
        morphemes: as `Tokeniser.tokenise` gives them for one text.
        bits: the table has 2**bits entries.

    Returns:
        One gram a morpheme and one a pair, repeats included, in order.
    """
    mask = (1 << bits) - 1
    grams = []
    last_key, last_start = "", 0
    for m in morphemes:
        if m.tag in _SKIPPED_TAGS:
            continue
        key = m.tag if m.tag[0] in "WS" else f"{m.form}/{m.tag[:2]}"
        end = m.start + m.length
        grams.append(MorphemeGram(_hash(key) & mask, m.start, end))
        if last_key:
            grams.append(MorphemeGram(_hash(f"{last_key} {key}") & mask, last_start, end))
        last_key, last_start = key, m.start
    return grams


@lru_cache(maxsize=1 << 17)
def _hash(key: str) -> int:
    # Remembered: a language has few morphemes, and this is asked for some forty of them a message.
    # crc32 of short keys is uneven in its low bits; the multiplication spreads them.
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) * 0x9E3779B1 >> 12


def stage_two_rows(
    shapes: Sequence[npt.NDArray[np.float32]], grams: Sequence[Sequence[MorphemeGram]], bits: int
) -> SparseRows:
    """The second stage's own features, shape first, then morphemes divided by the root of their number.

    Returns:
        One row a message over len(SHAPE_NAMES) + 2**bits columns, ascending and distinct within a row.
    """
    indices: list[npt.NDArray[np.int64]] = []
    values: list[npt.NDArray[np.float32]] = []
    indptr = np.zeros(len(shapes) + 1, np.int64)
    for i, (row, found) in enumerate(zip(shapes, grams, strict=True)):
        columns = np.flatnonzero(row)
        distinct = np.unique(np.fromiter((g.index for g in found), np.int64, len(found)))
        weight = 1.0 / math.sqrt(max(1, len(distinct)))
        indices += [columns, distinct + len(SHAPE_NAMES)]
        values += [row[columns], np.full(len(distinct), weight, np.float32)]
        indptr[i + 1] = indptr[i] + len(columns) + len(distinct)
    if not indices:
        return SparseRows(np.empty(0, np.int64), np.empty(0, np.float32), indptr)
    return SparseRows(np.concatenate(indices), np.concatenate(values), indptr)
