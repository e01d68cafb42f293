"""Why: what each part of a message added to the log-odds of the named kind's group against that of its best rival.

The rival of a spam kind is the most probable legitimate one, and the other way round. Both stages are linear, so
the contributions and the bias add up to the log-odds that they explain, to rounding: nothing is approximated
after the fact. An n-gram's contribution is spread evenly over the places where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spamfilter.scoring.cascade import Cascade
from spamfilter.scoring.features import SHAPE_NAMES, Analysis, MorphemeGram, shape
from spamfilter.scoring.hashing import FloatArray
from spamfilter.scoring.kernel import traced_ngrams
from spamfilter.text.normalise import Trick
from spamfilter.types import Category, Reason, Span

MAX_WORDS: Final = 5
MAX_SPANS: Final = 20
_MIN_WEIGHT: Final = 0.05

CATEGORY_KO: Final[dict[Category, str]] = {
    Category.GAMBLING: "도박",
    Category.LOAN: "불법 대출",
    Category.INVESTMENT: "투자 사기",
    Category.ADULT: "성인",
    Category.PHISHING_PARCEL: "택배 사칭",
    Category.PHISHING_AGENCY: "기관 사칭",
    Category.PHISHING_ACCOUNT: "계정 탈취",
    Category.PHISHING_FAMILY: "지인 사칭",
    Category.PHISHING_INVITATION: "부고·청첩장 사칭",
    Category.DRUGS: "마약·불법 의약품",
    Category.TELECOM: "휴대폰·인터넷 가입 권유",
    Category.JOB: "부업·구인 사기",
    Category.PROPERTY: "분양·부동산 권유",
    Category.PROMOTION_UNSOLICITED: "원치 않는 광고",
    Category.OTHER: "그 밖의 스팸",
    Category.CHAT: "일상 대화",
    Category.NOTICE: "정상 알림",
    Category.PROMOTION_LAWFUL: "표기를 갖춘 광고",
}

_ENTITY_KO: Final = {
    "url": "링크",
    "phone": "전화번호",
    "opt-out": "수신거부 번호",
    "messenger": "메신저 아이디",
    "account": "계좌번호",
    "amount": "금액",
    "percent": "비율",
}

_TRICK_KO: Final = {
    "drop_invisible": "보이지 않는 문자를 지웠습니다",
    "fold_forms": "원문자·전각 등 특수 글자를 보통 글자로 바꾸었습니다",
    "latinise_lookalikes": "다른 문자로 흉내 낸 로마자를 되돌렸습니다",
    "join_jamo": "떼어 쓴 자모를 글자로 모았습니다",
    "join_drawn_vowel": "로마자·기호로 그린 모음을 되돌렸습니다",
    "join_coda": "떼어 쓴 받침을 붙였습니다",
    "read_hanja": "한글 대신 쓴 한자를 소리대로 읽었습니다",
    "drop_separators": "글자 사이에 끼운 기호를 뺐습니다",
    "drop_intruders": "낱말 안에 끼운 숫자·글자·그림을 뺐습니다",
    "join_spaced_words": "낱자로 띄어 쓴 낱말을 붙였습니다",
    "read_latin_sounds": "한글 대신 쓴 로마자·숫자를 소리대로 읽었습니다",
    "read_drawn_syllables": "모양이 비슷한 다른 글자(야민정음)를 되돌렸습니다",
    "untwist_words": "비틀어 쓴 낱말을 바로 읽었습니다",
    "read_spoken_digits": "말로 풀어 쓴 전화번호를 숫자로 바꾸었습니다",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of one decision.

    Attributes:
        named: the kind the verdict names.
        rival: the most probable kind of the other side.
        log_odds: of the group of `named` against that of `rival` before calibration, in nats.
        reasons: strongest first; their weights, signed as evidence for spam, sum to the log-odds of the group of the
            spam kind of the two against that of the legitimate one.
    """

    named: Category
    rival: Category
    log_odds: float
    reasons: tuple[Reason, ...]


