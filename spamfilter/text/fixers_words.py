"""Fixers that know words: what stands between or in place of a word's syllables is undone only where a word appears.

Each reads a run of text as a word of the lexicon, spelled right or twisted (`phonetics.meaning`), so that what spells
no such word stays: 김 이 박 최, 남/여, A/S 센터, 大학.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import Final

from spamfilter.text.chardata import DIGIT_WORDS
from spamfilter.text.edits import Edit
from spamfilter.text.lexicon import EVERYDAY, HANJA, LOOKS_LIKE, NOT_DRAWN, NOT_SPACED, WORDS
from spamfilter.text.phonetics import (
    MAX_SYLLABLES,
    OPENINGS,
    Heard,
    find_twisted,
    letters,
    meaning,
    syllable,
    trie_pattern,
)
from spamfilter.text.sounds import MAX_LETTERS, beside_latin, latin_spellings

_PARTICLES: Final = (
    "을 를 이 가 은 는 도 만 에 의 로 와 과 나 요 님 들 및 으로 에서 에게 하고 하는 하기 하실 해요 합니다 하세요 "
    "입니다 이나 까지 부터 됩니다 드립니다 드려요 가능 문의 상담 신청 안내 주소 이벤트"
)
_TAIL: Final = re.compile(rf"(?:{'|'.join(_PARTICLES.split())})?(?![가-힣])")
# Brackets and quotes are left out: (대7출)금 holds no 출금.
_MARK: Final = r"[^\w\s()\[\]{}<>\"'“”‘’「」『』【】]"
_SPACE: Final = rf"(?:[ \t]|{_MARK}|_){{1,3}}"
_SPACED: Final = re.compile(rf"(?<![가-힣])[가-힣](?:{_SPACE}[가-힣](?![가-힣]))*{_SPACE}[가-힣]{{1,5}}(?![가-힣])")
_FIRST_SYLLABLES: Final = frozenset(opening[0] for opening in OPENINGS)
_OPENERS: Final = "".join(c for c in map(chr, range(0xAC00, 0xD7A4)) if c not in EVERYDAY or c in _FIRST_SYLLABLES)
_APART: Final = re.compile(rf"[{_OPENERS}](?<![가-힣].)(?={_SPACE}([가-힣]))")
_WRITTEN_OUT: Final = re.compile(r"[ \t](?<=[가-힣].)(?<![가-힣]{2}.)[ \t]?(?:[가-힣][ \t]{1,2}){4}[가-힣](?![가-힣])")
_GAP: Final = rf"(?:{_MARK}{{1,4}}|[ㄱ-ㅣ]{{1,2}}|[0-9]{{1,2}}|[A-Za-z]{{1,2}}|_{{1,2}})"
_INTRUDED: Final = re.compile(rf"(?<![가-힣0-9A-Za-z])[가-힣]++(?:{_GAP}[가-힣]++)++")
_INTRUDER: Final = re.compile(r"[^\s가-힣](?<=[가-힣].)[^\s가-힣]{0,3}(?=[가-힣])")
_MIN_WRITTEN_OUT: Final = 6
_CASE_MARKS: Final = "은는을를의에요"
_CASE_MARK: Final = re.compile(f"[{_CASE_MARKS}](?![가-힣])")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word over the syllables `first` to `last`, exclusive, of a run."""

    first: int
    last: int
    exact: bool
    follows: bool


def _is_syllable(char: str) -> bool:
    """Whether it is one Hangul syllable; the empty string, before a text's start, is none."""
    return "가" <= char <= "힣"


def _words_over(syllables: str) -> Iterator[_Word]:
    """The known words of a run of syllables from left to right, none overlapping."""
    first, after = 0, 0
    while first < len(syllables) - 1:
        for last in range(min(first + MAX_SYLLABLES, len(syllables)), first + 1, -1):
            seen = syllables[first:last]
            word = meaning(seen)
            if word and (len(seen) > 2 or word == seen or any(c not in EVERYDAY for c in seen)):
                yield _Word(first, last, word == seen, first == after)
                first = after = last
                break
        else:
            first += 1


