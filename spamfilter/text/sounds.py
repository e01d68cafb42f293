"""Words with a syllable written in Latin letters or digits: 스po츠, 카G노, 사2트.

Spellings are made from the words, not read from the letters: the table holds exactly those that mean a word, and no
other letter of a message is touched.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final

from spamfilter.text.chardata import ONSETS, VOWELS
from spamfilter.text.lexicon import NOT_SOUNDED, WORDS
from spamfilter.text.phonetics import letters

MAX_LETTERS: Final = 6

# A hyphen is nothing at all; what stands between slashes is each a way to write the letter.
_ONSET_LATIN: Final = "g/k kk/gg n d/t dd/tt r/l m b/v bb/pp s ss - j/z/g jj ch/c k/c t p/f h"
_VOWEL_LATIN: Final = "a ae/e ya yae eo/u/er e yeo ye o wa wae oe yo u/oo wo we wi/ui yu/u eu/u/- ui i/ee"
_CODA_LATIN: Final = {
    "": "-",
    "ㄱ": "k/g/c",
    "ㄴ": "n",
    "ㄹ": "l",
    "ㅁ": "m",
    "ㅂ": "p/b",
    "ㅅ": "t/s",
    "ㅇ": "ng",
    "ㅌ": "t",
}
_ONSETS: Final = dict(zip(ONSETS, _ONSET_LATIN.split(), strict=True))
_VOWELS: Final = dict(zip(VOWELS, _VOWEL_LATIN.split(), strict=True))
_NAMES: Final[dict[str, str]] = {
    **dict(zip("이지오비티시씨디피유알엘엠엔에제토", ("e2", "gz", "o5", "bv", *"tccdpurlmnaz2"), strict=True)),
    **dict(zip("일삼사육칠팔구영공", "134678900", strict=True)),
}
"""Syllables that are the name of a letter or a digit."""


def _spelled(syllable: str) -> list[str]:
    """How a syllable is written in Latin letters or as the name of one."""
    parts = letters(syllable)
    if parts.coda not in _CODA_LATIN:
        return list(_NAMES.get(syllable, ""))
    choices = (_ONSETS[parts.onset], _VOWELS[parts.vowel], _CODA_LATIN[parts.coda])
    latin = ["".join(p).replace("-", "") for p in product(*(c.split("/") for c in choices))]
    return [*filter(None, latin), *_NAMES.get(syllable, "")]


@lru_cache(maxsize=1)
def latin_spellings() -> dict[str, str]:
    """Every word with one or two neighbouring syllables in Latin letters or digits, lower case -> the word.

    A word of two syllables is not written with a digit: 2자, 1당 and 4설 mean what they say.
    """
    table: dict[str, str] = {}
    for word in WORDS:
        spelled = [_spelled(c) for c in word]
        for first in range(len(word)):
            for last in range(first + 1, min(first + 3, len(word) + 1)):
                if last - first == len(word):
                    continue
                for latin in map("".join, product(*spelled[first:last])):
                    if len(latin) <= MAX_LETTERS and not (latin.isdigit() and len(word) == 2):
                        table.setdefault(f"{word[:first]}{latin}{word[last:]}", word)
    for honest in NOT_SOUNDED:
        table.pop(honest, None)
    return table


@lru_cache(maxsize=1)
def beside_latin() -> frozenset[str]:
    """The letters or digits of every spelling with the syllable before or after them: a cheap first question."""
    pairs: set[str] = set()
    for spelling in latin_spellings():
        for i, char in enumerate(spelling):
            if char.isascii() and i and not spelling[i - 1].isascii():
                pairs.add(spelling[i - 1] + _ascii_at(spelling, i))
            if char.isascii() and (not i or not spelling[i - 1].isascii()):
                token = _ascii_at(spelling, i)
                pairs.add(token + spelling[i + len(token) : i + len(token) + 1])
    return frozenset(pairs)


def _ascii_at(spelling: str, start: int) -> str:
    end = start
    while end < len(spelling) and spelling[end].isascii():
        end += 1
    return spelling[start:end]
