"""The report of an evaluation."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from spamfilter.errors import InputError
from spamfilter.learning.attacks import attack_rows
from spamfilter.learning.dataset import Place
from spamfilter.learning.evaluate import Evaluation, evaluate
from spamfilter.learning.page import _FAMILY_KO, MAX_SHOWN, Mistake
from spamfilter.learning.report import worst, write_report
from spamfilter.types import Category, Label

SECRET = "쌀보리쌀 비밀이야기"


class Balance(HTMLParser):
    """Finds what is left open, and what a page would fetch."""

    VOID = frozenset({"meta", "path", "use", "rect", "line", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.fetched += [
            v or "" for k, v in attrs if k in ("src", "href", "xlink:href") and not (v or "").startswith("#")
        ]
        if tag in ("script", "link", "img", "iframe"):
            self.wrong.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def measured(n_spam: int) -> tuple[Evaluation, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    is_spam = np.arange(200) < n_spam
    probability = np.clip(rng.normal(np.where(is_spam, 0.8, 0.2), 0.2), 0, 1).astype(np.float32)
    sources = ["<b>own</b>" if i % 2 else "채팅" for i in range(200)]
    kinds = ["" if i % 5 == 0 else "loan" if spam else "chat" for i, spam in enumerate(is_spam)]
    given = ["loan" if p > 0.9 else "job" if p > 0.5 else "chat" for p in probability]
    found = evaluate(probability, is_spam, sources=sources, kinds=kinds, spam_at=0.9, predicted=given)
    return found, probability, is_spam


def mistake(text: str, *, is_spam: bool = True, row_id: str = "m-12", label: Label = Label.HAM) -> Mistake:
    return Mistake(
        place=Place("/some/folder/rows.jsonl", 34, row_id),
        source="채팅",
        kind="loan" if is_spam else "",
        is_spam=is_spam,
        probability=0.0123,
        label=label,
        category=Category.CHAT,
        text=text,
    )


@pytest.mark.parametrize("n_spam", [80, 0, 200])
def test_one_page_that_needs_no_other_file(n_spam: int, tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(n_spam)
    page = write_report(tmp_path / "new" / "folder", evaluation, probability, is_spam, model={"version": "v<1>"})
    text = page.read_text("utf-8")
    found = Balance(text)
    assert (found.open, found.wrong, found.fetched) == ([], [], [])
    assert "@import" not in text
    assert "url(http" not in text
    assert text.count("<svg") == (4 if n_spam == 80 else 2)
    assert "&lt;b&gt;own&lt;/b&gt;" in text
    assert "<b>own" not in text
    assert "v&lt;1&gt;" in text
    assert ("오탐 예산" in text) == (n_spam == 80)
    assert ("정상: 잘못 걸러진 비율" in text) == (n_spam < 200)
    assert ("스팸: 찾아낸 비율" in text) == (n_spam > 0)
    figures = json.loads((page.parent / "evaluation.json").read_text("utf-8"))
    assert (figures["model"], figures["n_spam"]) == ("v<1>", n_spam)


def test_the_plots_follow_the_page_and_not_matplotlib(tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(80)
    text = write_report(tmp_path, evaluation, probability, is_spam, model={"version": "1"}).read_text("utf-8")
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.S))
    assert not re.findall(r"#0102\w\w|DejaVu", drawn)
    assert {"var(--spam)", "var(--ham)", "var(--muted)", "var(--font)"} <= set(re.findall(r"var\(--\w+\)", drawn))
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_same_figures_make_the_same_page(tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(80)
    pages = [write_report(tmp_path / d, evaluation, probability, is_spam, model={"version": "1"}) for d in "ab"]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_confusion_shows_every_count_and_what_was_left_out(tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(80)
    assert evaluation.confusion is not None
    text = write_report(tmp_path, evaluation, probability, is_spam, model={}).read_text("utf-8")
    table = text[text.index('class="confusion"') :]
    table = table[: table.index("</table>")]
    assert re.findall(r'class="(heat\w*[^"]*)"[^>]*>(?:<i>)?([\d,·]+)', table) == [
        (
            ("heat same" if known == given else "heat crossed" if "chat" in (known, given) else "heat")
            + (" edge-left" if given == "chat" else ""),
            str(count) if count else "·",
        )
        for known, row in zip(evaluation.confusion.known, evaluation.confusion.counts, strict=True)
        for given, count in zip(evaluation.confusion.predicted, row, strict=True)
    ]
    assert "종류를 모르는 40건은 뺐습니다" in text
    unknown = replace(evaluation, confusion=None)
    assert "혼동표" not in write_report(tmp_path, unknown, probability, is_spam, model={}).read_text("utf-8")


def test_attacks_stand_in_the_page_and_the_figures(tmp_path: Path) -> None:
    evaluation, probability, is_spam = measured(80)
    plain = write_report(tmp_path, evaluation, probability, is_spam, model={}).read_text("utf-8")
    assert "변형 공격" not in plain
    texts = ["무료 카지노 쿠폰 77" if spam else "점심 먹자 12" for spam in is_spam]

    def score(twisted: object) -> np.ndarray:
        found = [0.99 if "카지노" in text else 0.0 for text in twisted]  # type: ignore[attr-defined]
        return np.array(found, np.float32)

    attacked = replace(evaluation, attacks=attack_rows(score, texts, is_spam, evaluation.points))
    text = write_report(tmp_path, attacked, probability, is_spam, model={}).read_text("utf-8")
    assert Balance(text).wrong == []
    for row in attacked.attacks:
        assert f"<td>{_FAMILY_KO[row.family]}" in text
    marked = re.findall(r"<td><b class='bad'>([\d.]+)%", text)
    assert f"{attacked.attacks[-1].recall[0].value:.2%}".removesuffix("%") in marked
    assert "100.00" not in marked
    figures = json.loads((tmp_path / "evaluation.json").read_text("utf-8"))
    assert [row["family"] for row in figures["attacks"]] == [row.family for row in attacked.attacks]


class TestMessages:
    def page(self, folder: Path, *mistakes: Mistake) -> str:
        evaluation, probability, is_spam = measured(80)
        page = write_report(folder, evaluation, probability, is_spam, model={"version": "1"}, mistakes=mistakes)
        assert SECRET not in (folder / "evaluation.json").read_text("utf-8")
        return page.read_text("utf-8")

    def test_they_are_named_and_the_page_says_that_it_holds_them(self, tmp_path: Path) -> None:
        text = self.page(tmp_path, mistake(SECRET), mistake("점심", is_spam=False, label=Label.SPAM))
        for part in (SECRET, "rows.jsonl:34", "m-12", "채팅", "불법 대출", "0.0123", "정상 · 일상 대화"):
            assert part in text
        assert "메시지 본문이 들어 있는 페이지입니다" in text
        assert "이 페이지에는 메시지 본문이 없습니다" not in text
        assert "/some/folder" not in text
        assert text.count("verdict wrong") == 2
        assert text.index("스팸으로 보인 정상") < text.index("정상으로 보인 스팸")

    def test_without_them_the_page_says_so(self, tmp_path: Path) -> None:
        text = self.page(tmp_path)
        assert "이 페이지에는 메시지 본문이 없습니다" in text
        assert "가장 크게 틀린" not in text

    def test_a_message_cannot_change_the_page(self, tmp_path: Path) -> None:
        hostile = "</div><script>alert(1)</script>\u202e\x00\ud800\x1b[2J"
        text = self.page(tmp_path, mistake(hostile, row_id='"><img src=x>'))
        found = Balance(text)
        assert (found.open, found.wrong, found.fetched) == ([], [], [])
        assert not {"\u202e", "\x00", "\x1b"} & set(text)
        assert "&lt;/div&gt;&lt;script&gt;" in text

    def test_a_long_message_is_cut_and_an_empty_one_named(self, tmp_path: Path) -> None:
        text = self.page(tmp_path, mistake("가" * 1_000_000), mistake(""))
        assert text.count("가" * MAX_SHOWN) == 1
        assert f"외 {1_000_000 - MAX_SHOWN:,}자" in text
        assert "빈 메시지" in text
        assert len(text) < 300_000


def test_the_worst_are_those_furthest_from_their_label() -> None:
    probability = np.array([0.2, 0.9, 0.9, 0.1, 0.6, 0.3], np.float32)
    is_spam = np.array([False, False, True, True, False, True])
    assert worst(probability, is_spam, 2) == [1, 4, 3, 5]
    assert worst(probability, is_spam, 50) == [1, 4, 0, 3, 5, 2]
    assert worst(probability, is_spam, 0) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    evaluation, probability, is_spam = measured(80)
    with pytest.raises(InputError, match="taken"):
        write_report(tmp_path / "taken", evaluation, probability, is_spam, model={"version": "1"})