def join_spaced_words(text: str) -> list[Edit]:
    """Put the syllables of a known word together that are typed apart, and a sentence that is typed so throughout.

    >>> from spamfilter.text.normalise import restore
    >>> restore("카 지 노").text, restore("대 출.상 담 을").text, restore("김 이 박 최").text
    ('카지노', '대출상담을', '김 이 박 최')
    """
    if not _any_apart(text):
        return []
    edits: list[Edit] = []
    for match in _SPACED.finditer(text):
        places = [i for i in range(*match.span()) if _is_syllable(text[i])]
        n_apart = sum(b - a > 1 for a, b in pairwise(places)) + 1
        words = [w for w in _words_over("".join(text[i] for i in places)) if w.first < n_apart]
        apart = places[: n_apart if n_apart == len(places) else n_apart - 1]
        if len(apart) >= _MIN_WRITTEN_OUT and (words or _CASE_MARK.search(text, match.start(), match.end())):
            edits += _single_gaps(text, apart)
            continue
        for word in words:
            seen = "".join(text[i] for i in places[word.first : word.last])
            ends = word.last < n_apart or _TAIL.match(text, places[word.last - 1] + 1)
            if ends and (len(seen) > 2 or (word.follows and seen not in NOT_SPACED)):
                following = word.last < len(apart) and text[places[word.last]] in _CASE_MARKS
                edits += _gaps(places[word.first : word.last + following])
    return edits


def _any_apart(text: str) -> bool:
    """Whether two single syllables could open a known word, or a whole sentence is typed apart."""
    for match in _APART.finditer(text):
        first, second = match.group(), match[1]
        if first + second in OPENINGS or first not in EVERYDAY or second not in EVERYDAY:
            return True
    return bool(_WRITTEN_OUT.search(text))


def _gaps(places: Sequence[int]) -> list[Edit]:
    return [Edit(a + 1, b, "") for a, b in pairwise(places) if b - a > 1]


def _single_gaps(text: str, places: Sequence[int]) -> list[Edit]:
    """Each single space or mark away, each wider space to a single one: it stood between words, as does `→ `."""
    edits = []
    for edit in _gaps(places):
        gap = text[edit.start : edit.end]
        if len(gap) == 1 or not gap.strip():
            edits.append(Edit(edit.start, edit.end, "" if len(gap) == 1 else " "))
    return edits


def drop_intruders(text: str) -> list[Edit]:
    """Take a mark, an emoji, a letter or a digit out of a known word.

    >>> from spamfilter.text.normalise import restore
    >>> restore("무1료 카🎰지🎰노 대.출").text, restore("추천,인기 3대1 남/여").text
    ('무료 카지노 대출', '추천,인기 3대1 남/여')
    """
    if not _INTRUDER.search(text):
        return []
    edits = []
    for match in _INTRUDED.finditer(text):
        places = [i for i in range(*match.span()) if _is_syllable(text[i])]
        for word in _words_over("".join(text[i] for i in places)):
            inside = places[word.first : word.last]
            if inside[-1] - inside[0] >= len(inside) and _is_torn(text, inside, word):
                edits += _gaps(inside)
    return edits


def _is_torn(text: str, places: Sequence[int], word: _Word) -> bool:
    """Whether what stands inside the word tore it, rather than stands between two words of honest text (추천,인기)."""
    gaps = _gaps(places)
    pieces = [0, *(places.index(gap.end) for gap in gaps), len(places)]
    widths = [b - a for a, b in pairwise(pieces)]
    if any(min(a, b) > 1 for a, b in pairwise(widths)):
        return False
    starts = word.follows or not "가" <= text[places[0] - 1 : places[0]] <= "힣"
    if all(text[gap.start].isalnum() for gap in gaps):
        return len(places) > 2 or (starts and word.follows)
    return starts and bool(_TAIL.match(text, places[-1] + 1))


_HAN: Final = re.compile("[一-鿿]")
_HAN_WORD: Final = re.compile("[가-힣]*[一-鿿][가-힣一-鿿]*")
_FOREIGN_TEXT: Final = re.compile("[ぁ-ヿ]|[一-鿿]{6}")