def explain(
    cascade: Cascade,
    analysis: Analysis,
    logits: FloatArray,
    kinds: tuple[Category, Category],
    grams: Sequence[MorphemeGram] | None,
) -> Explanation:
    """Explain one decision.

    Args:
        cascade: the model that decided.
        analysis: of the message.
        logits: shape (n_groups,), of the stage that decided.
        kinds: the kind that the verdict names, and the most probable one of the other side.
        grams: the hashed morphemes where the second stage decided, None where the n-grams did.
    """
    named, rival = kinds
    spam_kind, ham_kind = (named, rival) if named.is_spam else (rival, named)
    spam, ham = cascade.groups.index(spam_kind.group), cascade.groups.index(ham_kind.group)

    per_char, bias = _ngram_contributions(cascade, analysis, spam, ham, second_stage=grams is not None)
    reasons: list[Reason] = []
    if grams is not None:
        per_char += _morpheme_contributions(cascade, analysis, grams, spam, ham)
        bias += float(cascade.stage_two_bias[spam] - cascade.stage_two_bias[ham])
        reasons += _shape_reasons(cascade, analysis, spam, ham)
    reasons += _word_reasons(analysis.text, per_char[:-1], spam_kind)
    # The ends of the message stand nowhere, and their share falls with the number of its n-grams.
    reasons.append(Reason("length", "메시지 길이가 말해 주는 만큼입니다.", round(float(per_char[-1]), 4)))
    reasons = [r for r in reasons if abs(r.weight) >= _MIN_WEIGHT]
    total = float(logits[spam] - logits[ham])
    rest = total - bias - sum(r.weight for r in reasons)
    reasons.sort(key=lambda r: -abs(r.weight))
    reasons.append(Reason("rest", "그 밖의 표현을 모두 더한 값입니다.", round(rest, 4)))
    reasons.append(Reason("bias", "모델의 기준값입니다.", round(bias, 4)))
    reasons += _trick_reasons(analysis.restored.tricks)
    return Explanation(named, rival, total if named.is_spam else -total, tuple(reasons))


def _ngram_contributions(
    cascade: Cascade, analysis: Analysis, spam: int, ham: int, *, second_stage: bool
) -> tuple[npt.NDArray[np.float64], float]:
    """What the n-grams of each code point add, shape (n_chars + 1,), the unplaced last; and the first stage's bias."""
    n_groups = len(cascade.groups)
    if second_stage:
        # The second stage reads the first one's logits: each n-gram passes through to it with these factors.
        through = cascade.dense_weights[:n_groups, spam] - cascade.dense_weights[:n_groups, ham]
    else:
        through = np.zeros(n_groups, np.float32)
        through[spam], through[ham] = 1.0, -1.0
    bias = float(cascade.ngram_bias[:n_groups] @ through)
    found = traced_ngrams(analysis.text, cascade.ngram_bits)
    distinct, inverse, counts = np.unique(found.indices, return_inverse=True, return_counts=True)
    weights = (cascade.ngram_table.weights(distinct)[:, :n_groups] @ through).astype(np.float64) / np.sqrt(
        len(distinct)
    )
    return _spread(weights[inverse] / counts[inverse], found.starts, found.ends, len(analysis.text)), bias


def _morpheme_contributions(
    cascade: Cascade, analysis: Analysis, grams: Sequence[MorphemeGram], spam: int, ham: int
) -> npt.NDArray[np.float64]:
    size = len(analysis.text)
    if not grams:
        return np.zeros(size + 1)
    index = np.array([g.index for g in grams])
    distinct, inverse, counts = np.unique(index, return_inverse=True, return_counts=True)
    weights = cascade.morpheme_weights[distinct, spam] - cascade.morpheme_weights[distinct, ham]
    share = weights.astype(np.float64) / np.sqrt(len(distinct))
    spans = [
        analysis.restored.span(g.start, min(g.end, len(analysis.restored.text)))
        if g.start < min(g.end, len(analysis.restored.text))
        else Span(size, size)
        for g in grams
    ]
    starts = np.array([s.start for s in spans])
    ends = np.array([s.end for s in spans])
    return _spread(share[inverse] / counts[inverse], starts, ends, size)


