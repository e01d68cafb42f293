"""The message as a reader sees it: small named fixers in one ordered list, each traceable to the original.

A fixer takes a string and gives `Edit`s: "these characters read as that". `restore` applies them in order and keeps,
for every character of the result, the span of the original it came from, so that a reason or an entity found in
the restored text can be shown where the writer put it.

The n-gram kernel does not read this text; it folds single code points by `chardata.fold_table()` and skips
separators by its own views. The restored text feeds Kiwi, the entities and the eyes of a moderator.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spamfilter.text import chardata
from spamfilter.text.edits import Edit, Fixer
from spamfilter.text.fixers_words import (
    drop_intruders,
    join_spaced_words,
    read_drawn_syllables,
    read_hanja,
    read_latin_sounds,
    read_spoken_digits,
    untwist_words,
)
from spamfilter.types import Span


@dataclass(frozen=True, slots=True)
class Trick:
    """Something a fixer undid.

    Attributes:
        code: the fixer's name.
        span: what was twisted, in the original text.
        reads_as: what stands there in the restored text.
    """

    code: str
    span: Span
    reads_as: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored text and where it came from.

    Attributes:
        text: what a reader sees.
        starts: for every character of `text`, the first code point of the original that made it.
        ends: likewise the end, exclusive.
        tricks: what was undone, in the order of the fixers, then of the text.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    tricks: tuple[Trick, ...]

    def span(self, start: int, end: int) -> Span:
        """The span of the original text behind `text[start:end]`.

        Raises:
            ValueError: if the range is empty or leaves the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"need 0 <= start < end <= {len(self.text)}, got {start} and {end}")
        return Span(min(self.starts[start:end]), max(self.ends[start:end]))

    def restored_span(self, span: Span) -> tuple[int, int]:
        """Where the original span stands in `text`: start and end, equal where nothing of it is left."""
        return bisect_left(self.ends, span.start + 1), bisect_left(self.starts, span.end)


_HANGUL_SIGNS: Final = "\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff"
_CLUSTER: Final = re.compile(f"[{_HANGUL_SIGNS}]+|[^\\W\\d_]?[\u0300-\u036f\u20d0-\u20ff]+")
_COMBINING: Final = re.compile(f"[{_HANGUL_SIGNS}\u0300-\u036f\u20d0-\u20ff]")
_LOOKALIKE: Final = re.compile(f"[{''.join(chardata.LOOKALIKES)}]")
_NOT_PLAIN: Final = re.compile(r"[^\t\n\r\x20-\x7e가-힣ㄱ-ㅣ]")
_TOKEN: Final = re.compile(r"[^\s가-힣ㄱ-ㅣ]+")
_ONSET_CLASS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWEL_CLASS: Final = "ㅏ-ㅣ"
_JAMO_PAIR: Final = re.compile(f"([{_ONSET_CLASS}])([{_VOWEL_CLASS}])(?![{_VOWEL_CLASS}])")
_BULLET: Final = re.compile(r"(?:^|(?<=\s))[①-⑳❶-❿➀-➓⓵-⓾](?=\s|[가-힣\[(])")


def _is_open(syllable: str) -> bool:
    """Whether a Hangul syllable has no coda."""
    return "가" <= syllable <= "힣" and (ord(syllable) - 0xAC00) % 28 == 0


def _is_lone_coda(text: str, at: int) -> bool:
    """Whether the jamo at `at` closes the syllable before it rather than stand for laughter or a shrug."""
    following = text[at + 1 : at + 2]
    return not ("ㄱ" <= following <= "ㅣ") and ("가" <= following <= "힣")