def read_hanja(text: str) -> list[Edit]:
    """Read Chinese characters as their Korean sound where a known word appears, or inside a Hangul word.

    >>> from spamfilter.text.normalise import restore
    >>> restore("無료 大출").text, restore("無料 대출").text, restore("大학생, 前 대통령").text
    ('무료 대출', '무료 대출', '大학생, 前 대통령')
    """
    if not _HAN.search(text) or _FOREIGN_TEXT.search(text):
        return []
    edits = []
    for match in _HAN_WORD.finditer(text):
        start, seen = match.start(), match.group()
        sounds = "".join(HANJA.get(c, c) if i or c not in HANJA else _at_start(HANJA[c]) for i, c in enumerate(seen))
        read = {i for word in _words_over(sounds) for i in range(word.first, word.last)}
        read |= {i for i in range(1, len(seen) - 1) if _is_syllable(seen[i - 1]) and _is_syllable(seen[i + 1])}
        edits += [Edit(start + i, start + i + 1, sounds[i]) for i in sorted(read) if sounds[i] != seen[i]]
    return edits


def _at_start(sound: str) -> str:
    """The sound of a character at a word's start: 력 becomes 역, 로 becomes 노."""
    if not _is_syllable(sound):
        return sound
    parts = letters(sound)
    narrow = parts.vowel in "ㅑㅕㅖㅛㅠㅣ"
    if parts.onset == "ㄹ":
        return syllable("ㅇ" if narrow else "ㄴ", parts.vowel, parts.coda)
    return syllable("ㅇ", parts.vowel, parts.coda) if parts.onset == "ㄴ" and narrow else sound


_BESIDE_LATIN: Final = re.compile("[A-Za-z0-9](?:(?=[가-힣])|(?<=[가-힣].))")
_LATIN_TOKEN: Final = re.compile(rf"[A-Za-z0-9](?<![A-Za-z0-9].)[A-Za-z0-9]{{0,{MAX_LETTERS - 1}}}(?![A-Za-z0-9])")


def read_latin_sounds(text: str) -> list[Edit]:
    """Read letters and digits as the syllable that makes a known word of the Hangul beside them.

    >>> from spamfilter.text.normalise import restore
    >>> restore("스po츠 카G노 사2트").text, restore("2자 대결, LG전자, e메일").text
    ('스포츠 카지노 사이트', '2자 대결, LG전자, e메일')
    """
    if not _BESIDE_LATIN.search(text):
        return []
    edits = []
    spellings, near = latin_spellings(), beside_latin()
    for match in _LATIN_TOKEN.finditer(text):
        start, end = match.span()
        token = match.group().lower()
        if text[start - 1 : start] + token not in near and token + text[end : end + 1] not in near:
            continue
        before, right = _hangul_before(text, start), _hangul_after(text, end)
        for n_left, n_right in product(range(len(before), -1, -1), range(len(right), -1, -1)):
            word = spellings.get(f"{before[len(before) - n_left :]}{token}{right[:n_right]}")
            whole = n_left == len(before) if word and len(word) == 2 else True
            if word and whole:
                edits.append(Edit(start, end, word[n_left : len(word) - n_right]))
                break
    return edits


def _hangul_before(text: str, end: int) -> str:
    start = end
    while start and end - start < MAX_SYLLABLES and _is_syllable(text[start - 1]):
        start -= 1
    return text[start:end]


def _hangul_after(text: str, start: int) -> str:
    end = start
    while end < len(text) and end - start < MAX_SYLLABLES and _is_syllable(text[end]):
        end += 1
    return text[start:end]


@lru_cache(maxsize=1)
def _drawn_words() -> dict[str, str]:
    """Every word with some of its syllables drawn as another -> the word."""
    table: dict[str, str] = {}
    for word in WORDS:
        for chosen in product(*((c, LOOKS_LIKE[c]) if c in LOOKS_LIKE else (c,) for c in word)):
            table.setdefault("".join(chosen), word)
    for honest in (*WORDS, *NOT_DRAWN):
        table.pop(honest, None)
    return table


