"""Placeholders out, realistic shapes in.

Our own corpus holds reserved hosts and numbers only (`bb52.example`, `010-0000-1234`): a clue that the world does
not have, and a different one in either label. Before training every host, number, id and year is rewritten by one
seeded generator, the same for both labels, so that nothing but the writing tells them apart.

What a writer chose and the world would choose otherwise goes too: which area code an office has, which name a plain
host bears. What the writing itself says stays: a mobile number, an opt-out number, a host in disguise.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final

_RESERVED: Final = re.compile(
    r"(?:(?<![a-z])example\.(?:com|net|org)|\.example(?!\.(?:com|net|org)))(?:\.(?:co\.)?kr)?(?![a-z0-9-])",
    re.IGNORECASE,
)
# In front of it belongs any run of label characters, circled and look-alike letters too.
_LABELS_BEFORE: Final = re.compile(r"[^\s/:@()\[\]<>\"'가-힣,|]*$")
_MAX_HOST: Final = 253
_SPELT_HOST: Final = re.compile(r"(?P<dot>쩜|점|닷) ?example(?: ?(?:쩜|점|닷) ?(?:com|net|org))?", re.IGNORECASE)
_SPACED_HOST: Final = re.compile(r"(?<![A-Za-z])e x a m p l e(?: \. (?:c o m|n e t|o r g))?(?![A-Za-z])", re.IGNORECASE)

_SEPARATOR: Final = r"[-. ·)]{0,2}"
_OFFICE: Final = re.compile(rf"(?<!\d)(?:02|0[3-6]\d|070)({_SEPARATOR})0{{3,4}}(?={_SEPARATOR}\d{{4}}(?!\d))")
_SERVICE: Final = re.compile(r"(?<!\d)1[5689]\d\d([-. ]?)0000(?!\d)")
_MOBILE: Final = re.compile(rf"(?<=010)({_SEPARATOR})0000(?={_SEPARATOR}\d{{4}}(?!\d))")
_OPT_OUT: Final = re.compile(rf"(?<=080)({_SEPARATOR})000(?={_SEPARATOR}\d{{4}}(?!\d))")
_SPACED_ZEROS: Final = re.compile(r"(?<!\d)(?<!\d )0 0 0 0(?! ?0)")
# `58,000` is a price, not a placeholder.
_ZERO_GROUP: Final = re.compile(r"(?<![\d,])0{3,}|(?<![\d:])00(?=-\d)|(?<=\d-)00(?![\d:])")
_ID: Final = re.compile(r"(?<![A-Za-z0-9_])(?=[A-Za-z0-9_]*[A-Za-z_])[A-Za-z0-9_]*?(?<!\d)0{3,4}[A-Za-z0-9_]*")
_NAMED_ZEROS: Final = re.compile(r"(?<=[가-힣])0{3,4}(?![\d,])")
_WORD_ZEROS: Final = re.compile(r"공공공공|공공공|영영영영")
_CIRCLED_ZEROS: Final = re.compile(r"⓪{3,4}|０{3,4}|𝟎{3,4}|𝟘{3,4}")
_YEAR: Final = re.compile(r"(?<!\d)20(?:19|2[0-6])(?=[.\-/년 ]|학년도)")

_TLDS: Final = (
    ("com",) * 8 + ("kr", "co.kr", "net", "xyz", "top", "info", "cc", "io", "me", "shop", "site", "club", "vip", "org")
)  # fmt: skip
_SHORTENERS: Final = (
    "bit.ly", "me2.do", "han.gl", "c11.kr", "url.kr", "buly.kr", "vo.la", "t.ly", "abr.ge", "is.gd", "tinyurl.com",
)  # fmt: skip
_OFFICE_CODES: Final = ("02",) * 8 + (
    "031", "031", "032", "033", "041", "042", "051", "053", "055", "061", "062", "063", "070", "070",
)  # fmt: skip
_SERVICE_CODES: Final = (
    "1522", "1544", "1566", "1577", "1588", "1599", "1600", "1644", "1661", "1666", "1670", "1688", "1800", "1833",
    "1855", "1899",
)  # fmt: skip
_FRONTS: Final = ("www.", "m.", "app.", "event.", "my.")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_CONSONANTS: Final = "bcdghjklmnprst"
_VOWELS: Final = "aeiou"
_WORD_DIGITS: Final = "공일이삼사오육칠팔구"


def rewrite(text: str, rng: random.Random) -> str:
    """Give a message realistic hosts, numbers, ids and years.

    Args:
        text: a message of our own corpus.
        rng: the same seed gives the same message.

    >>> rewrite("ⓑⓑ52.example 로 오세요", random.Random(3)) == rewrite("ⓑⓑ52.example 로 오세요", random.Random(3))
    True
    >>> "0000" in rewrite("문의 010-0000-1234", random.Random(1))
    False
    >>> rewrite("배송비 3,000원 포함 58,000원", random.Random(1))
    '배송비 3,000원 포함 58,000원'
    """
    text = _SPACED_HOST.sub(lambda _m: " ".join(rng.choice(_TLDS)), text)
    text = _SPELT_HOST.sub(lambda m: f"{m['dot']} {rng.choice(_TLDS)}", text)
    text = _hosts(text, rng)
    return _YEAR.sub(lambda _m: str(rng.randint(2019, 2027)), _ids(_numbers(text, rng), rng))


def rewrite_all(texts: Sequence[str], seed: int) -> list[str]:
    """`rewrite` with a seed of its own for each message, so that adding one changes no other."""
    return [rewrite(text, random.Random(f"{seed}:{text}")) for text in texts]


def _numbers(text: str, rng: random.Random) -> str:
    """Telephone and account numbers; exchanges begin with 2 to 9, as assigned ones do."""
    text = _OFFICE.sub(lambda m: rng.choice(_OFFICE_CODES) + m[1] + _exchange(rng.choice((3, 4)), rng), text)
    text = _SERVICE.sub(lambda m: rng.choice(_SERVICE_CODES) + m[1] + _digits(4, rng), text)
    text = _MOBILE.sub(lambda m: m[1] + _exchange(4, rng), text)
    text = _OPT_OUT.sub(lambda m: m[1] + _exchange(3, rng), text)
    text = _SPACED_ZEROS.sub(lambda _m: " ".join(_exchange(4, rng)), text)
    text = _ZERO_GROUP.sub(lambda m: _exchange(len(m[0]), rng), text)
    text = _WORD_ZEROS.sub(lambda m: "".join(_WORD_DIGITS[int(d)] for d in _exchange(len(m[0]), rng)), text)
    return _CIRCLED_ZEROS.sub(lambda m: _like(m[0][0], len(m[0]), rng), text)


def _ids(text: str, rng: random.Random) -> str:
    """Messenger ids and names with zeros in them: `kk0000a`, `날씬000`."""
    text = _ID.sub(lambda m: re.sub("(?<![0-9])0{3,4}", lambda _z: _digits(rng.randint(1, 4), rng), m[0]), text)
    return _NAMED_ZEROS.sub(lambda _m: _exchange(rng.randint(1, 4), rng), text)


def _hosts(text: str, rng: random.Random) -> str:
    """Other hosts: a disguise, or a label of Hangul, stays before its new domain; a plain name becomes another."""
    parts, done = [], 0
    for match in _RESERVED.finditer(text):
        before = text[max(done, match.start() - _MAX_HOST) : match.start()]
        found = _LABELS_BEFORE.search(before)
        labels = found[0] if found else ""
        start = match.start() - len(labels)
        own = labels.rstrip(".").rsplit(".", 1)[-1]
        if not own.isascii():
            host = f"{own}.{rng.choice(_TLDS)}"
        elif not labels and match[0].startswith(".") and before[-1:].isalnum():
            host = f".{rng.choice(_TLDS)}"
        else:
            host = _made_up(rng)
        parts += [text[done:start], host]
        done = match.end()
    return "".join([*parts, text[done:]])


def _made_up(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(_SHORTENERS)
    word = _word(rng)
    if rng.random() < 0.15:
        word += f"-{_word(rng)}"
    if rng.random() < 0.35:
        word += str(rng.randint(1, 999))
    front = rng.choice(_FRONTS) if rng.random() < 0.15 else ""
    return f"{front}{word}.{rng.choice(_TLDS)}"


def _word(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(2, 8)))
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(1, 4)))


def _digits(n: int, rng: random.Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))


def _exchange(n: int, rng: random.Random) -> str:
    return rng.choice("23456789") + _digits(n - 1, rng)


def _like(zero: str, n: int, rng: random.Random) -> str:
    """Digits in the form of the given zero; circled ones do not run on from their zero."""
    if zero == "⓪":
        return "".join("⓪" if (d := rng.randint(0, 9)) == 0 else chr(ord("①") + d - 1) for _ in range(n))
    return "".join(chr(ord(zero) + rng.randint(0, 9)) for _ in range(n))
