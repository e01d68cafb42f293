"""The attacks that spam's writers use on Korean, as seeded transformations: to train on, and to measure by.

Every family takes a message and twists a share of its words as a person would: whole words rather than lone
letters, one trick at a time. `TRAINED` families teach; `HELD_OUT` families are never trained on, so that what is
measured on them is robustness and not memory.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from spamfilter.text.chardata import CODAS, ONSETS, VOWELS

Attack = Callable[[str, random.Random], str]

_WORD: Final = re.compile(r"[가-힣]{2,}")
_HANGUL: Final = re.compile(r"[가-힣]")
_LATIN_DIGIT: Final = re.compile(r"[A-Za-z0-9]")

_TENSE: Final = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_ASPIRATED: Final = dict(zip("ㄱㄷㅂㅈㅋㅌㅍㅊ", "ㅋㅌㅍㅊㄲㄸㅃㅉ", strict=True))
_VOWEL_TWINS: Final = {
    "ㅏ": "ㅑ", "ㅑ": "ㅏ", "ㅓ": "ㅕ", "ㅕ": "ㅓ", "ㅗ": "ㅛ", "ㅛ": "ㅗ", "ㅜ": "ㅠ", "ㅠ": "ㅜ", "ㅡ": "ㅢ",
    "ㅣ": "ㅢ",
    "ㅐ": "ㅒ", "ㅔ": "ㅖ", "ㅒ": "ㅐ", "ㅖ": "ㅔ", "ㅢ": "ㅣ", "ㅘ": "ㅏ", "ㅝ": "ㅓ", "ㅚ": "ㅙ", "ㅙ": "ㅚ",
    "ㅞ": "ㅙ", "ㅟ": "ㅣ",
}  # fmt: skip
_ADDED_CODAS: Final = "ㅅㅇㄴㅁㅊㅋ"
_MARKS: Final = ".·ㆍ*★☆♥/_-~^'|,!@#"
_EMOJI: Final = "🎁💰🔥❤✅👍⭐🎰💎"
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\u00ad\ufeff\u3164"
_CONFUSED: Final = {
    "a": "аɑα",
    "e": "еε",
    "o": "оο",
    "c": "сϲ",
    "p": "рρ",
    "x": "хχ",
    "i": "іι",
    "t": "τт",
    "n": "ո",
    "k": "κк",
    "m": "м",
}
_DRAWN: Final = {"ㅐ": "H", "ㅣ": "l|I", "ㅏ": "r"}
# 야민정음: syllables that look like others, as used in chat and by spam alike.
_YAMIN: Final = {
    "대": "머", "귀": "커", "명": "띵", "유": "윾", "멍": "댕", "면": "띤", "폭": "눞", 
    "비": "네", "왕": "앟", "근": "ㄹ",
    "광": "팡", "피": "끠", "식": "싀",
}  # fmt: skip
_HANJA: Final = {
    "대": "大",
    "소": "小",
    "상": "上",
    "하": "下",
    "금": "金",
    "인": "人",
    "천": "千",
    "만": "萬",
    "일": "日",
    "수": "水",
    "신": "新",
    "무": "無",
    "원": "円",
}
_DIGIT_WORDS: Final = "공일이삼사오육칠팔구"
_FILLERS: Final = (
    "오늘 날씨가 참 좋네요 다들 건강 챙기세요",
    "주말에 뭐 하세요 저는 집에서 쉬려고요",
    "점심은 맛있게 드셨나요 저는 김치찌개 먹었어요",
    "요즘 감기가 유행이라네요 물 많이 드세요",
    "어제 본 영화가 생각보다 재미있었어요",
    "내일은 비가 온다니 우산 챙기세요",
    "행복은 가까운 곳에 있다는 말이 있지요",
    "아이들 개학이라 아침마다 정신이 없네요",
)


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of attack.

    Attributes:
        name: stable, as in reports.
        attack: gives the twisted message; the same seed gives the same one.
    """

    name: str
    attack: Attack


