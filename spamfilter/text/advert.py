"""The label check (표기 점검) of a Korean advert: does `(광고)` stand where and as vendors say the law wants it?

Korean message vendors state the rule of 정보통신망법 §50 so: `(광고)` at the very start, the sender's name and contact,
a free way to refuse at the end, and no advert between 21:00 and 08:00 without a consent of its own. This module looks
at the text alone. It knows neither consent nor sender and decides nothing: an illegal loan offer copies the label to
the letter, so a clean result is no sign of ham and a fault none of spam. It is never a statement of compliance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from spamfilter.errors import InputError
from spamfilter.text.normalise import Restored
from spamfilter.types import AdvertCode, AdvertFinding, Entity, Span

MESSAGES: Final[dict[AdvertCode, str]] = {
    "label": "광고 표기가 있습니다.",
    "label-form": "광고 표기가 정해진 꼴인 (광고)와 다릅니다.",
    "label-place": "광고 표기가 글의 맨 앞에 있지 않습니다.",
    "sender-missing": "광고 표기 뒤에 보낸 이의 이름이 보이지 않습니다.",
    "contact-missing": "보낸 이의 연락처가 보이지 않습니다.",
    "opt-out-missing": "수신거부 안내가 보이지 않습니다.",
    "opt-out-means": "수신거부 안내에 번호나 방법이 보이지 않습니다.",
    "opt-out-not-free": "수신거부가 무료라는 표시가 보이지 않습니다.",
    "opt-out-place": "수신거부 안내가 글의 끝에 있지 않습니다.",
    "night": "21시부터 다음 날 8시까지 보내는 광고에는 별도의 동의가 필요합니다.",
}
"""One Korean sentence a code, for a moderator."""

NIGHT_FROM: Final = 21
NIGHT_UNTIL: Final = 8


# A label is searched where one could stand: the due form anywhere, a twisted one only at the start of a line, since
# people write [광고] and 광고) in the middle of their talk.
_CARRIER: Final = r"[^\S\n]*(?:\[(?:[Ww][Ee][Bb]|국제|국외) ?발신\]\s{0,3})?"
_CLUE: Final = re.compile("광|告|[Aa][Dd]")
_DUE_LABEL: Final = re.compile(r"\(광고\)")
_TWISTED_LABEL: Final = re.compile(
    rf"^{_CARRIER}(?P<label>"
    r"[(\[<{【〔「『《〈\"'“‘]{0,3} ?광[ /.,·ㆍ*\-_|'\"“”‘’:;~^]{0,3}고(?:성 ?정보|성|문자)? ?"
    r"[\"'”’]?[)\]>}】〕」』》〉]{1,2}"
    r"|[(\[<{【〔「『《〈] ?(?:AD|廣告|廣 ?고|광告) ?[)\]>}】〕」』》〉]"
    r"|[(\[<{] ?광[ /.,·*\-_|]{0,3}고(?=[ \n])(?![^\n]{0,12}[)\]>}]))",
    re.MULTILINE | re.IGNORECASE,
)
_ONLY_CARRIER: Final = re.compile(rf"\s{{0,8}}{_CARRIER}\s{{0,8}}")

_BRACKETED: Final = re.compile(r"[\[<(【〔「『《〈] ?([^\])>】〕」』》〉\n]{2,24})[\])>】〕」』》〉]")
_FIRM: Final = re.compile(
    r"은행|뱅크|카드|증권|보험|생명|화재|캐피탈|저축|금고|신협|농협|수협|텔레콤|통신|모바일|마트|[가-힣]몰|쇼핑|백화점|아울렛"
    r"|면세점|스토어|샵|shop|store|지점|본점|[가-힣]점(?![수심검])|센터|병원|의원|치과|한의원|약국|학원|어학|교회|호텔|리조트"
    r"|여행|항공|컴퍼니|주식회사|\(주\)|그룹|상사|부동산|공인중개|헬스|피트니스|필라테스|요가|미용실|헤어|네일|카페|커피|치킨"
    r"|피자|자동차|모터스|서점|문고|출판|협회|재단|대학|스튜디오|닷컴",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(r"[가-힣A-Za-z]{2,15}(?:입니다|이에요|예요|에서 ?(?:알려|안내|드리|보내))")
_WORD: Final = re.compile(r"[가-힣A-Za-z][가-힣A-Za-z0-9&'.]+")
# What an advert that names nobody begins with.
_NO_NAME: Final = re.compile(
    "안녕|고객|회원|귀하|당행|당사|본행|본사|저희|지금|오늘|내일|이번|금일|최대|최저|최고|무료|특별|긴급|신규|마감"
    "|단 ?하루|선착순|대출|할인|특가|이벤트|혜택|축하|당첨|쿠폰|공지|안내|신청|주말|연말|연초|추석|여름|겨울|가을|새해"
    "|누구나|정부|서민|저금리|한도|상담|문의|입니다|사장님|여러분|드디어"
)
_SENDER_REACH: Final = 80

_OPT_OUT: Final = re.compile(
    r"(?P<free>무료 ?)?(?:수신(?:을|을 | )?거부|문자 ?거부|수신 ?차단|수신 ?동의 ?(?:철회|해지)|채널 ?차단)"
    r"|(?P<free2>무료 ?)거부|거부(?=[ :]{0,3}(?:0|설정|앱|홈))"
)
_OTHER_MEANS: Final = re.compile(r"채널 ?차단|홈 ?>|설정|답장|회신|누르|눌러|클릭|앱 ?>|마이페이지|고객센터")
_MEANS_REACH: Final = 48
# A review number may stand below the opt-out: it belongs to the form, not to the text.
_REVIEWED: Final = re.compile("심의|준법감시|승인번호|유효기간")
_LETTER: Final = re.compile("[0-9A-Za-z가-힣]")
_LETTERS_AFTER: Final = 20


def check_advert(
    restored: Restored, entities: Sequence[Entity], *, hour: int | None = None
) -> tuple[AdvertFinding, ...]:
    """Check the advert label of a message (표기 점검): no statement of compliance, no evidence of ham or spam.

    Args:
        restored: as `normalise.restore` gives it.
        entities: what `entities.find_entities` found in it.
        hour: when it is sent, 0 to 23 in Korea; None where that is not known, and then not checked.

    Returns:
        Empty for a message without an advert label, twisted spellings included. Otherwise `label` first, then the
        faults in the order of `AdvertCode`.

    Raises:
        InputError: if `hour` is no whole number from 0 to 23.

    >>> from spamfilter.text.entities import find_entities
    >>> from spamfilter.text.normalise import restore
    >>> def codes(text, **when):
    ...     restored = restore(text)
    ...     return [f.code for f in check_advert(restored, find_entities(restored), **when)]
    >>> codes("(광고)한빛서점 새 책 할인 02-0000-1234 무료수신거부 080-000-1177", hour=22)
    ['label', 'night']
    >>> codes("[광 고] 안녕하세요 최저금리"), codes("광고 보고 왔어요")
    (['label', 'label-form', 'sender-missing', 'contact-missing', 'opt-out-missing'], [])
    """
    if hour is not None and (isinstance(hour, bool) or not isinstance(hour, int) or not 0 <= hour <= 23):
        raise InputError(f"hour must be a whole number from 0 to 23, got {hour!r}")
    label = _label(restored.text)
    if label is None:
        return ()
    return tuple(
        AdvertFinding(code, MESSAGES[code], spans) for code, spans in _findings(restored, entities, label, hour)
    )


def _findings(
    restored: Restored, entities: Sequence[Entity], label: tuple[int, int], hour: int | None
) -> Iterator[tuple[AdvertCode, tuple[Span, ...]]]:
    """The codes and spans, for the label at `restored.text[label[0]:label[1]]`."""
    text, (start, end) = restored.text, label
    here = (restored.span(start, end),)
    yield "label", here
    first = _ONLY_CARRIER.fullmatch(text, 0, start) is not None
    if text[start:end] != "(광고)" or _is_hidden(restored, here[0], from_start=first):
        yield "label-form", here
    if not first:
        yield "label-place", here
    if not _names_sender(text[end : end + _SENDER_REACH]):
        yield "sender-missing", ()
    if not any(e.kind in ("phone", "url", "messenger") for e in entities):
        yield "contact-missing", ()
    yield from _opt_out_faults(restored, entities)
    if hour is not None and (hour >= NIGHT_FROM or hour < NIGHT_UNTIL):
        yield "night", ()


def _label(text: str) -> tuple[int, int] | None:
    """Where the first label stands in the restored text."""
    if not _CLUE.search(text):
        return None
    due, twisted = _DUE_LABEL.search(text), _TWISTED_LABEL.search(text)
    spans = [m.span(g) for m, g in ((due, 0), (twisted, "label")) if m is not None]
    return min(spans, default=None)


def _is_hidden(restored: Restored, label: Span, *, from_start: bool) -> bool:
    """Whether the due form only shows once a trick is undone; full-width brackets are none."""
    return label.end - label.start != len("(광고)") or any(
        trick.span.start < label.end
        and trick.span.end > (0 if from_start else label.start)
        and not (trick.code == "fold_forms" and trick.reads_as in "()[]")
        for trick in restored.tricks
    )


def _names_sender(after: str) -> bool:
    """Whether a name seems to follow: in brackets, with a firm's ending, as 'this is ...', or as the first word."""
    lines = [line for line in after.split("\n") if line.strip()][:2]
    head = "\n".join(lines)
    if any(not _NO_NAME.match(m[1].strip()) and _WORD.search(m[1]) for m in _BRACKETED.finditer(head)):
        return True
    if _FIRM.search(head) or any(not _NO_NAME.match(m.group()) for m in _SIGNED.finditer(head)):
        return True
    word = _WORD.search(lines[0]) if lines else None
    # A digit before the first word is an offer: `(광고) 50% 할인`.
    return word is not None and not _NO_NAME.match(word.group()) and not re.search("[0-9]", lines[0][: word.start()])


