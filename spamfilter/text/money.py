"""Money: bank accounts, amounts in won, percentages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from spamfilter.types import Entity, Span

_BANK_NAMES: Final = {
    "국민": "국민은행|국민|KB(?:국민)?(?:은행)?",
    "신한": "신한은행|신한",
    "우리": "우리은행|우리",
    "하나": "하나은행|하나|KEB하나",
    "농협": "농협은행|농협|NH(?:농협)?(?:은행)?",
    "기업": "기업은행|기업|IBK(?:기업)?(?:은행)?",
    "카카오뱅크": "카카오 ?뱅크|카뱅|카카오",
    "케이뱅크": "케이 ?뱅크|k ?뱅크|케뱅",
    "토스뱅크": "토스 ?뱅크|토뱅|토스",
    "새마을금고": "새마을 ?금고|새마을|MG(?:새마을금고)?",
    "신협": "신협",
    "우체국": "우체국",
    "SC제일": "SC ?제일(?:은행)?|제일은행|제일",
    "씨티": "(?:한국)?씨티(?:은행)?",
    "수협": "수협(?:은행)?",
    "iM뱅크": "iM ?뱅크|아이엠 ?뱅크|대구은행|대구",
    "부산": "부산은행|부산",
    "경남": "경남은행|경남",
    "광주": "광주은행|광주",
    "전북": "전북은행|전북",
    "제주": "제주은행|제주",
    "산업": "산업은행|KDB(?:산업)?(?:은행)?",
    "산림조합": "산림조합",
    "저축은행": "[가-힣A-Za-z]{0,6}저축은행",
}
_BANK: Final = "|".join(f"(?P<b{i}>{names})" for i, names in enumerate(_BANK_NAMES.values()))
_CANONICAL: Final = tuple(_BANK_NAMES)
_AMBIGUOUS: Final = frozenset(
    {"국민", "우리", "하나", "기업", "제일", "대구", "부산", "경남", "광주", "전북", "제주"}
    | {"새마을", "카카오", "토스", "KB", "NH", "MG"}
)
_NEAR: Final = 24
_BANK_BEFORE: Final = re.compile(rf"(?<![가-힣A-Za-z])(?:{_BANK})[^0-9\n]{{0,12}}$", re.IGNORECASE)
_BANK_AFTER: Final = re.compile(rf"[ (/\[]{{0,3}}(?:{_BANK})(?![가-힣A-Za-z])", re.IGNORECASE)
_ACCOUNT_WORD: Final = re.compile("계좌|입금|송금|예금주|이체|통장|보내")
_OTHER_NUMBER: Final = re.compile(
    "(?:주문|송장|예약|접수|승인|카드|사업자|등록|문서|사건|고객|전화|상담|심의필|쿠폰)[^0-9\n]{0,8}$"
)
_LONG_NUMBER: Final = re.compile("[0-9](?:[- ]?[0-9]){9}")
_DIGITS: Final = re.compile(
    r"(?=[0-9])(?:(?<![0-9A-Za-z*.,])(?<![0-9*][- ])[0-9]{2,6}(?:[- ][0-9]{1,8}){1,3}(?![0-9*]|[-,][0-9*])"
    r"|(?<![0-9A-Za-z*.,-])[0-9]{10,14}(?![0-9*-]|,[0-9]))"
)
_PHONE: Final = re.compile(r"0(?:1[016-9][0-9]{7,8}|2[0-9]{7,8}|[3-8][0-9]{8,9}|50[0-9]{8,9})|1[5689][0-9]{6}")

_UNITS: Final = {"십": 10, "백": 100, "천": 1000}
_MYRIADS: Final = {"만": 10**4, "억": 10**8, "조": 10**12}
_SINO: Final = {c: i for i, c in enumerate("일이삼사오육칠팔구", 1)}
# Every pattern opens with a set of characters, on which the engine skips what cannot match four times faster.
# A section lies below ten thousand: `500`, `1,000`, `2천5백`, `1.5`. The units above come in falling order, so that
# `500만 5천만원` is two amounts. Possessive, since digits that could be shared out anew would be tried in every way.
_N: Final = r"[0-9][0-9,]{0,17}+(?:\.[0-9]{1,4}+){0,4}+"
_SECTION: Final = f"{_N}(?: ?[십백천](?:{_N}(?: ?[십백천](?:{_N}(?: ?십)?)?)?)?)?"
_LAST: Final = rf"(?: ?{_SECTION}(?![0-9,.]*+ ?[십백천]?[만억조]))?"
_UNDER_EOK: Final = f"(?: ?{_SECTION} ?만)?{_LAST}"
_BODY: Final = rf"{_SECTION}(?: ?(?:조(?: ?{_SECTION} ?억)?{_UNDER_EOK}|억{_UNDER_EOK}|만{_LAST}))?"
_AMOUNT_CLUE: Final = re.compile("[0-9],? ?[십백천만억조원wk]|₩|[백천만억] ?원", re.IGNORECASE)
_AMOUNT: Final = re.compile(
    rf"(?=[0-9₩])(?<![0-9.,])(?<![0-9]:)(?P<sign>₩ ?)?(?P<body>{_BODY})"
    r"(?P<won> ?(?:원|won|krw)(?![a-z]))?",
    re.IGNORECASE,
)
_SPOKEN_AMOUNT: Final = re.compile(
    "(?=[일이삼사오육칠팔구십백천만억])(?<![가-힣0-9])"
    "(?P<body>(?:[일이삼사오육칠팔구]?[십백천][일이삼사오육칠팔구십백천]{0,6} )?"
    "[일이삼사오육칠팔구십백천만억]{1,16}) ?원"
    "(?![룸칙소형래본두탁]| ?(?:버스|지하철|전철|관중))"
)
_SHORT_MYRIAD: Final = re.compile("억 ?[0-9]+ ?[천백]$")
_TOKEN: Final = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?|[십백천만억조일이삼사오육칠팔구]")
# What is counted by ten thousands without being money.
_COUNTERS: Final = re.compile(
    " ?(?:번|명|개|회|년|대(?![출여금])|표|장|평|톤|보(?![너증])|건|곳|권|살|세|킬로|km|kg|m|점|배|분|초|시간|일|주"
    "|마리|그루|달러|불|엔|위안|유로|인|가구|가지|뷰|조회|구독|팔로|좋아요|볼트|화소|단어|자(?!금)|글자|부|병|잔|줄|층|호|헥타르"
    "|제곱|관중|관객|인파|군|여 ?[명개건])"
)
# What follows 3만 without 원 in talk of money: particles, 정도, 대출, 한도, 지급, 포인트 ..., by the first syllable.
_MAY_FOLLOW: Final = "이을은에도로의대정쯤씩까부지한포입출충쿠넘짜현"
_SMALL_WORD: Final = re.compile("[칙소장룸피]")

_PERCENT_CLUE: Final = re.compile("[0-9] ?[%퍼프]")
_PERCENT: Final = re.compile(
    r"(?=[0-9])(?<![0-9.,])(?P<number>[0-9]{1,6}(?:[.,][0-9]{1,4})?) ?"
    r"(?P<unit>%p|%|퍼센트포인트|퍼센트|퍼센|프로(?=[도만나가는이의로를씩대 .,!?~ㅋㅎ)\n]|정도|까지|밖|부터|할인|$))",
    re.IGNORECASE,
)
_MODEL: Final = re.compile("(?:아이폰|폰|에어팟|맥북|갤럭시|버즈|패드|맥스|워치|윈도우?|북|버전)[ 0-9]{0,4}$")


def find_accounts(text: str) -> Iterator[Entity]:
    """Find bank accounts: groups of 10 to 16 digits with a bank's name, or the word 계좌, beside them.

    Args:
        text: a restored text; linear in its length.

    Yields:
        Entities of kind `account`, spans counted in `text`; the value is the bank's short name and the digits,
        `국민 12345601123456`, or the digits alone where no bank is named. A number that the phone plan knows is none.

    >>> [e.value for e in find_accounts("국민은행 123456-01-123456, 주문번호 20240503-000123")]
    ['국민 12345601123456']
    """
    if not _LONG_NUMBER.search(text):
        return
    for match in _DIGITS.finditer(text):
        digits = re.sub("[- ]", "", match.group())
        if not 10 <= len(digits) <= 16 or _PHONE.fullmatch(digits):
            continue
        if len(digits) == 16 and all(len(g) == 4 for g in re.split("[- ]", match.group())):
            continue  # a card's number
        before = text[max(0, match.start() - _NEAR) : match.start()]
        if _OTHER_NUMBER.search(before):
            continue
        told = bool(_ACCOUNT_WORD.search(before) or _ACCOUNT_WORD.search(text, match.end(), match.end() + _NEAR))
        bank = _bank(before, text[match.end() : match.end() + _NEAR], sure=told or "-" in match.group())
        if bank or (told and "계좌" in before):
            yield Entity("account", f"{bank} {digits}".strip(), Span(*match.span()))


def _bank(before: str, after: str, *, sure: bool) -> str:
    """The short name of the bank beside a number, empty for none; `우리` and its like must be made sure of."""
    match = _BANK_BEFORE.search(before) or _BANK_AFTER.match(after)
    if match is None:
        return ""
    index = next(i for i in range(len(_CANONICAL)) if match[f"b{i}"])
    sure = sure or not before[match.end(f"b{index}") :].strip(" :")
    return _CANONICAL[index] if sure or match[f"b{index}"].upper() not in _AMBIGUOUS else ""


def find_amounts(text: str) -> Iterator[Entity]:
    """Find amounts of money in won: `3만원`, `1,000원`, `1억 5천만`, `1.5억`, `오백만원`, `₩3,000`.

    Without 원 an amount needs 만, 억 or 조 and nothing counted behind it: `1억 번 말했다` is none.

    Args:
        text: a restored text; linear in its length.

    Yields:
        Entities of kind `amount`, spans counted in `text`, the value a whole number of won: `50000000 KRW`.

    >>> [e.value for e in find_amounts("5천만원, 1.5억, 오백만원, 3천명, 1억 번 말했다")]
    ['50000000 KRW', '150000000 KRW', '5000000 KRW']
    """
    if not _AMOUNT_CLUE.search(text):
        return
    for match in _AMOUNT.finditer(text):
        body = match["body"].rstrip(", ")
        if not _is_money(text, match, body):
            continue
        # `2억 1천` is short for 2억 1천만, unless 원 follows.
        short = not match["won"] and _SHORT_MYRIAD.search(body)
        value = _won(f"{body}만" if short else body)
        if value:
            end = match.end() if match["won"] else match.start("body") + len(body)
            yield Entity("amount", f"{value} KRW", Span(match.start(), end))
    for match in _SPOKEN_AMOUNT.finditer(text):
        value = _won(match["body"]) if re.search("[백천만억]", match["body"]) else 0
        if value:
            yield Entity("amount", f"{value} KRW", Span(*match.span()))


def _is_money(text: str, match: re.Match[str], body: str) -> bool:
    if match["sign"]:
        return True
    united = bool(re.search("[십백천만억조]", body))
    if match["won"]:
        if united or "," in body:
            return True
        # `11:25원`, `2.17원주`, `39, 원`: clock, date and list, all seen in public notices.
        spaced = match["body"] != body or match["won"][0] == " "
        return not spaced and not re.search(r"\.[0-9]{1,2}$", body) and not _SMALL_WORD.match(text, match.end())
    if not re.search("[0-9][십백천]?[만억]", body) or re.search(" [십백천만억조]", body):
        return False
    end = match.start("body") + len(body)
    following = text[end : end + 1]
    return not _COUNTERS.match(text, end) and (not "가" <= following <= "힣" or following in _MAY_FOLLOW)


def _won(body: str) -> int:
    """The whole won of a number with Korean units; 0 where it is none.

    >>> _won("1억 5천만"), _won("2천5백만"), _won("1.000"), _won("1.2.3")
    (150000000, 25000000, 1000, 0)
    """
    if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+", body):
        body = body.replace(".", "")
    total = Decimal(0)
    section: Decimal | None = None
    number: Decimal | None = None
    try:
        for token in _TOKEN.findall(body):
            if token in _UNITS:
                section = (section or Decimal(0)) + (1 if number is None else number) * _UNITS[token]
                number = None
            elif token in _MYRIADS:
                alone = section is None and number is None  # 만원 is 10,000, 0만원 nothing
                total += (1 if alone else (section or 0) + (number or 0)) * _MYRIADS[token]
                section = number = None
            elif number is not None:
                return 0
            else:
                number = Decimal(_SINO.get(token) or token.replace(",", ""))
    except InvalidOperation:
        return 0
    return int(total + (section or 0) + (number or 0))


def find_percentages(text: str) -> Iterator[Entity]:
    """Find percentages: `연 4.2%`, `30 퍼센트`, `7프로 먹고`; not `15프로` of a telephone.

    Args:
        text: a restored text; linear in its length.

    Yields:
        Entities of kind `percent`, spans counted in `text`; the value is the number without needless zeros and
        its unit, `4.2 %`, or `0.5 %p` for percentage points.

    >>> [e.value for e in find_percentages("연 4.20%, 우대 0.5%p, 아이폰 15프로")]
    ['4.2 %', '0.5 %p']
    """
    if not _PERCENT_CLUE.search(text):
        return
    for match in _PERCENT.finditer(text):
        unit = match["unit"].lower()
        if unit == "프로" and _MODEL.search(text, max(0, match.start() - 8), match.start()):
            continue
        number = Decimal(match["number"].replace(",", "."))
        plain = f"{number:f}"
        plain = (plain.rstrip("0").rstrip(".") if "." in plain else plain).lstrip("0") or "0"
        plain = "0" + plain if plain.startswith(".") else plain
        yield Entity("percent", f"{plain} {'%p' if unit in ('%p', '퍼센트포인트') else '%'}", Span(*match.span()))