def _parts(syllable: str) -> tuple[str, str, str]:
    index = ord(syllable) - 0xAC00
    return ONSETS[index // 588], VOWELS[index // 28 % 21], CODAS[index % 28]


def _syllable(onset: str, vowel: str, coda: str) -> str:
    return chr(0xAC00 + (ONSETS.index(onset) * 21 + VOWELS.index(vowel)) * 28 + CODAS.index(coda))


def _words(text: str, rng: random.Random, share: float, twist: Callable[[str], str]) -> str:
    """Twist a share of the Hangul words."""
    return _WORD.sub(lambda m: twist(m[0]) if rng.random() < share else m[0], text)


def _syllables(text: str, rng: random.Random, share: float, twist: Callable[[str], str]) -> str:
    """Twist a share of the syllables."""
    return _HANGUL.sub(lambda m: twist(m[0]) if rng.random() < share else m[0], text)


def jamo_apart(text: str, rng: random.Random) -> str:
    """카톡 -> ㅋㅏ톡."""
    return _syllables(text, rng, 0.25, lambda s: "".join(_parts(s)))


def tense_onset(text: str, rng: random.Random) -> str:
    """바카라 -> 빠까라."""

    def twist(syllable: str) -> str:
        onset, vowel, coda = _parts(syllable)
        table = _TENSE if rng.random() < 0.6 else _ASPIRATED
        return _syllable(table.get(onset, onset), vowel, coda)

    return _syllables(text, rng, 0.4, twist)


def vowel_swap(text: str, rng: random.Random) -> str:
    """메이저 -> 먜이져."""

    def twist(syllable: str) -> str:
        onset, vowel, coda = _parts(syllable)
        return _syllable(onset, _VOWEL_TWINS.get(vowel, vowel), coda)

    return _syllables(text, rng, 0.4, twist)


def coda_swap(text: str, rng: random.Random) -> str:
    """스포츠 -> 슷폿츳; 대출 -> 댓춣."""

    def twist(syllable: str) -> str:
        onset, vowel, coda = _parts(syllable)
        return _syllable(onset, vowel, "" if coda and rng.random() < 0.3 else rng.choice(_ADDED_CODAS))

    return _syllables(text, rng, 0.35, twist)


def marks_between(text: str, rng: random.Random) -> str:
    """무료상담 -> 무.료.상.담."""
    mark = rng.choice(_MARKS)
    return _words(text, rng, 0.6, mark.join)


def spaces_between(text: str, rng: random.Random) -> str:
    """무료상담 -> 무 료 상 담."""
    return _words(text, rng, 0.5, " ".join)


def no_spaces(text: str, _rng: random.Random) -> str:
    """All spaces taken away."""
    return re.sub(r"[ \t]+", "", text)


def fancy_letters(text: str, rng: random.Random) -> str:
    """bb52 -> ⓑⓑ⑤②, ｂｂ５２, 𝐛𝐛𝟓𝟐."""
    style = rng.choice(("circled", "wide", "bold"))

    def twist(char: str) -> str:
        if style == "wide":
            return chr(ord(char) + 0xFEE0)
        if char.isdigit():
            return (
                chr(0x1D7CE + int(char)) if style == "bold" else ("⓪" if char == "0" else chr(0x2460 + int(char) - 1))
            )
        first = ord("a") if char.islower() else ord("A")
        plain = {"circled": 0x24D0 if char.islower() else 0x24B6, "bold": 0x1D41A if char.islower() else 0x1D400}
        return chr(plain[style] + ord(char) - first)

    return _LATIN_DIGIT.sub(lambda m: twist(m[0]) if rng.random() < 0.6 else m[0], text)


def lookalikes(text: str, rng: random.Random) -> str:
    """Latin letters from other alphabets: telegram -> tеlеgrаm."""
    return "".join(rng.choice(_CONFUSED[c]) if c in _CONFUSED and rng.random() < 0.5 else c for c in text)


def invisible(text: str, rng: random.Random) -> str:
    """Characters that nobody sees, inside words."""
    return "".join(c + (rng.choice(_INVISIBLE) if not c.isspace() and rng.random() < 0.3 else "") for c in text)


def emoji_inside(text: str, rng: random.Random) -> str:
    """카지노 -> 카🎰지🎰노."""
    mark = rng.choice(_EMOJI)
    return _words(text, rng, 0.5, mark.join)


def drawn_vowels(text: str, rng: random.Random) -> str:
    """대출 -> ㄷH출."""

    def twist(syllable: str) -> str:
        onset, vowel, coda = _parts(syllable)
        return onset + rng.choice(_DRAWN[vowel]) + coda if vowel in _DRAWN else syllable

    return _syllables(text, rng, 0.5, twist)


def yaminjeongeum(text: str, rng: random.Random) -> str:
    """명작 -> 띵작."""
    return _syllables(text, rng, 0.9, lambda s: _YAMIN.get(s, s))


def hanja_inside(text: str, rng: random.Random) -> str:
    """무료 -> 無료."""
    return _syllables(text, rng, 0.7, lambda s: _HANJA.get(s, s))


def intruders(text: str, rng: random.Random) -> str:
    """A digit or a letter inside a word: 무료 -> 무1료."""
    return _words(text, rng, 0.6, lambda w: rng.choice("123oxzv").join((w[: len(w) // 2], w[len(w) // 2 :])))


def spelled_numbers(text: str, rng: random.Random) -> str:
    """010 -> 공일공."""
    return re.sub(
        r"\d{2,}",
        lambda m: "".join(_DIGIT_WORDS[int(d)] for d in m[0]) if rng.random() < 0.7 else m[0],
        text,
        flags=re.A,
    )


def padding(text: str, rng: random.Random) -> str:
    """A spam core between friendly words."""
    before = ". ".join(rng.sample(_FILLERS, rng.randint(1, 2)))
    after = ". ".join(rng.sample(_FILLERS, rng.randint(0, 2)))
    return f"{before}\n{text}\n{after}".strip()


TRAINED: Final = tuple(
    Family(attack.__name__, attack)
    for attack in (
        *(jamo_apart, vowel_swap, coda_swap, marks_between, spaces_between),
        *(no_spaces, fancy_letters, invisible, intruders, padding),
    )
)
HELD_OUT: Final = tuple(
    Family(attack.__name__, attack)
    for attack in (tense_onset, lookalikes, emoji_inside, drawn_vowels, yaminjeongeum, hanja_inside, spelled_numbers)
)


def mixed(text: str, rng: random.Random, families: Sequence[Family], n: int = 3) -> str:
    """Several families one after the other, as the boldest writers do."""
    for family in rng.sample(list(families), min(n, len(families))):
        text = family.attack(text, rng)
    return text
