"""How alike Hangul syllables sound, and which word of the lexicon a twisted run of them means.

Two ways to twist a word, told apart by what they prove. With a syllable that everyday Korean hardly types (캬즤노) the
whole run is looked up by the classes of its syllables and weighed one by one. With everyday syllables only
(빠까라, 메이져) it must be one of the twists listed beforehand, each of which was checked against honest text: by sound
alone 대추 would be 대출.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Final

from spamfilter.text.chardata import CODAS, ONSETS, VOWELS
from spamfilter.text.lexicon import EVERYDAY, NEIGHBOURS, ORDINARY, SPELLINGS, WORDS

MAX_SYLLABLES: Final = max(map(len, WORDS))

_ONSET_CLASSES: Final = ("ㄱㄲㅋ", "ㄷㄸㅌ", "ㅂㅃㅍ", "ㅅㅆ", "ㅈㅉㅊ", "ㄴ", "ㄹ", "ㅁ", "ㅇ", "ㅎ")
_VOWEL_CLASSES: Final = ("ㅏㅑㅘ", "ㅐㅒㅔㅖㅙㅚㅞ", "ㅓㅕㅝㅗㅛ", "ㅜㅠㅡ", "ㅟㅢㅣ")
# Control characters of Latin-1: below 256 a set of a regular expression is one table. A text that holds them itself is
# found out by the look at its syllables.
_FIRST_CLASS: Final = 0x80
_TWIN_PAIRS: Final = """
    ㅏㅑ ㅏㅘ ㅑㅘ ㅓㅕ ㅓㅝ ㅕㅝ ㅗㅛ ㅗㅝ ㅜㅠ ㅜㅡ ㅠㅡ ㅡㅢ ㅣㅢ ㅣㅟ ㅟㅢ ㅐㅒ ㅐㅔ ㅐㅖ ㅒㅔ ㅒㅖ ㅔㅖ ㅚㅙ
    ㅚㅞ ㅙㅞ
"""
_TWIN_VOWELS: Final = frozenset(_TWIN_PAIRS.split()) | {pair[::-1] for pair in _TWIN_PAIRS.split()}
_ROUNDED: Final = "ㅘㅙㅚㅝㅞㅟ"
_SOFT: Final = "ㄱㄷㅂㅅㅈ"
_FAR: Final = 2.0
_ALIKE: Final = 0.5
_CODA_SOUNDS: Final = ("ㄱㄲㅋㄳㄺ", "ㄷㅌㅅㅆㅈㅊㅎ", "ㅂㅍㅄㄿ", "ㄴㄵㄶ", "ㄹㄼㄽㄾㅀ", "ㅁㄻ")

# The twists of a word into everyday syllables: an onset tensed or breathed, a vowel exchanged for its twin.
_HARDER: Final = dict(zip("ㄱㄷㅂㅅㅈㅋㅌㅍㅊ", "ㄲㄸㅃㅆㅉㄲㄸㅃㅉ", strict=True))
_BREATHED: Final = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
_PLAIN: Final = dict(zip("ㅑㅒㅕㅖㅛㅠㅢ", "ㅏㅐㅓㅔㅗㅜㅣ", strict=True))
_TWIN: Final = dict(
    zip("ㅏㅓㅗㅜㅔㅐㅣㅑㅕㅛㅠ", ("ㅑ", "ㅕ", "ㅛ", "ㅠ", "ㅐㅖ", "ㅔ", "ㅟㅢ", *"ㅏㅓㅗㅜ"), strict=True)
)


@dataclass(frozen=True, slots=True)
class Letters:
    """A syllable taken apart; `coda` may be empty."""

    onset: str
    vowel: str
    coda: str


def letters(syllable: str) -> Letters:
    """Take a Hangul syllable apart."""
    index = ord(syllable) - 0xAC00
    return Letters(ONSETS[index // 588], VOWELS[index // 28 % 21], CODAS[index % 28])


def syllable(onset: str, vowel: str, coda: str = "") -> str:
    """Put a Hangul syllable together."""
    return chr(0xAC00 + (ONSETS.index(onset) * 21 + VOWELS.index(vowel)) * 28 + CODAS.index(coda))


def _class_table() -> dict[int, str]:
    rows = [next(i for i, members in enumerate(_ONSET_CLASSES) if onset in members) for onset in ONSETS]
    columns = [next(i for i, members in enumerate(_VOWEL_CLASSES) if vowel in members) for vowel in VOWELS]
    size = len(_VOWEL_CLASSES)
    return {
        code: chr(_FIRST_CLASS + rows[(code - 0xAC00) // 588] * size + columns[(code - 0xAC00) // 28 % 21])
        for code in range(0xAC00, 0xD7A4)
    }


_CLASSES: Final = _class_table()


def trie_pattern(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first, that looks at each character once.

    >>> trie_pattern(["ab", "abc", "b"])
    '(?:a(?:b(?:c)?)|b)'
    """
    root: dict[str, dict] = {}  # type: ignore[type-arg]
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branches(root)