_DRAWN: Final = re.compile(f"[{''.join(LOOKS_LIKE.values())}]")
_DRAWN_WORD: Final = re.compile(trie_pattern(_drawn_words()))


def read_drawn_syllables(text: str) -> list[Edit]:
    """Read a syllable drawn as another one (야민정음) where that makes a known word; slang of its own stays.

    >>> from spamfilter.text.normalise import restore
    >>> restore("머출 네트코인").text, restore("띵작 커여워 머리").text
    ('대출 비트코인', '띵작 커여워 머리')
    """
    if not _DRAWN.search(text):
        return []
    edits = []
    for match in _DRAWN_WORD.finditer(text):
        start, seen = match.start(), match.group()
        if len(seen) > 2 or not _is_syllable(text[start - 1 : start]):
            edits.append(Edit(start, match.end(), _drawn_words()[seen]))
    return edits


def untwist_words(text: str) -> list[Edit]:
    """Read a known word with twisted vowels, tensed onsets or changed codas as that word.

    >>> from spamfilter.text.normalise import restore
    >>> restore("캬즤노 먜이져 댸출").text, restore("대추 까톡 띵작 넹").text
    ('카지노 메이저 대출', '대추 까톡 띵작 넹')
    """
    return [_edit(heard) for heard in find_twisted(text)]


def _edit(heard: Heard) -> Edit:
    return Edit(heard.start, heard.end, heard.word)


_DIGIT: Final = f"(?:[0-9Oo]|{'|'.join(sorted(DIGIT_WORDS, key=len, reverse=True))})"
_PAUSE: Final = r"[ \t\-.·‧∙~_/*)(|+,:ㅡ–—]{0,3}(?:(?:다시|에)[ \t\-]?)?"
_MOBILE: Final = (
    rf"(?:[0Oo공영빵]{_PAUSE}[1일]{_PAUSE}[0Oo공영빵육]|(?P<reversed>일{_PAUSE}[공영]{_PAUSE}일))"
    rf"(?:{_PAUSE}{_DIGIT}){{8}}"
)
_SERVICE: Final = rf"[1일]{_PAUSE}[568오육륙팔](?:{_PAUSE}{_DIGIT}){{6}}"
_SPOKEN: Final = re.compile(rf"(?=[0Oo공영빵1일])(?<![0-9Oo])(?:{_MOBILE}|{_SERVICE})(?![0-9])")
_OPENS_SPOKEN: Final = re.compile(
    r"[공영빵][ \t.-]?[일1]|일[ \t.-]?[공영오육팔568]|[0Oo][ \t.-]?일|1[ \t.-]?[공영오육팔]"
)
_SPOKEN_PART: Final = re.compile(f"다시|에|{_DIGIT}")


def read_spoken_digits(text: str) -> list[Edit]:
    """Write the digits of a telephone number that is spelled as words.

    >>> from spamfilter.text.normalise import restore
    >>> restore("공일공 공공공공 일이삼사").text, restore("내일 오이 일이삼 개").text
    ('010 0000 1234', '내일 오이 일이삼 개')
    """
    if not _OPENS_SPOKEN.search(text):
        return []
    edits = []
    for match in _SPOKEN.finditer(text):
        if not re.search("[가-힣]", match.group()):
            continue
        edits += _digits(text, match)
    return edits


def _digits(text: str, match: re.Match[str]) -> list[Edit]:
    """One edit for each unbroken stretch of digit words."""
    edits: list[Edit] = []
    n_digits = 0
    for part in _SPOKEN_PART.finditer(text, *match.span()):
        digit = DIGIT_WORDS.get(part.group(), part.group())
        reads_as = "-" if digit in ("다시", "에") else digit
        n_digits += reads_as != "-"
        # 일공일 is 010 as people write it who hide the first digit.
        if match["reversed"] and reads_as != "-" and n_digits <= 3:
            reads_as = "010"[n_digits - 1]
        if edits and edits[-1].end == part.start():
            edits[-1] = Edit(edits[-1].start, part.end(), edits[-1].reads_as + reads_as)
        else:
            edits.append(Edit(*part.span(), reads_as))
    return [edit for edit in edits if edit.reads_as != text[edit.start : edit.end]]