def compose_hangul(text: str) -> list[Edit]:
    r"""Put decomposed letters together: NFD Hangul, letters with combining marks.

    >>> restore("\u1103\u1162\u110e\u116e\u11af").text, restore("대출").text
    ('대출', '대출')
    """
    if not _COMBINING.search(text):
        return []
    edits = []
    for match in _CLUSTER.finditer(text):
        composed = unicodedata.normalize("NFC", match.group())
        composed = "".join(c for c in composed if not unicodedata.category(c).startswith("M"))
        if composed != match.group():
            edits.append(Edit(match.start(), match.end(), composed))
    return edits


def drop_invisible(text: str) -> list[Edit]:
    r"""Take away what a reader does not see: zero-width, bidi and control characters, Hangul fillers.

    An emoji keeps its joiners: `👨\u200d👩\u200d👧` is one picture.

    >>> restore("무\u200b료").text, restore("한 눈").text
    ('무료', '한 눈')
    """
    edits = []
    for match in _NOT_PLAIN.finditer(text):
        at = match.start()
        if chardata.is_invisible(match.group()) and not _joins_emoji(text, at):
            edits.append(Edit(at, at + 1, ""))
    return edits


def _joins_emoji(text: str, at: int) -> bool:
    return text[at] in "\u200d\ufe0f" and at > 0 and unicodedata.category(text[at - 1]) in ("So", "Sk", "Cf")


def fold_forms(text: str) -> list[Edit]:
    """Read full-width, circled, mathematical and squared characters as the plain ones.

    A circled number that opens a list item stays: `① 신청` is no trick.

    >>> restore("ⓑⓑ⑤2．ｃｏｍ").text, restore("① 신청 대상").text
    ('bb52.com', '① 신청 대상')
    """
    if not _NOT_PLAIN.search(text):
        return []
    bullets = {m.start() for m in _BULLET.finditer(text)}
    edits = []
    for match in _NOT_PLAIN.finditer(text):
        at, char = match.start(), match.group()
        if at in bullets:
            continue
        plain = _plain_form(char)
        if plain != char:
            edits.append(Edit(at, at + 1, plain))
    return edits


def _plain_form(char: str) -> str:
    if "\u3164" <= char <= "\u318e":  # old letters; \u318d is typed as a middle dot
        return char
    if char in chardata.FULL_STOPS:
        return "."
    if ord(char) in chardata.ENCLOSED and not 0x1F1E6 <= ord(char) <= 0x1F1FF:
        return chardata.ENCLOSED[ord(char)]
    if unicodedata.category(char) in ("Nd", "No") and not unicodedata.decomposition(char):
        decimal = unicodedata.decimal(char, None)
        return str(decimal) if decimal is not None else char
    form = unicodedata.normalize("NFKC", char)
    if len(form) > 1 and unicodedata.decomposition(char).startswith("<circle>"):
        return form
    if len(form) == 3 and form[0] + form[2] == "()":
        return form[1]
    if form and not form.strip():
        return " "
    return chardata.compatibility_jamo(form) if len(form) == 1 else form


def latinise_lookalikes(text: str) -> list[Edit]:
    """Read Cyrillic and Greek letters as Latin ones where a word mixes them with Latin letters or digits.

    >>> restore("Tеlеgrаm").text, restore("Привет").text
    ('Telegram', 'Привет')
    """
    if not _LOOKALIKE.search(text):
        return []
    edits = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        if not any(c in chardata.LOOKALIKES for c in word) or not re.search("[A-Za-z0-9]", word):
            continue
        for i, char in enumerate(word, match.start()):
            if char in chardata.LOOKALIKES:
                edits.append(Edit(i, i + 1, chardata.LOOKALIKES[char]))
    return edits


