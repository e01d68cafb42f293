"""Phone numbers as Koreans write them, hide them and read them aloud; opt-out numbers among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spamfilter.text.chardata import DIGIT_WORDS
from spamfilter.types import Entity, EntityKind, Span

# Marks that people and spammers put between groups or single digits; a line break is none of them.
_MARK: Final = r"[ \-.·‧∙~_/*)(|+,:ㅡ–—‒−★☆♥●]"
_GAP: Final = _MARK + "{0,3}"

_GROUPED: Final = re.compile(
    rf"(?=[(+ 80Oo])(?<![0-9])(?<![0-9][-.])(?:(?<![A-Za-z])|(?<=[Tt][Ee][Ll])|(?<=[Hh][Pp]))\(?"
    rf"(?:\+? ?82\)?{_GAP}(?:\(?0\)?)?(?=[1-9])|[0Oo])"
    rf"(?:[1lI][0Oo16-9]|2|[3-6][1-5]|[78][0Oo]|5[0Oo][0-9])"
    rf"(?P<gap>{_GAP})[0-9Oo]{{3,4}}{_GAP}[0-9Oo]{{4}}(?![0-9]|[-.][0-9]{{2}})"
)
_SPACED: Final = re.compile(rf"(?=0)(?<![0-9])0(?:{_MARK}{{1,3}}[0-9]){{8,11}}(?!{_MARK}{{0,2}}[0-9])")
_FOREIGN: Final = re.compile(rf"(?=\+)(?<![0-9])\+ ?(?!82)[1-9](?:{_MARK}?[0-9]){{7,14}}(?![0-9])")
_SERVICE: Final = re.compile(
    r"(?=1)(?<![0-9])(?<![0-9][-.,/])(?<![A-Za-z])(1[5689][0-9]{2})([-. ~·ㅡ–—]{0,3})([0-9]{4})(?![0-9]|[-.,][0-9])"
)

_WORD: Final = f"(?:{'|'.join(w for w in DIGIT_WORDS if len(w) > 1)}|둘|셋|넷|[0-9Oo공영빵일이삼사오육륙칠팔구])"
_WORD_GAP: Final = rf"(?:{_MARK}{{0,3}}(?:다시|에)?{_MARK}{{0,2}})"
_SPOKEN: Final = re.compile(
    rf"(?=[0Oo공영빵일])(?<![0-9])(?P<prefix>[0Oo공영빵]{_MARK}?[1일]{_MARK}?[0Oo공영빵육]|일{_MARK}?[공영]{_MARK}?일)"
    rf"(?P<rest>(?:{_WORD_GAP}{_WORD}){{8}})(?![0-9])"
)
_SPOKEN_WORD: Final = re.compile(_WORD)

_LETTER_DIGITS: Final = str.maketrans("OolI", "0011")
_CLUE: Final = re.compile(
    r"[0-9Oo](?:[^0-9Oo\n]{0,5}[0-9Oo]){6}|[0Oo공영빵][^\n]?[1일][^\n]?[0Oo공영빵육]|일[^\n]?[공영][^\n]?일"
)
_CALL: Final = re.compile(
    r"(?:문의|상담|전화|연락|고객|센터|대표|콜|번호|☎|☏|📞|tel|t\.|ARS)[^0-9\n]{0,8}$", re.IGNORECASE
)
_ORDER: Final = re.compile(r"(?:주문|예약|예매|송장|접수|승인|인증|쿠폰|회원|관리|문서) ?번호[^0-9\n]{0,8}$")
_COUNTED: Final = re.compile(r" ?(?:년|원|명|개|시|점|건|만|억|번지|세기|km|kg|m\b)|\)? ?년")
_REFUSE: Final = re.compile("거부|철회|수신 ?차단|해지")
_REFUSE_BEFORE: Final = re.compile(r"(?:수신 ?거부|무료 ?거부|수신 ?차단|동의 ?철회)[^0-9\n]{0,10}$")
_ASK: Final = re.compile(r"(?:문의|상담|고객|센터|대표|전화|☎|☏)[^0-9\n]{0,8}$")
_OPT_OUT_REACH: Final = 24
_MAX_DIGITS: Final = 17  # E.164 has 15; one country code and a national zero may be written too


def find_phones(text: str) -> Iterator[Entity]:
    """Find phone numbers that the numbering plan knows; any separator, `O` for zero, spoken digits (공일공 …).

    Args:
        text: a restored text; linear in its length.

    Yields:
        Entities of kind `phone`, or `opt-out` for a number that refuses adverts: an 080 number unless the text
        offers it for questions, and any number named by 수신거부 right before it. Values in E.164, `+821000001234`;
        spans counted in `text`; overlaps possible, the surest pattern first.

    >>> [(e.kind, e.value) for e in find_phones("공일공 0000 1234, 무료거부 080-000-1177, 주문 20240503-0001")]
    [('opt-out', '+82800001177'), ('phone', '+821000001234')]
    """
    if not _CLUE.search(text):
        return
    for pattern in (_GROUPED, _SPACED, _FOREIGN):
        for match in pattern.finditer(text):
            number = match.group().translate(_LETTER_DIGITS)
            grouped = pattern is _GROUPED and bool(match["gap"].strip(" +,|"))
            if sum(c.isdigit() for c in match.group()) >= 7 and (value := e164(number, grouped=grouped)):
                yield _entity(text, match, value)
    for match in _SERVICE.finditer(text):
        if _is_service_number(text, match) and (value := e164(match[1] + match[3])):
            yield _entity(text, match, value)
    for match in _SPOKEN.finditer(text):
        spoken = "".join(DIGIT_WORDS.get(w, w) for w in _SPOKEN_WORD.findall(match["rest"]))
        third = "6" if match["prefix"][-1] == "육" else "0"
        if re.search("[가-힣]", match.group()) and (value := e164(f"01{third}{spoken}")):
            yield _entity(text, match, value)


def e164(number: str, *, grouped: bool = False) -> str | None:
    """The number in E.164 where the Korean plan, or the plan of its country code, has it; else None.

    Args:
        number: digits and separators; `+` or 82 in front says that the country code is there.
        grouped: the number is written in the groups of a phone number, so an exchange that is not assigned (02-000)
            does not speak against it: the right length is enough.

    >>> e164("010-0000-1234"), e164("+82 10 0000 1234"), e164("1588-0000"), e164("010-12")
    ('+821000001234', '+821000001234', '+8215880000', None)
    """
    import phonenumbers  # its metadata takes longer to import than a chat message to score

    digits = re.sub("[^0-9]", "", number)
    if len(digits) > _MAX_DIGITS:
        return None
    if digits.startswith("82") or "+" not in number:
        # The library's parser costs three times its check, and reads what the patterns here have read already.
        national = digits.removeprefix("82").removeprefix("0")
        parsed = phonenumbers.PhoneNumber(country_code=82, national_number=int(national or "0"))
    else:
        try:
            parsed = phonenumbers.parse(f"+{digits}")
        except phonenumbers.NumberParseException:
            return None
    fits = phonenumbers.is_possible_number(parsed) if grouped else phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if fits else None


def _is_service_number(text: str, match: re.Match[str]) -> bool:
    """Whether `15xx-xxxx` is a number to call, not a span of hours (1600-1800), of years, or a count."""
    if _ORDER.search(text, max(0, match.start() - 24), match.start()):
        return False
    called = bool(_CALL.search(text, max(0, match.start() - 24), match.start()))
    if called:
        return True
    first, second = int(match[1]), int(match[3])
    clock = first in (1600, 1800) and first < second <= 2400 and second % 10 == 0
    return bool(match[2].strip()) and not clock and not _COUNTED.match(text, match.end())


def _entity(text: str, match: re.Match[str], value: str) -> Entity:
    start, end = match.span()
    while not text[start].isalnum() and text[start] != "+":
        start += 1
    return Entity(_kind(text, start, end, value), value, Span(start, end))


def _kind(text: str, start: int, end: int, value: str) -> EntityKind:
    before = text[max(0, start - _OPT_OUT_REACH) : start]
    if _REFUSE_BEFORE.search(before):
        return "opt-out"
    if not value.startswith("+8280"):
        return "phone"
    near = _REFUSE.search(before) or _REFUSE.search(text, end, end + _OPT_OUT_REACH // 2)
    return "phone" if _ASK.search(before) and not near else "opt-out"
