"""The HTML of a report, in Korean: for the people who decide whether a model goes into service."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from spamfilter.learning.dataset import Place
from spamfilter.learning.evaluate import AttackRow, Confusion, Cut, Evaluation, GroupRow, Interval, Share
from spamfilter.scoring.explain import CATEGORY_KO
from spamfilter.types import Category, Label

MAX_SHOWN: Final = 800
"""Characters of a message that are shown: one message of a megabyte must not be the page."""

RECALL_LOSS: Final = 0.02
"""A family of attacks that costs more recall than this is marked."""

FPR_RATIO: Final = 2.0
"""A family that multiplies false positives by more than this is marked."""

_STYLE: Final = Path(__file__).with_name("page.css")
_LABEL_KO: Final = {Label.HAM: "정상", Label.REVIEW: "검토", Label.SPAM: "스팸"}
_ROLE_KO: Final = {"clean": "", "trained": "학습한 수법", "held-out": "학습하지 않은 수법", "mixed": ""}
_FAMILY_KO: Final = {
    "clean": "원문 그대로",
    "jamo_apart": "자모 풀어쓰기",
    "vowel_swap": "모음 바꾸기",
    "coda_swap": "받침 바꾸기",
    "marks_between": "글자 사이 기호",
    "spaces_between": "글자 사이 빈칸",
    "no_spaces": "띄어쓰기 없애기",
    "fancy_letters": "꾸민 영문·숫자",
    "invisible": "보이지 않는 글자",
    "intruders": "낱말 속 영문·숫자",
    "padding": "일상 문장 덧붙이기",
    "tense_onset": "된소리·거센소리",
    "lookalikes": "닮은 외국 글자",
    "emoji_inside": "글자 사이 이모지",
    "drawn_vowels": "모음을 영문으로",
    "yaminjeongeum": "야민정음",
    "hanja_inside": "한자 섞기",
    "spelled_numbers": "숫자를 한글로",
    "mixed": "세 가지 섞기",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A message on which the model was wrong, or least right.

    Attributes:
        place: of its row.
        source: where it comes from.
        kind: its known kind; empty where nobody named it.
        is_spam: its label.
        probability: of spam, as the model said.
        label: what the model's policy made of it.
        category: what the model took it for.
        text: the message as a reader sees it, tricks undone.
    """

    place: Place
    source: str
    kind: str
    is_spam: bool
    probability: float
    label: Label
    category: Category
    text: str


def page(evaluation: Evaluation, plots: Mapping[str, str], mistakes: Sequence[Mistake], version: str) -> str:
    """The page.

    Args:
        evaluation: what it tells.
        plots: SVG text by title.
        mistakes: messages to show; where there is none, no message stands on the page.
        version: of the model.
    """
    figures = "".join(f"<figure><figcaption>{escape(t)}</figcaption>{svg}</figure>" for t, svg in plots.items())
    return f"""<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>평가 보고서 · {escape(version)}</title><style>{_STYLE.read_text(encoding="utf-8")}</style></head><body>
<header><h1>평가 보고서</h1><p class="version">모델 {escape(version)}</p>{_privacy(mistakes)}</header>
{_summary(evaluation)}
<section><h2>예산별 탐지율</h2>{_points(evaluation)}</section>
<section><h2>그림</h2><div class="plots">{figures}</div></section>
<section><h2>출처별</h2>{_groups("출처", evaluation.by_source, evaluation.cuts)}</section>
<section><h2>종류별</h2>{_groups("종류", evaluation.by_kind, evaluation.cuts)}</section>
{_confusion(evaluation.confusion)}{_attacks(evaluation)}{_mistakes(mistakes)}
<footer><p>대괄호 안은 95 % 신뢰구간입니다. 메시지끼리 독립이라고 보고 구했으므로, 거의 같은 메시지가 많으면 실제로는 더
넓습니다. 학습에 쓴 메시지로 잰 값은 새 메시지에서의 성능을 말해 주지 않습니다.</p></footer>
</body></html>
"""


def _privacy(mistakes: Sequence[Mistake]) -> str:
    if not mistakes:
        return '<p class="note">이 페이지에는 메시지 본문이 없습니다.</p>'
    return (
        '<p class="warning" role="note"><strong>메시지 본문이 들어 있는 페이지입니다.</strong> '
        "이 컴퓨터에만 두고, 남에게 보내거나 저장소·게시판에 올리지 마세요. "
        "본문 없이 만들려면 <code>--worst 0</code>을 쓰세요.</p>"
    )


