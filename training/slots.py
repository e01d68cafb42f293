"""Plausible values for the slots of message templates: `#{고객명}님의 예약이 #{예약일시}에 확정되었습니다`.

An unfilled slot, or the same word in every slot, is a clue that a sent notice does not have.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

Fill = Callable[[random.Random], str]

_SLOT: Final = re.compile(r"#\{([^{}\n]{1,200})\}")

_SURNAMES: Final = "김이박최정강조윤장임한오서신권황안송류홍"
_GIVEN: Final = "민서준지우하은도윤시현예진수아영호재성주연태경나"
_SHOPS: Final = ("행복마트", "다온상점", "푸른의원", "한빛학원", "모아카페", "새봄미용실", "누리정비", "온누리서점")
_GOODS: Final = (
    "여름 이불 세트",
    "정기 구독권",
    "무선 이어폰",
    "기초 회화반",
    "1일 이용권",
    "건강검진",
    "도시락 2인분",
)
_PLACES: Final = ("강남점", "본관 2층", "시민회관 대강당", "부산 서면점", "온라인", "3층 상담실", "역 앞 매장")
_NOTES: Final = (
    "자세한 내용은 홈페이지를 확인해 주세요.",
    "문의는 고객센터로 부탁드립니다.",
    "감사합니다.",
    "일정이 바뀌면 다시 안내드리겠습니다.",
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_UNITS: Final = "원개건명회위점일월년시분층장권%"


def _digits(n: int, rng: random.Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))


def _name(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN) + rng.choice(_GIVEN)


def _date(rng: random.Random) -> str:
    year, month, day = rng.randint(2019, 2027), rng.randint(1, 12), rng.randint(1, 28)
    shapes = (f"{year}-{month:02}-{day:02}", f"{year}.{month:02}.{day:02}", f"{month}월 {day}일", f"{month}/{day}")
    return rng.choice(shapes)


def _time(rng: random.Random) -> str:
    hour, minute = rng.randint(9, 19), rng.choice((0, 10, 30, 40))
    return rng.choice((f"{hour:02}:{minute:02}", f"오{'전' if hour < 12 else '후'} {(hour - 1) % 12 + 1}시"))


def _moment(rng: random.Random) -> str:
    return f"{_date(rng)} {_time(rng)}"


def _phone(rng: random.Random) -> str:
    area = rng.choice(("02", "031", "051", "070"))
    return rng.choice((f"15{_digits(2, rng)}-{_digits(4, rng)}", f"{area}-{rng.randint(200, 999)}-{_digits(4, rng)}"))


def _amount(rng: random.Random) -> str:
    return f"{rng.randint(1, 300) * rng.choice((100, 500, 1000)):,}원"


def _link(rng: random.Random) -> str:
    host = "".join(rng.choice(_LETTERS) for _ in range(rng.randint(4, 9)))
    return f"https://{host}.co.kr/{_digits(rng.randint(3, 6), rng)}"


def _code(rng: random.Random) -> str:
    return rng.choice((f"{rng.randint(2019, 2027)}{_digits(4, rng)}-{_digits(4, rng)}", _digits(12, rng)))


def _number(rng: random.Random) -> str:
    return str(rng.randint(1, rng.choice((9, 40, 300))))


_KINDS: Final[tuple[tuple[str, Fill], ...]] = (
    ("인증", lambda rng: _digits(6, rng)),
    ("url|링크|link|주소창|홈페이지", _link),
    ("전화|연락처|문의|고객센터|phone", _phone),
    ("번호|코드|code|no$|id$", _code),
    ("금액|가격|요금|비용|포인트|적립|잔액|price|amount|point", _amount),
    (r"수량|인원|수$|count|rank|순위|views|total|^\d+$", _number),
    ("일시", _moment),
    ("시간|time$", _time),
    ("일자|날짜|마감|기간|기한|일정|date$|(?<!메)일$", _date),
    ("장소|위치|지점|주소|place$|address", lambda rng: rng.choice(_PLACES)),
    ("매장|가맹점|상호|업체|회사|브랜드|기관|센터|병원|학원|store|shop|발신", lambda rng: rng.choice(_SHOPS)),
    ("수신자|이름|성함|고객|회원|담당|기사|수강자|예약자|신청자|보호자|학생|name$", _name),
    ("상품|제품|메뉴|품목|항목|캠페인|강의|수업|과목|교육|공연|서비스|제목|product", lambda rng: rng.choice(_GOODS)),
)  # fmt: skip
"""What the name of a slot asks for; the first that fits, so `수업일시` is a time and not a lesson."""

_COMPILED: Final = tuple((re.compile(words, re.IGNORECASE), fill) for words, fill in _KINDS)


def fill_slots(text: str, rng: random.Random) -> str:
    """Fill the `#{slots}` of a template by what their names and the unit after them ask for.

    A name that carries its own wording (`#{추가 메시지 - 곧 연락드립니다}`) is filled with that.

    >>> fill_slots("예약금 #{예약금액}원, #{누적}건, #{안내 - 곧 뵙겠습니다.}", random.Random(0))
    '예약금 99,000원, 5건, 곧 뵙겠습니다.'
    >>> fill_slots("{이름} #태그", random.Random(0))
    '{이름} #태그'
    """
    return _SLOT.sub(lambda match: _filled(match, rng), text)


def _filled(match: re.Match[str], rng: random.Random) -> str:
    name = match[1].strip()
    _, dash, wording = name.partition(" - ")
    if dash and wording.strip():
        return wording.strip()
    unit = match.string[match.end() : match.end() + 1]
    fill = next((fill for words, fill in _COMPILED if words.search(name)), None)
    if fill is None:
        return _number(rng) if unit and unit in _UNITS else rng.choice(_NOTES)
    value = fill(rng)
    # `#{금액}원` must not become 12,000원원.
    return value[:-1] if unit and unit in _UNITS and value.endswith(unit) else value
