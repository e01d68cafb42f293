"""Messenger ids: `카톡 abcd12`, `텔레 @abcd_12`, `라인 ID: abcd12`, and the links that stand for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spamfilter.types import Entity, Span

_PLATFORM: Final = re.compile(
    r"(?=[카까깨캬케ㅋkK오옾톡텔톌탤퉬딸떨tT라lL위웨wW微])"
    r"(?:(?P<kakao>카카오 ?톡|[카까깨캬케] ?[톡툑]|카카오?|[카까깨캬]똑|ㅋㅌ|ㅋ톡|k톡|kakao ?talk|kakao|ka ?talk|katok"
    r"|오픈 ?(?:카톡|채팅|톡)|옾챗|옾톡|(?P<kakao_short>(?<!톡)톡(?!톡)|(?<![가-힣])카(?=[):])))"
    r"|(?P<telegram>텔 ?레 ?그 ?[램렘럼럠람]|텔[래그]그?[램렘]?|(?<![호모스])텔[레러례]|[톌탤퉬딸떨][레렛러]|[톌탤]"
    r"|telegr[ae]m"
    r"|(?P<telegram_short>(?<![가-힣])텔(?![가-힣])|(?<![a-z])(?:teler?|tele?|tg)(?![a-z])))"
    r"|(?P<line>(?<![가-힣])라인|(?<![a-z])line(?![a-z]))"
    r"|(?P<wechat>위 ?챗|웨이신|we ?chat|weixin|微信))",
    re.IGNORECASE,
)
_REST: Final = re.compile(
    r"[ \t]{0,2}(?P<word>(?:아이디|아디|id|계정|주소|채널|문의|상담|추가|친추|검색)(?![a-z])[ \t]{0,2})?"
    r"(?P<mark>[:;.,)\]▶→☞☎>=~\-♥★]{0,3}[ \t\n]{0,2})"
    r"(?P<at>@ ?)?(?P<id>[a-z0-9][a-z0-9._-]{2,31})(?![a-z0-9@])",
    re.IGNORECASE,
)
_REVERSED: Final = re.compile(r"@([a-z0-9][a-z0-9._-]{2,31}) ?텔(?:레(?:그램)?)?(?![가-힣])", re.IGNORECASE)
_CLUE: Final = re.compile("[톡툑똑텔톌탤퉬딸떨카ㅌ챗]|라인|웨이신|line|tele?|tg|kakao|ka ?t|we ?[ci]|信", re.IGNORECASE)

# `카톡 3pm`, `텔레 1080p`, `카카오 v10.2`, `카톡 iphone15`: measures, versions and things, not names.
_MEASURE: Final = re.compile(
    r"[0-9.]+(?:[ap]m|[kmgt]b?|[kcm]?m|kg|ml|px|st|nd|rd|th|k?hz|kw|ver|pc|x|d|g|p|v|min|sec|h|hours?|days?|won|krw)"
    r"|v(?:er)?[0-9]{1,2}(?:\.[0-9.]*)?|(?:iphone|galaxy|ios|android|windows?|www|https?|mp|pc|mac)[0-9.a-z-]*",
    re.IGNORECASE,
)
_LINKS: Final = (
    (re.compile(r"https://(?:t\.me|telegram\.(?:me|dog))/(?:s/)?(?:joinchat/|\+)([\w-]{6,64})"), "telegram:+{}"),
    (re.compile(r"https://(?:t\.me|telegram\.(?:me|dog))/(?:s/)?(\w{3,32})"), "telegram:{}"),
    (re.compile(r"https://open\.kakao\.com/(?:o|me)/([\w-]{3,64})"), "kakao-open:{}"),
    (re.compile(r"https://pf\.kakao\.com/(_?\w{3,64})"), "kakao-channel:{}"),
    (re.compile(r"https://line\.me/(?:R/)?ti/p/[~@]?([\w.-]{3,64})"), "line:{}"),
)
_CASELESS: Final = ("telegram:{}", "line:{}")


def find_messengers(text: str) -> Iterator[Entity]:
    """Find ids that follow the name of a messenger, and Telegram ids that stand before it.

    An id needs a sign that it is one: letters and digits together, an `@`, or the word 아이디. `카톡 ok` has none.

    Args:
        text: a restored text; linear in its length.

    Yields:
        Entities of kind `messenger`, spans counted in `text` and covering the id alone; the value is
        `platform:id`, the platform one of `kakao`, `telegram`, `line`, `wechat`, the id in lower case.

    >>> [e.value for e in find_messengers("텔레 @Abcd_12 카톡 ok")]
    ['telegram:abcd_12']
    """
    if not _CLUE.search(text):
        return
    for name in _PLATFORM.finditer(text):
        rest = _REST.match(text, name.end())
        platform = next(p for p in ("kakao", "telegram", "line", "wechat") if name[p])
        if rest and _is_id(name, rest):
            identity = rest["id"].rstrip("._-")
            span = Span(rest.start("id"), rest.start("id") + len(identity))
            yield Entity("messenger", f"{platform}:{identity.lower()}", span)
    for match in _REVERSED.finditer(text):
        yield Entity("messenger", f"telegram:{match[1].lower()}", Span(match.start(1), match.end(1)))


def _is_id(name: re.Match[str], rest: re.Match[str]) -> bool:
    identity = rest["id"].rstrip("._-")
    lettered, numbered = bool(re.search("[A-Za-z]", identity)), bool(re.search("[0-9]", identity))
    if len(identity) < 3 or (numbered and _MEASURE.fullmatch(identity)):
        return False
    told = bool(rest["at"]) or (rest["word"] or "").strip().lower() in ("아이디", "아디", "id")
    if not lettered:  # a number: a phone's is found elsewhere
        return told and identity.isdigit() and 4 <= len(identity) <= 12 and identity[0] != "0"
    if told:
        return True
    short = name["kakao_short"] or name["telegram_short"]
    if name["line"] or (name["telegram_short"] and name.group().isascii()):
        return numbered and ":" in rest["mark"]
    if numbered:
        return len(identity) >= 4
    # `텔레: goldking` names someone, `카톡: Hello` talks.
    return not short and ":" in rest["mark"] and len(identity) >= 4 and identity.islower()


def messenger_link(url: str) -> str | None:
    """The messenger id behind a link, in the form of `find_messengers`; None for any other link.

    Args:
        url: canonical, as `find_urls` gives it.

    >>> messenger_link("https://t.me/Abcd_12"), messenger_link("https://open.kakao.com/o/gAbCd")
    ('telegram:abcd_12', 'kakao-open:gAbCd')
    """
    for pattern, form in _LINKS:
        if match := pattern.match(url):
            return form.format(match[1].lower() if form in _CASELESS else match[1])
    return None