def _summary(evaluation: Evaluation) -> str:
    cards = [("정상", f"{evaluation.n_ham:,}건"), ("스팸", f"{evaluation.n_spam:,}건")]
    cards += [(f"탐지율 · 오탐 {_budget(p.budget)} 이내", f"{p.recall:.2%}") for p in evaluation.points]
    cards.append(("보정 오차 (ECE, 15칸)", f"{evaluation.expected_calibration_error:.4f}"))
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in cards)
    return f'<dl class="cards">{items}</dl>'


def _points(evaluation: Evaluation) -> str:
    if not evaluation.points:
        return "<p>스팸과 정상이 모두 있어야 탐지율을 잴 수 있습니다.</p>"
    rows = (
        (
            f"<td>{_budget(p.budget)}</td><td>{p.recall:.2%} {_interval(p.recall_interval)}</td>"
            f"<td>{p.fpr:.3%} {_interval(p.fpr_interval, 3)}</td><td>{p.threshold:.6g}</td>"
        )
        for p in evaluation.points
    )
    return _table(("오탐 예산", "탐지율", "실제 오탐률", "문턱값"), rows)


def _groups(title: str, groups: Sequence[GroupRow], cuts: Sequence[Cut]) -> str:
    parts = []
    for is_spam, heading in ((False, "정상: 잘못 걸러진 비율"), (True, "스팸: 찾아낸 비율")):
        chosen = sorted((g for g in groups if g.is_spam == is_spam), key=lambda g: _rank(g.name))
        if chosen:
            rows = (
                f"<td>{_name(g.name)}</td><td>{g.flagged[0].total:,}</td>"
                + "".join(f"<td>{_share(share, 2 if is_spam else 3)}</td>" for share in g.flagged)
                for g in chosen
            )
            parts.append(f"<h3>{heading}</h3>" + _table((title, "건수", *map(_cut_name, cuts)), rows))
    return "".join(parts)