def _branches(node: dict[str, dict]) -> str:  # type: ignore[type-arg]
    parts = [re.escape(char) + _branches(below) for char, below in sorted(node.items()) if char]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)})" + ("?" if "" in node else "")


def _skeletons(word: str) -> Iterator[str]:
    """The classes of a word's syllables, and those where a reader sees ㅢ for its ㅡ (스 -> 싀)."""
    options = [(c, chr(ord(c) + 28)) if letters(c).vowel == "ㅡ" else (c,) for c in word]
    return ("".join(chosen).translate(_CLASSES) for chosen in product(*options))


def _by_skeleton() -> dict[str, tuple[str, ...]]:
    """The words of each skeleton; everyday neighbours first, so that they win where both are as near."""
    table: dict[str, tuple[str, ...]] = {}
    for word in WORDS:
        for bones in _skeletons(word):
            table[bones] = (*table.get(bones, ()), word)
    for word in NEIGHBOURS:
        bones = word.translate(_CLASSES)
        if bones in table:
            table[bones] = (word, *table[bones])
    return table


def _twists_of(seen: str, *, short: bool) -> list[str]:
    """The everyday syllables that `seen` is twisted into: of a short word, its tensed onset alone."""
    parts = letters(seen)
    twisted = [syllable(onset, parts.vowel, parts.coda) for onset in _HARDER.get(parts.onset, "")]
    if not short:
        twisted += [syllable(onset, parts.vowel, parts.coda) for onset in _BREATHED.get(parts.onset, "")]
        twisted += [syllable(parts.onset, vowel, parts.coda) for vowel in _TWIN.get(parts.vowel, "")]
    return [t for t in twisted if t in EVERYDAY]


def _everyday_twists() -> dict[str, str]:
    """Every twist of a word into everyday syllables -> the word.

    A word of two syllables may tense one onset, a longer one may change two syllables: what honest text spells by
    chance is in `ORDINARY`.
    """
    table = dict(SPELLINGS)
    for word in WORDS:
        options = [_twists_of(c, short=len(word) == 2) for c in word]
        for n_changed in range(1, min(len(word), 3)):
            for places in combinations(range(len(word)), n_changed):
                for chosen in product(*(options[i] for i in places)):
                    twisted = list(word)
                    for i, c in zip(places, chosen, strict=True):
                        twisted[i] = c
                    table.setdefault("".join(twisted), word)
    for honest in (*WORDS, *ORDINARY):
        table.pop(honest, None)
    return table


EVERYDAY_TWISTS: Final = _everyday_twists()
_WORDS_OF: Final = _by_skeleton()
_KNOWN: Final = frozenset(WORDS)
_ANY_SKELETON: Final = re.compile(trie_pattern(_WORDS_OF))
_STRANGE: Final = re.compile(f"[{''.join(c for c in map(chr, _CLASSES) if c not in EVERYDAY)}]")
_OPENS_TWIST: Final = re.compile(
    f"[{''.join({t[0] for t in EVERYDAY_TWISTS})}](?=[{''.join({t[1] for t in EVERYDAY_TWISTS})}])"
)
_OPENINGS: Final = frozenset(t[:2] for t in EVERYDAY_TWISTS)


OPENINGS: Final = _OPENINGS | {word[:2] for word in WORDS}
"""The first two syllables of every word and of every twist into everyday syllables."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`text[start:end]` is read as `word`."""

    start: int
    end: int
    word: str


@lru_cache(maxsize=4096)
def syllable_cost(seen: str, meant: str) -> float:
    """How far a syllable is from the one meant: 1.0 for each letter that differs, less if alike, more if far.

    >>> syllable_cost("캬", "카"), syllable_cost("롰", "롯"), syllable_cost("단", "담")
    (1.0, 0.5, 1.5)
    """
    a, b = letters(seen), letters(meant)
    # Spam tenses an onset and seldom softens one: 도톰 is not 토토.
    cost = 0.0 if a.onset == b.onset else 1.5 if a.onset in _SOFT and b.onset not in _SOFT else 1.0
    if a.vowel != b.vowel:
        # After ㅇ a w-glide is a sound of its own: 완전 is not 안전.
        rounded = a.onset == "ㅇ" and (a.vowel in _ROUNDED) != (b.vowel in _ROUNDED)
        cost += 1.0 if a.vowel + b.vowel in _TWIN_VOWELS and not rounded else _FAR
    if a.coda != b.coda:
        if not a.coda or not b.coda:
            return cost + 1.0
        cost += _ALIKE if any(a.coda in sound and b.coda in sound for sound in _CODA_SOUNDS) else 1.5
    return cost


