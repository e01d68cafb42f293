"""Placeholders out, realistic shapes in.

Our own corpus holds reserved hosts and numbers only (`bb52.example`, `010-0000-1234`): a clue that the world does
not have, and a different one in either label. Before training every host, number, id and year is rewritten by one
seeded generator, the same for both labels, so that nothing but the writing tells them apart.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final

# A host is any run of label characters, circled and look-alike letters too, that ends in a reserved domain.
_LABEL: Final = r"[^\s/:@()\[\]<>\"'가-힣,|]"
_HOST: Final = re.compile(
    rf"({_LABEL}*?)(?:(?<![a-z])example\.(?:com|net|org)|\.example(?!\.(?:com|net|org)))(?:\.(?:co\.)?kr)?(?![a-z0-9-])",
    re.IGNORECASE,
)
_ZERO_GROUP: Final = re.compile(r"(?<!\d)(?:0000|000)(?!\d)|(?<=010)0000(?=\d{4})|(?<=080)000(?=\d{4})")
_ID_ZEROS: Final = re.compile(r"(?<=[A-Za-z가-힣_@.\d])0{3,4}(?=[A-Za-z\d]|\b)")
_ID: Final = re.compile(r"example(?=[_\d])")
_WORD_ZEROS: Final = re.compile(r"공공공공|공공공|영영영영")
_CIRCLED_ZEROS: Final = re.compile(r"⓪{3,4}|０{3,4}|𝟎{3,4}|𝟘{3,4}")
_YEAR: Final = re.compile(r"(?<!\d)20(?:19|2[0-6])(?=[.\-/년 ]|학년도)")

_TLDS: Final = ("com",) * 8 + (
    "kr",
    "co.kr",
    "net",
    "xyz",
    "top",
    "info",
    "cc",
    "io",
    "me",
    "shop",
    "site",
    "club",
    "vip",
    "org",
)
_SHORTENERS: Final = (
    "bit.ly", "me2.do", "han.gl", "c11.kr", "url.kr", "buly.kr", "vo.la", "t.ly", "abr.ge", "is.gd", "tinyurl.com",
)  # fmt: skip
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
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
    """
    text = _HOST.sub(lambda m: _host(m[1], rng), text)
    text = _ID.sub(lambda _m: "".join(rng.choice(_LETTERS) for _ in range(rng.randint(2, 6))), text)
    for pattern in (_ZERO_GROUP, _ID_ZEROS):
        text = pattern.sub(lambda m: _ascii_digits(len(m[0]), rng), text)
    text = _WORD_ZEROS.sub(lambda m: "".join(rng.choice(_WORD_DIGITS) for _ in m[0]), text)
    text = _CIRCLED_ZEROS.sub(lambda m: _like(m[0][0], len(m[0]), rng), text)
    return _YEAR.sub(lambda _m: str(rng.randint(2019, 2027)), text)


def rewrite_all(texts: Sequence[str], seed: int) -> list[str]:
    """`rewrite` with a seed of its own for each message, so that adding one changes no other."""
    return [rewrite(text, random.Random(f"{seed}:{text}")) for text in texts]


def _host(prefix: str, rng: random.Random) -> str:
    """A host that keeps the writer's own tricks in front of the reserved domain, where there are any."""
    own = prefix.rstrip(".").rsplit(".", 1)[-1]
    if not own or own.lower() in ("www", "m", "bit", "open", "t-me", "kakao", "open-kakao"):
        return _made_up(rng)
    if own.isascii() and rng.random() < 0.4:
        return _made_up(rng)
    return f"{own}.{rng.choice(_TLDS)}"


def _made_up(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(_SHORTENERS)
    word = "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 9)))
    if rng.random() < 0.35:
        word += str(rng.randint(1, 999))
    front = rng.choice(("www.", "m.", "app.", "event.", "my.")) if rng.random() < 0.15 else ""
    return f"{front}{word}.{rng.choice(_TLDS)}"


def _ascii_digits(n: int, rng: random.Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))


def _like(zero: str, n: int, rng: random.Random) -> str:
    """Digits in the form of the given zero; circled ones do not run on from their zero."""
    if zero == "⓪":
        return "".join("⓪" if (d := rng.randint(0, 9)) == 0 else chr(ord("①") + d - 1) for _ in range(n))
    return "".join(chr(ord(zero) + rng.randint(0, 9)) for _ in range(n))