def _confusion(table: Confusion | None) -> str:
    if table is None:
        return ""
    heads = "".join(f'<th class="up{_edge(c, table.predicted)}"><span>{_name(c)}</span></th>' for c in table.predicted)
    rows = []
    for i, known in enumerate(table.known):
        total = table.recall[i].total
        cells = "".join(
            f'<td class="{_cell_class(known, given)}{_edge(given, table.predicted)}" style="--p:{count / total:.3f}">'
            f"{f'{count:,}' if count else '<i>·</i>'}</td>"
            for given, count in zip(table.predicted, table.counts[i], strict=True)
        )
        first = (
            ' class="edge-top"' if i and not Category(known).is_spam and Category(table.known[i - 1]).is_spam else ""
        )
        rows.append(
            f"<tr{first}><th>{_name(known)}</th>{cells}<td>{total:,}</td>"
            f"<td>{table.recall[i].value:.1%}</td><td>{table.right_side[i].value:.1%}</td></tr>"
        )
    left_out = f" 종류를 모르는 {table.n_unknown:,}건은 뺐습니다." if table.n_unknown else ""
    return (
        "<section><h2>종류 혼동표</h2><p>행은 사람이 붙인 종류, 열은 모델이 고른 종류이고 칸은 건수입니다. "
        "‘맞힘’은 바로 그 종류로 고른 비율, ‘같은 편’은 적어도 스팸과 정상을 바르게 가른 비율이며, 검토할 메시지부터 "
        f"스팸 쪽 종류를 받습니다. 주황색 칸은 스팸과 정상이 뒤바뀐 것입니다.{left_out}</p>"
        f'<div class="wide"><table class="confusion"><thead><tr><th></th>{heads}<th>건수</th><th>맞힘</th>'
        f"<th>같은 편</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _cell_class(known: str, given: str) -> str:
    if known == given:
        return "heat same"
    return "heat" if Category(known).is_spam == Category(given).is_spam else "heat crossed"


def _edge(name: str, columns: Sequence[str]) -> str:
    """The first legitimate column is set off from the spam before it."""
    legitimate = [c for c in columns if not Category(c).is_spam]
    return " edge-left" if legitimate and legitimate[0] == name and columns[0] != name else ""


def _attacks(evaluation: Evaluation) -> str:
    if not evaluation.attacks:
        return ""
    clean = evaluation.attacks[0]
    budgets = [_budget(p.budget) for p in evaluation.points]
    head = ("수법", "바뀐 스팸", "바뀐 정상", *(f"탐지율 · {b}" for b in budgets))
    head += tuple(f"오탐 · {b}" for b in budgets)
    rows = (_attack(row, clean) for row in evaluation.attacks)
    n_spam, n_ham = clean.recall[0].total, clean.fpr[0].total
    return (
        f"<section><h2>변형 공격</h2><p>스팸 {n_spam:,}건과 정상 {n_ham:,}건을 같은 수법으로 바꿔 다시 쟀습니다. "
        "문턱값은 원문의 정상 메시지에서 정한 그대로입니다. 배수는 원문 오탐에 대한 것이고, 원문 오탐이 없으면 "
        "비웁니다. ‘바뀐’은 그 수법으로 한 글자라도 달라진 비율입니다. "
        f"<b class='bad'>굵은 값</b>은 탐지율이 원문보다 {RECALL_LOSS * 100:.0f} %p 넘게 낮거나 오탐이 "
        f"{FPR_RATIO:.0f}배를 넘은 것입니다.</p>{_table(head, rows, 'attacks')}</section>"
    )


def _attack(row: AttackRow, clean: AttackRow) -> str:
    recall = "".join(
        _marked(f"{r.value:.2%}", r.value < base.value - RECALL_LOSS)
        for r, base in zip(row.recall, clean.recall, strict=True)
    )
    fpr = "".join(
        _marked(
            f"{f.value:.3%}" + (f" <small>×{ratio:.1f}</small>" if ratio is not None and row is not clean else ""),
            ratio is not None and ratio > FPR_RATIO,
        )
        for f, ratio in zip(row.fpr, row.fpr_ratio, strict=True)
    )
    name = escape(_FAMILY_KO.get(row.family, row.family))
    return (
        f"<td>{name} <small>{escape(_ROLE_KO.get(row.role, row.role))}</small></td>"
        f"<td>{row.changed_spam:.0%}</td><td>{row.changed_ham:.0%}</td>{recall}{fpr}"
    )


def _marked(value: str, bad: bool) -> str:
    return f"<td><b class='bad'>{value}</b></td>" if bad else f"<td>{value}</td>"


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    parts = []
    for is_spam, heading in ((False, "스팸으로 보인 정상 메시지"), (True, "정상으로 보인 스팸")):
        chosen = [m for m in mistakes if m.is_spam == is_spam]
        if chosen:
            items = "".join(map(_mistake, chosen))
            parts.append(f"<h3>{heading} {len(chosen):,}건</h3><ol class='mistakes'>{items}</ol>")
    if not parts:
        return ""
    return (
        "<section><h2>가장 크게 틀린 메시지</h2><p>확률이 가장 어긋난 순서입니다. 끝쪽에는 바르게 판정된 것도 있을 수 "
        "있습니다. 본문은 변형을 되돌린 모습입니다.</p>" + "".join(parts) + "</section>"
    )


def _mistake(mistake: Mistake) -> str:
    place = f"{Path(mistake.place.path).name}:{mistake.place.line}"
    facts = [place, mistake.place.row_id, mistake.source, CATEGORY_KO[Category(mistake.kind)] if mistake.kind else ""]
    facts = [f"<span>{escape(_plain(fact))}</span>" for fact in facts if fact]
    wrong = mistake.is_spam != (mistake.label is Label.SPAM)
    text = mistake.text[:MAX_SHOWN]
    more = f" <small>… 외 {len(mistake.text) - MAX_SHOWN:,}자</small>" if len(mistake.text) > MAX_SHOWN else ""
    return (
        f"<li><p class='facts'><b>{mistake.probability:.4f}</b>"
        f"<span class='{'verdict wrong' if wrong else 'verdict'}'>{_LABEL_KO[mistake.label]} · "
        f"{CATEGORY_KO[mistake.category]}</span>{''.join(facts)}</p>"
        f"<div class='text'><bdi>{escape(_plain(text)) or '<i>빈 메시지</i>'}</bdi>{more}</div></li>"
    )


def _plain(text: str) -> str:
    """Without what turns the line round, hides or is no character: it would garble the page around it."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_strange(c) else c for c in text)


def _is_strange(char: str) -> bool:
    return char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")


def _name(name: str) -> str:
    kind = next((k for k in Category if k.value == name), None)
    return escape(CATEGORY_KO[kind] if kind is not None else _plain(name)) or "<i>모름</i>"


def _rank(name: str) -> tuple[int, str]:
    """Kinds in the order of `Category`, whatever else by name, the nameless last."""
    place = next((i for i, kind in enumerate(Category) if kind.value == name), len(Category) + (not name))
    return place, name


def _cut_name(cut: Cut) -> str:
    return "기본 정책" if cut.name == "policy" else f"오탐 {cut.name.removesuffix(' FPR')}"


def _budget(budget: float) -> str:
    return f"{budget * 100:g} %"


def _table(head: Sequence[str], rows: Iterable[str], name: str = "") -> str:
    cells = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide"><table class="{name}"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _share(share: Share, digits: int) -> str:
    return f"{share.value:.{digits}%} {_interval(share.interval, digits)}"


def _interval(interval: Interval, digits: int = 2) -> str:
    return f"<small>[{interval.low * 100:.{digits}f}, {interval.high * 100:.{digits}f}]</small>"