def meaning(seen: str) -> str | None:
    """The word that a run of syllables is, or is a twist of; None where it is neither.

    >>> meaning("카지노"), meaning("캬즤노"), meaning("빠까라"), meaning("대추")
    ('카지노', '카지노', '바카라', None)
    """
    if seen in _KNOWN:
        return seen
    if seen in EVERYDAY_TWISTS:
        return EVERYDAY_TWISTS[seen]
    if seen in ORDINARY or not _STRANGE.search(seen):
        return None
    return _meant(seen, seen.translate(_CLASSES))


@lru_cache(maxsize=4096)
def _meant(seen: str, bones: str) -> str | None:
    """The nearest word to a run with a strange syllable, if that syllable is among those that differ."""
    best, least = None, max(2.0, 0.9 * len(seen))
    for word in _WORDS_OF.get(bones, ()):
        cost = sum(map(syllable_cost, seen, word))
        if cost < least or (best is None and cost == least):
            best, least = word, cost
    if best in _KNOWN and any(s != w and s not in EVERYDAY for s, w in zip(seen, best, strict=True)):
        return best
    return None


def find_twisted(text: str) -> list[Heard]:
    """The twisted words of a text, from left to right, none overlapping; words spelled right are not among them.

    >>> [(h.start, h.word) for h in find_twisted("캬즤노 먜이져 빠까라")], find_twisted("대추 단장 까지")
    ([(0, '카지노'), (4, '메이저'), (8, '바카라')], [])
    """
    found = _everyday_twists_in(text)
    if not _STRANGE.search(text):
        return found
    strange = _strange_twists_in(text)
    taken = {i for heard in strange for i in range(heard.start, heard.end)}
    return sorted(
        strange + [h for h in found if taken.isdisjoint(range(h.start, h.end))], key=lambda heard: heard.start
    )


def _everyday_twists_in(text: str) -> list[Heard]:
    found: list[Heard] = []
    after = 0
    for match in _OPENS_TWIST.finditer(text):
        start = match.start()
        if start < after or text[start : start + 2] not in _OPENINGS:
            continue
        opens = not "가" <= text[start - 1 : start] <= "힣"
        for size in range(min(MAX_SYLLABLES, len(text) - start), 1, -1):
            word = EVERYDAY_TWISTS.get(text[start : start + size])
            # Two syllables meet by chance across the seam of two words: 그때+출발.
            if word and (size > 2 or opens):
                after = start + size
                found.append(Heard(start, after, word))
                break
    return found


def _strange_twists_in(text: str) -> list[Heard]:
    found: list[Heard] = []
    bones = text.translate(_CLASSES)
    match = _ANY_SKELETON.search(bones)
    while match:
        start = at = match.start()
        for size in range(min(MAX_SYLLABLES, len(text) - start), 1, -1):
            seen = text[start : start + size]
            if bones[start : start + size] not in _WORDS_OF or not all("가" <= c <= "힣" for c in seen):
                continue
            if seen in _KNOWN:
                at = start + size - 1
                break
            word = _meant(seen, bones[start : start + size]) if seen not in ORDINARY else None
            if word and (size > 2 or _stands_out(text, start, word)):
                found.append(Heard(start, start + size, word))
                at = start + size - 1
                break
        match = _ANY_SKELETON.search(bones, at + 1)
    return found


def _stands_out(text: str, start: int, word: str) -> bool:
    """Whether two syllables are a twist wherever they stand: at the start of an eojeol, or by a glide or a like coda.

    Inside an eojeol the seam of two words twists too: 누룽지, 자일리톨도.
    """
    if not "가" <= text[start - 1 : start] <= "힣":
        return True
    seen = text[start : start + 2]
    return all(syllable_cost(s, w) <= _ALIKE or _without_glide(s) == w for s, w in zip(seen, word, strict=True))


def _without_glide(seen: str) -> str:
    parts = letters(seen)
    return syllable(parts.onset, _PLAIN.get(parts.vowel, parts.vowel), parts.coda)