def _opt_out_faults(restored: Restored, entities: Sequence[Entity]) -> Iterator[tuple[AdvertCode, tuple[Span, ...]]]:
    phrases = list(_OPT_OUT.finditer(restored.text))
    if not phrases:
        yield "opt-out-missing", ()
        return
    phrase = phrases[-1]
    span = restored.span(*phrase.span())
    means = [e for e in entities if _is_means(e, span)]
    other = _OTHER_MEANS.search(restored.text, phrase.start(), phrase.end() + _MEANS_REACH)
    if not means and other is None:
        yield "opt-out-means", (span,)
    free = phrase["free"] or phrase["free2"] or "무료" in restored.text[phrase.end() : phrase.end() + 12]
    if not free and other is None and not any(e.value.startswith("+8280") for e in means):
        yield "opt-out-not-free", (span,)
    end = phrase.end()
    if other is not None:
        end = max(end, other.end())
    for entity in means:
        end = max(end, restored.restored_span(entity.span)[1])
    tail = (line for line in restored.text[end:].split("\n") if not _REVIEWED.search(line))
    if sum(len(_LETTER.findall(line)) for line in tail) > _LETTERS_AFTER:
        yield "opt-out-place", (span,)


def _is_means(entity: Entity, phrase: Span) -> bool:
    """Whether an entity tells how to refuse: an opt-out number near the words, a number or link right behind them."""
    if entity.kind == "opt-out":
        return phrase.start - _MEANS_REACH <= entity.span.start <= phrase.end + _MEANS_REACH
    behind = phrase.end <= entity.span.start <= phrase.end + _MEANS_REACH // 2
    return behind and entity.kind in ("phone", "url")
