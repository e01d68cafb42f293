"""Character tables, and nothing else: what a code point looks like to a reader.

The kernel reads `fold_table()`; the fixers in `normalise.py` read the sets. Invisible characters are named by
escapes, never pasted. Look-alikes follow the confusables of Unicode Technical Standard #39, restricted to what
was seen in Korean spam reports: Latin, Cyrillic, Greek and enclosed forms of Latin letters and digits.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

ONSETS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS: Final[tuple[str, ...]] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

TABLE_SIZE: Final = 0x20000
"""Code points at or above this (tags, private planes, CJK extension B) fold to themselves or are dropped."""

# Hangul fillers render as nothing and are not of category Cf.
FILLERS: Final = "\u115f\u1160\u3164\uffa0"
COMBINING_GRAPHEME_JOINER: Final = "\u034f"
VARIATION_SELECTORS: Final = (0xFE00, 0xFE0F)

LOOKALIKES: Final[dict[str, str]] = {
    # Cyrillic
    **dict(zip("асеһіјӏорԛѕԝхуѵ", "acehijlopqswxyv", strict=True)),
    **dict(zip("АВСЕНІЈКМОРЅТХУ", "ABCEHIJKMOPSTXY", strict=True)),
    **dict(zip("вкмнт", "bkmht", strict=True)),
    # Greek
    **dict(zip("αβεικνορτυχωη", "abeiknoptuxwn", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    # Latin letters with strokes and small capitals, which have no decomposition
    **dict(zip("øØđĐłŁıȷħŧƀɓɗɡɩɪɾʀʏᴀʙᴄᴅᴇɢʜᴊᴋʟᴍɴᴏᴘᴛᴜᴠᴡᴢ", "oOdDlLijhtbbdgiirryabcdeghjklmnoptuvwz", strict=True)),
}
"""One reader's letter for another alphabet's; applied by a fixer only inside a word that mixes scripts."""

DIGIT_WORDS: Final[dict[str, str]] = {
    **dict(zip("공영빵일이삼사오육륙칠팔구Oo", "000123456678900", strict=True)),
    **dict(zip(("하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉"), "123456789", strict=True)),
}
"""What is said for a digit of a telephone number."""

_BRACKETS: Final = dict(zip("【】〔〕〖〗「」『』《》〈〉［］", "[][][][][]<><>[]", strict=True))
FULL_STOPS: Final = "。．｡․"
_DOTS: Final = dict.fromkeys(FULL_STOPS, ".") | dict.fromkeys("ㆍ・･•∙⋅", "·")


def is_invisible(char: str) -> bool:
    r"""Whether a reader sees nothing at all where `char` stands.

    >>> is_invisible("\u200b"), is_invisible(" "), is_invisible("가")
    (True, False, False)
    """
    if char in "\n\t\r":
        return False
    if char in FILLERS or char == COMBINING_GRAPHEME_JOINER:
        return True
    return unicodedata.category(char) in ("Cf", "Cc") or VARIATION_SELECTORS[0] <= ord(char) <= VARIATION_SELECTORS[1]


def _enclosed() -> dict[int, str]:
    """Enclosed letters and digits that Unicode gives no compatibility form."""
    table: dict[int, str] = {}
    for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6):
        table.update({first + i: chr(ord("a") + i) for i in range(26)})
    for first in (0x2776, 0x2780, 0x278A):
        table.update({first + i: chr(ord("1") + i) for i in range(9)})
    table.update({0x24F5 + i: chr(ord("1") + i) for i in range(9)})
    table[0x24FF] = table[0x24EA] = table[0x1F10B] = table[0x1F10C] = "0"
    return table


ENCLOSED: Final = _enclosed()


def compatibility_jamo(char: str) -> str:
    r"""The letter that stands for itself of one that waits to be joined; every other character is given back.

    >>> compatibility_jamo("\u1100"), compatibility_jamo("a")
    ('ㄱ', 'a')
    """
    if "\u1100" <= char <= "\u1112":
        return ONSETS[ord(char) - 0x1100]
    if "\u1161" <= char <= "\u1175":
        return VOWELS[ord(char) - 0x1161]
    if "\u11a8" <= char <= "\u11c2":
        return CODAS[ord(char) - 0x11A8 + 1]
    return char


def fold_char(char: str) -> str:
    r"""The one character that a reader takes `char` for, lower case; empty where nothing is seen.

    Where a compatibility form has several characters, the first that is no bracket stands for all.

    >>> [fold_char(c) for c in "ⓑ①Ａ𝐀аㅋ가\u200b"]
    ['b', '1', 'a', 'a', 'a', 'ㅋ', '가', '']
    """
    if char in "\n\t\r":
        return " "
    if is_invisible(char) or 0xD800 <= ord(char) <= 0xDFFF:
        return ""
    if char in LOOKALIKES:
        return LOOKALIKES[char].lower()
    if ord(char) in ENCLOSED:
        return ENCLOSED[ord(char)]
    if char in _BRACKETS or char in _DOTS:
        return str((_BRACKETS | _DOTS)[char])
    if "가" <= char <= "힣":
        return char
    form = unicodedata.normalize("NFKD", char)
    form = "".join(c for c in form if unicodedata.category(c) not in ("Mn", "Me")).lower()
    if not form:
        return ""
    if 0x1100 <= ord(form[0]) <= 0x11FF:
        form = unicodedata.normalize("NFC", form)
    bare = form.strip("()〔〕[] ") or form
    first = LOOKALIKES.get(bare[0], bare[0]).lower()
    if first.isspace() or unicodedata.category(first).startswith("Z"):
        return " "
    decimal = unicodedata.decimal(first, None)
    return str(decimal) if decimal is not None else compatibility_jamo(first)


@lru_cache(maxsize=1)
def fold_table() -> npt.NDArray[np.uint32]:
    """`fold_char` for every code point below `TABLE_SIZE`.

    Returns:
        Shape (TABLE_SIZE,), uint32, read-only: the code point that stands for each; 0 where nothing is seen.
    """
    table = np.arange(TABLE_SIZE, dtype=np.uint32)
    for cp in range(TABLE_SIZE):
        # Han, Hangul syllables, Yi and unassigned planes fold to themselves: skipped because the loop is start-up time.
        if 0x3400 <= cp < 0xD800 or 0xE000 <= cp < 0xF900 or 0x10000 <= cp < 0x1D400 or 0x1FB00 <= cp < 0x1FBF0:
            continue
        folded = fold_char(chr(cp))
        table[cp] = ord(folded) if folded else 0
    table[0x1FBF0:0x1FBFA] = np.arange(ord("0"), ord("9") + 1)
    table.flags.writeable = False
    return table
