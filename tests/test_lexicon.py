"""The lexicon keeps its promises: its words and everyday Korean pass untouched, and every twist has one meaning."""

import pytest

from spamfilter.text.chardata import VOWELS
from spamfilter.text.lexicon import EVERYDAY, HANJA, LOOKS_LIKE, NEIGHBOURS, ORDINARY, WORDS
from spamfilter.text.normalise import restore
from spamfilter.text.phonetics import EVERYDAY_TWISTS, find_twisted, letters, meaning, syllable
from spamfilter.text.sounds import latin_spellings


def test_words_spelled_right_are_no_trick() -> None:
    for word in (*WORDS, *ORDINARY, *NEIGHBOURS):
        restored = restore(f"{word}에서 {word} 했다")
        assert (restored.text, restored.tricks) == (f"{word}에서 {word} 했다", ()), word


def test_words_are_read_back_from_their_listed_twists() -> None:
    for twist, word in EVERYDAY_TWISTS.items():
        assert meaning(twist) == word
        assert [heard.word for heard in find_twisted(twist)] == [word], twist


def test_a_strange_vowel_in_any_long_word_is_undone() -> None:
    glides = dict(zip("ㅏㅐㅓㅔㅗㅜ", "ㅑㅒㅕㅖㅛㅠ", strict=True))
    missed = []
    for word in (w for w in WORDS if len(w) > 2):
        for i, char in enumerate(word):
            parts = letters(char)
            twisted = syllable(parts.onset, glides.get(parts.vowel, parts.vowel), parts.coda)
            if twisted not in EVERYDAY and restore(word[:i] + twisted + word[i + 1 :]).text != word:
                missed.append(word[:i] + twisted + word[i + 1 :])
    assert not missed, missed


def test_spaces_and_digits_inside_long_words_are_undone() -> None:
    wrong = [w for w in WORDS if len(w) > 2 and restore(" ".join(w)).text != w]
    wrong += [w for w in WORDS if len(w) > 2 and restore(f"{w[0]}7{w[1:]}").text != w]
    assert not wrong, wrong


@pytest.mark.parametrize("text", ["", "\x80\x81\x80", "가", "大", "\ud800대\ud800", "캬" * 7])
def test_any_text_has_a_reading(text: str) -> None:
    assert meaning(text) is None
    assert isinstance(find_twisted(text), list)


def test_tables_hold_single_characters() -> None:
    assert all(len(c) == 1 and "가" <= c <= "힣" for c in (*EVERYDAY, *LOOKS_LIKE, *LOOKS_LIKE.values()))
    assert all("一" <= han <= "鿿" and len(sound) == 1 for han, sound in HANJA.items())
    assert all(not spelling.isascii() for spelling in latin_spellings())
    assert set(VOWELS) >= {letters(c).vowel for c in EVERYDAY}
