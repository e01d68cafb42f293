"""What a message points to: addresses, numbers, accounts, amounts, in one canonical form and with their spans.

Where two readings overlap, the one named first here wins, whole: url, messenger, account, phone and opt-out, percent,
amount. An address may contain a number and a name, an account is longer than a phone number, and an amount is the
loosest shape of all. Within one kind the earlier pattern of its module wins, then the earlier place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from spamfilter.text import domains
from spamfilter.text.messengers import find_messengers, messenger_link
from spamfilter.text.money import find_accounts, find_amounts, find_percentages
from spamfilter.text.normalise import Restored
from spamfilter.text.phones import find_phones
from spamfilter.text.urls import find_urls
from spamfilter.types import Entity

MAX_CHARS: Final = 65_536
"""How much of a restored text is searched: six times what any messenger lets through. The attack is a message of
1 MB of numbers, each of which costs a look into the numbering plan."""

# Ordinary chat holds none of these and is done with after one or two scans: Latin letters and digits, the spoken
# parts of a domain (컴, 넷, 한국), of a phone number (공일공) and of an amount (만원).
_ANY: Final = re.compile("[0-9A-Za-z컴콤넷닷국공영빵원@]")
_HANGUL_ONLY: Final = re.compile(r"[점쩜닷.] ?[컴콤넷]|\.한국|[공영빵].?일.?[공영빵육]|일.?[공영].?일|[백천만억] ?원")
_LATIN_OR_DIGIT: Final = re.compile("[0-9A-Za-z]")


def _urls_and_links(text: str) -> Iterator[Entity]:
    for entity in find_urls(text):
        link = messenger_link(entity.value)
        yield entity if link is None else Entity("messenger", link, entity.span)


_FINDERS: Final[tuple[Callable[[str], Iterator[Entity]], ...]] = (
    _urls_and_links,
    find_messengers,
    find_accounts,
    find_phones,
    find_percentages,
    find_amounts,
)
"""Surest first. Each looks for its own clue before it looks for more."""


def find_entities(restored: Restored) -> tuple[Entity, ...]:
    """Find addresses, numbers, accounts, amounts. Total, and linear in the length of the text.

    Args:
        restored: as `normalise.restore` gives it; its first `MAX_CHARS` characters are searched.

    Returns:
        Entities in order of appearance, none overlapping another in the restored text, spans in the original.
        Equal things have equal values, however spelled: `https://bb52.com` (`is_shortener` tells link
        shorteners), `+821000001234`, `telegram:abcd12`, `국민 12345601123456`, `50000000 KRW`, `4.2 %`.

    >>> from spamfilter.text.normalise import restore
    >>> [(e.kind, e.value) for e in find_entities(restore("ⓑⓑ52.com 카톡 bb5252 연 4.2%"))]
    [('url', 'https://bb52.com'), ('messenger', 'kakao:bb5252'), ('percent', '4.2 %')]
    """
    text = restored.text[:MAX_CHARS]
    first = _ANY.search(text)
    if first is None:
        return ()
    if not _LATIN_OR_DIGIT.search(text, first.start()) and not _HANGUL_ONLY.search(text):
        return ()
    taken = bytearray(len(text))
    found: list[Entity] = []
    for finder in _FINDERS:
        for entity in finder(text):
            start, end = entity.span.start, entity.span.end
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\x01" * (end - start)
                found.append(entity)
    found.sort(key=lambda e: e.span)
    return tuple(Entity(e.kind, e.value, restored.span(e.span.start, e.span.end)) for e in found)


def is_shortener(value: str) -> bool:
    """Whether a canonical URL belongs to a link shortener, whose address says nothing about where it leads.

    >>> is_shortener("https://bit.ly/3abc"), is_shortener("https://bb52.com/bit.ly")
    (True, False)
    """
    if not value.startswith("https://"):
        return False
    host = value[len("https://") :].split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    return host.split(":", 1)[0] in domains.SHORTENERS