def join_jamo(text: str) -> list[Edit]:
    """Put letters typed apart back into syllables; laughter, sobs and abbreviations stay.

    >>> restore("ㅋㅏ톡").text, restore("ㄷㅐㅊㅜㄹ").text, restore("ㅋㅋㅋ ㅇㅇ ㅠㅠ").text
    ('카톡', '대출', 'ㅋㅋㅋ ㅇㅇ ㅠㅠ')
    """
    edits = []
    for match in _JAMO_PAIR.finditer(text):
        onset = chardata.ONSETS.index(match[1])
        syllable = 0xAC00 + (onset * 21 + chardata.VOWELS.index(match[2])) * 28
        end = match.end()
        coda = text[end : end + 1]
        follows_vowel = "ㅏ" <= text[end + 1 : end + 2] <= "ㅣ"
        if coda and coda in chardata.CODAS[1:] and not follows_vowel and text[end + 1 : end + 2] != coda:
            syllable += chardata.CODAS.index(coda)
            end += 1
        edits.append(Edit(match.start(), end, chr(syllable)))
    return edits


def join_coda(text: str) -> list[Edit]:
    """Put a consonant typed after an open syllable back under it, inside a word: `카ㅈ노` has none, `추ㄹ금` has.

    >>> restore("추ㄹ금").text, restore("하ㅋㅋ").text, restore("가ㅋ").text
    ('출금', '하ㅋㅋ', '가ㅋ')
    """
    edits = []
    for match in re.finditer("[ㄱㄴㄷㄹㅁㅂㅅㅇ]", text):
        at = match.start()
        if at and _is_open(text[at - 1]) and _is_lone_coda(text, at):
            joined = chr(ord(text[at - 1]) + chardata.CODAS.index(match.group()))
            edits.append(Edit(at - 1, at + 1, joined))
    return edits


_LATIN_VOWELS: Final = {
    "H": "ㅐ",
    "l": "ㅣ",
    "I": "ㅣ",
    "|": "ㅣ",
    "r": "ㅏ",
    "ト": "ㅏ",
    "卜": "ㅏ",
    "丨": "ㅣ",
    "十": "ㅏ",
}
_JAMO_LATIN: Final = re.compile(r"([ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ])([HlI|rト卜丨十])(?![A-Za-z])")


def join_drawn_vowel(text: str) -> list[Edit]:
    """Read a Latin letter or a stroke drawn beside a bare consonant as the vowel it looks like.

    >>> restore("ㄷH출").text, restore("ㅋr톡").text, restore("ㅋHi").text
    ('대출', '카톡', 'ㅋHi')
    """
    edits = []
    for match in _JAMO_LATIN.finditer(text):
        vowel = chardata.VOWELS.index(_LATIN_VOWELS[match[2]])
        onset = chardata.ONSETS.index(match[1])
        edits.append(Edit(match.start(), match.end(), chr(0xAC00 + (onset * 21 + vowel) * 28)))
    return edits


# One Hangul syllable, a mark, one syllable, and so on: the pieces are single syllables, so no word is torn.
# A dot, a slash or a comma also lists things in honest text (시·군·구, 남/여), so they need four pieces;
# a star, a bar or an underscore between syllables lists nothing and needs two.
_LISTING_MARKS: Final = r"[.·ㆍ・/,\-~]"
_RARE_MARKS: Final = r"[*★☆♥♡◆◇■□●○▶▷◀◁♠♣♤♧|_^'`\"+=:;<>#@!?\\]{1,2}"
_SPLIT_LISTING: Final = re.compile(rf"(?<![가-힣])[가-힣](?:{_LISTING_MARKS} ?[가-힣]){{3,}}(?![가-힣])")
_SPLIT_RARE: Final = re.compile(rf"(?<![가-힣])[가-힣](?:{_RARE_MARKS}[가-힣])+(?![가-힣])")
_MARK_BETWEEN: Final = re.compile(
    r"[^\w\s](?<=[가-힣].)(?<![가-힣]{2}.)[^\w\s]?[ _]?[가-힣](?![가-힣])|[_ㆍ](?<=[가-힣].)"
)
_MIDDLE_DOT: Final = re.compile(r"(?<![가-힣])([가-힣])[ㆍ・]{1,2}([가-힣])(?![가-힣])")