def _spread(
    weights: npt.NDArray[np.float64], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.float64]:
    """Share each weight evenly among the code points of its span; those of empty spans go to the last place."""
    steps = np.zeros(size + 2)
    lengths = ends - starts
    placed = lengths > 0
    each = weights[placed] / lengths[placed]
    np.add.at(steps, starts[placed], each)
    np.add.at(steps, ends[placed], -each)
    out = np.cumsum(steps)[: size + 1]
    out[size] = weights[~placed].sum()
    return out


def _word_reasons(text: str, per_char: npt.NDArray[np.float64], spam_kind: Category) -> list[Reason]:
    """The words that speak loudest on either side, one reason for each distinct word."""
    found: dict[str, list[Span]] = {}
    for match in re.finditer(r"\S+", text):
        found.setdefault(match.group(), []).append(Span(*match.span()))
    weighed = [(sum(float(per_char[s.start : s.end].sum()) for s in spans), spans) for spans in found.values()]
    loudest = sorted(weighed, key=lambda pair: -abs(pair[0]))[:MAX_WORDS]
    name = CATEGORY_KO[spam_kind]
    return [
        Reason(
            "words" if weight > 0 else "words.legitimate",
            f"‘{name}’ 메시지에 자주 나오는 표현입니다." if weight > 0 else "정상 메시지에 자주 나오는 표현입니다.",
            round(weight, 4),
            tuple(spans[:MAX_SPANS]),
        )
        for weight, spans in loudest
    ]


def _shape_reasons(cascade: Cascade, analysis: Analysis, spam: int, ham: int) -> list[Reason]:
    first = len(cascade.groups)
    weights = cascade.dense_weights[first:, spam] - cascade.dense_weights[first:, ham]
    row = shape(analysis)
    spans: dict[str, list[Span]] = {}
    for entity in analysis.entities:
        spans.setdefault(f"entity.{entity.kind}", []).append(entity.span)
    for trick in analysis.restored.tricks:
        spans.setdefault(f"trick.{trick.code}", []).append(trick.span)
    return [
        Reason(
            f"shape.{SHAPE_NAMES[i]}",
            _shape_sentence(SHAPE_NAMES[i]),
            round(float(weights[i] * row[i]), 4),
            tuple(sorted(spans.get(SHAPE_NAMES[i], ()))[:MAX_SPANS]),
        )
        for i in np.flatnonzero(row)
    ]


def _shape_sentence(name: str) -> str:
    group, _, rest = name.partition(".")
    if group == "entity" and rest in _ENTITY_KO:
        return f"{_ENTITY_KO[rest]}이(가) 들어 있습니다."
    if group == "trick" and rest in _TRICK_KO:
        return f"{_TRICK_KO[rest]}."
    return {
        "entity.url.shortener": "단축 링크가 들어 있습니다.",
        "entity.url.several": "링크가 여러 개 들어 있습니다.",
        "entity.none": "링크·번호·금액이 하나도 없습니다.",
        "trick.several": "여러 가지 방법으로 글자를 꾸몄습니다.",
        "advert.label": "광고 표기가 있습니다.",
        "advert.fault": "광고 표기에 짚을 점이 있습니다.",
        "signed.branch": "영업점 이름을 밝혔습니다.",
    }.get(name, "글자 구성" if group == "script" else "메시지 길이")


def _trick_reasons(tricks: Sequence[Trick]) -> list[Reason]:
    """What was undone, one reason a kind of trick: noticed, and weighed only as part of the words and the shape."""
    spans: dict[str, list[Span]] = {}
    for trick in tricks:
        spans.setdefault(trick.code, []).append(trick.span)
    return [
        Reason(f"obfuscation.{code}", f"{_TRICK_KO[code]}.", 0.0, tuple(sorted(found)[:MAX_SPANS]))
        for code, found in spans.items()
    ]