def drop_separators(text: str) -> list[Edit]:
    """Take away marks that stand between single syllables.

    >>> restore("무.료.상.담").text, restore("카★지★노").text, restore("대ㆍ출").text
    ('무료상담', '카지노', '대출')
    >>> restore("시·군·구").text, restore("남/여").text, restore("김 이 박 최").text
    ('시·군·구', '남/여', '김 이 박 최')
    """
    if not _MARK_BETWEEN.search(text):
        return []
    marks = {
        at
        for pattern in (_SPLIT_LISTING, _SPLIT_RARE, _MIDDLE_DOT)
        for match in pattern.finditer(text)
        for at in range(*match.span())
        if not "가" <= text[at] <= "힣"
    }
    return [Edit(at, at + 1, "") for at in sorted(marks)]


_REPEATED: Final = re.compile(r"([^\w\s])\1{3,}")


def shorten_runs(text: str) -> list[Edit]:
    """Shorten a run of four or more of one mark to three, as a reader skims it.

    >>> restore("★★★★★★특가").text, restore("ㅋㅋㅋㅋㅋㅋ").text, restore("...").text
    ('★★★특가', 'ㅋㅋㅋㅋㅋㅋ', '...')
    """
    return [Edit(m.start() + 3, m.end(), "") for m in _REPEATED.finditer(text)]


FIXERS: Final[tuple[Fixer, ...]] = (
    compose_hangul,
    drop_invisible,
    fold_forms,
    latinise_lookalikes,
    join_jamo,
    join_drawn_vowel,
    join_coda,
    read_hanja,
    drop_separators,
    drop_intruders,
    join_spaced_words,
    read_latin_sounds,
    read_drawn_syllables,
    untwist_words,
    read_spoken_digits,
    shorten_runs,
)
"""In this order: characters before letters, letters before syllables, syllables before words."""

TIDYING: Final = frozenset({"compose_hangul", "shorten_runs"})
"""Fixers that undo no trick: a Macintosh sends decomposed Hangul, and anyone may draw a line of stars."""


def restore(text: str) -> Restored:
    """Restore a message to what a reader sees. Total and linear: any string is taken, of any length.

    Args:
        text: any string; NUL, lone surrogates and the empty string included.

    Returns:
        The restored text with its map back to `text`. A text that holds only ASCII and Hangul syllables
        typed plainly comes back unchanged.

    >>> restored = restore("ㅋㅏ톡 ⓐⓑ12")
    >>> restored.text, restored.span(0, 1)
    ('카톡 ab12', Span(start=0, end=2))
    """
    starts: Sequence[int] = range(len(text))
    ends: Sequence[int] = range(1, len(text) + 1)
    tricks: list[Trick] = []
    for fixer in FIXERS:
        edits = fixer(text)
        if edits:
            if fixer.__name__ not in TIDYING:
                tricks.extend(Trick(fixer.__name__, Span(starts[e.start], ends[e.end - 1]), e.reads_as) for e in edits)
            text, starts, ends = _apply(text, starts, ends, edits)
    return Restored(text, starts, ends, tuple(tricks))


def _apply(
    text: str, starts: Sequence[int], ends: Sequence[int], edits: Sequence[Edit]
) -> tuple[str, list[int], list[int]]:
    """Apply ascending, disjoint edits; every new character takes the whole span of what it replaces."""
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    at = 0
    for edit in edits:
        pieces.append(text[at : edit.start])
        new_starts.extend(starts[at : edit.start])
        new_ends.extend(ends[at : edit.start])
        pieces.append(edit.reads_as)
        if edit.reads_as:
            new_starts.extend([starts[edit.start]] * len(edit.reads_as))
            new_ends.extend([ends[edit.end - 1]] * len(edit.reads_as))
        at = edit.end
    pieces.append(text[at:])
    new_starts.extend(starts[at:])
    new_ends.extend(ends[at:])
    return "".join(pieces), new_starts, new_ends
