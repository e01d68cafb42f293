"""Mending of texts, and each raw format on samples of it, through the columns that the shipped sources.toml gives."""

import csv
import doctest
import json
import random
import re
from pathlib import Path

import pytest

from spamfilter.errors import RowError
from spamfilter.learning.dataset import LabelledMessage
from spamfilter.types import Category
from training import mending, slots
from training.converters import convert_prepared, convert_raw
from training.sources import Source, load_sources

HERE = Path(__file__).parent
SAMPLES = HERE / "samples" / "raw"
MENDING = json.loads((HERE / "cases" / "mending.json").read_text("utf-8"))
BROKEN = json.loads((HERE / "cases" / "converters.json").read_text("utf-8"))


def source_named(name: str) -> Source:
    return next(source for source in load_sources().sources if source.name == name)


def converted(name: str) -> list[LabelledMessage]:
    """The samples of a source, through the columns that the shipped sources.toml gives."""
    source = source_named(name)
    rows = [
        row
        for file in source.files
        for row in convert_raw((SAMPLES / file.name).read_bytes(), file.name, source, file, seed=0)
    ]
    assert not [row for row in rows if isinstance(row, RowError)]
    return [row for row in rows if isinstance(row, LabelledMessage)]


@pytest.mark.parametrize("case", MENDING, ids=lambda case: case["label"])
def test_mending(case: dict[str, str]) -> None:
    mended = mending.mend(case["given"], [case["mend"]], seed=1)
    assert re.fullmatch(case["expect"], mended, re.DOTALL)
    if case["origin"] == "negative":
        assert mended == case["given"]


def test_mending_depends_on_the_seed_and_the_text_alone() -> None:
    names = ["masked-digits", "mobile-numbers"]
    text = "010-****-1234 로 문자 줘"
    assert mending.mend(text, names, seed=1) == mending.mend(text, names, seed=1) != mending.mend(text, names, seed=2)


@pytest.mark.parametrize("name", mending.MENDS)
@pytest.mark.parametrize(
    "text",
    ["", "\0*1", "\ud800 01000001234 #{이름}", *(piece * 200_000 for piece in ("*1", "[[", "#{", "1-", "[web "))],
    ids=["empty", "nul", "surrogate", "stars", "brackets", "slots", "groups", "marks"],
)
def test_mending_is_total(name: str, text: str) -> None:
    assert isinstance(mending.MENDS[name](text, random.Random(0)), str)


@pytest.mark.parametrize("module", [mending, slots], ids=lambda module: module.__name__)
def test_the_examples_of_the_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_reports_come_without_marks_masks_and_private_numbers() -> None:
    first, second, _, third = converted("telco_spam")
    assert re.fullmatch(r"엄마 나 폰 고장나서 그래\n010-[2-9]\d{3}-\d{4} 로 문자 줘", first.text)
    assert re.fullmatch(r"카\.지\.노 첫충 30% ⓑⓑ52\.example 코드 7\d7", second.text)
    assert "01000005678" not in third.text
    assert third.text.startswith("(광고) 대★출 상담 010")
    assert {(m.is_spam, m.kind, m.source) for m in (first, second, third)} == {(True, None, "telco_spam")}


def test_another_class_of_the_same_file_is_another_source() -> None:
    (only,) = converted("delivery")
    assert re.search(r"등기번호 57\d{4}123", only.text)
    assert (only.is_spam, only.kind, only.weight) == (False, Category.NOTICE, 0.25)


def test_keywords_become_kinds() -> None:
    messages = converted("kisa_smishing")
    assert [(m.kind and m.kind.value, m.text[:4]) for m in messages] == [
        ("phishing-account", "메신저 "),
        ("phishing-agency", "{교통민"),
        ("phishing-invitation", "부고 알"),
        ("phishing-parcel", "주소 오"),
        (None, "결제 5"),
    ]
    assert re.fullmatch(r"결제 590\d00원 완료 문의 070-0000-0000", messages[4].text)


def test_the_sender_stands_in_one_bracket() -> None:
    assert [m.text for m in converted("disaster")] == [
        "[가나시청]오늘 10시 한파경보, 외출을 자제 바랍니다.",
        "[다라군청] 도로가 통제 중이니 우회 바랍니다.",
    ]


def test_slots_are_filled_in_json_and_typescript() -> None:
    texts = [m.text for m in converted("alimtalk")]
    assert len(texts) == 4
    assert not [text for text in texts if "#{" in text]
    assert re.fullmatch(r"안녕하세요 [가-힣]{3}님, 예약이 .*\d.*에 확정되었습니다\.", texts[0])
    assert re.fullmatch(r"결제 금액은 [\d,]+원입니다\.\n이용해 주셔서 감사합니다\.", texts[1])
    assert re.fullmatch(r'주간 성과를 "확인"하세요\.\n\n조회 수 : \d+건\n순위 : \d+위', texts[2])


def test_chat_takes_both_columns_and_tables_of_tabs_take_no_quotes() -> None:
    assert [m.text for m in converted("chatbot")][2:] == ["비가 오네, 우산도 없는데", "잠깐 쉬었다 가요."]
    assert converted("kda_chat")[0].text == "오늘 급식 맛있더라"
    assert converted("commands_3i4k")[3].text == "창문\t좀 닫아 줘"
    assert [m.text for m in converted("reviews")] == [
        '끝까지 "긴장"하고 봤다',
        "별 *다섯* 개 준다 010-0000-1234",
        "두 번은 못 보겠다",
    ]
    assert [(m.is_spam, m.kind) for m in converted("uci_sms")] == [(False, Category.CHAT), (True, Category.OTHER)]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["label"])
def test_faults_name_file_line_and_field_but_never_the_text(case: dict[str, object]) -> None:
    given = case["given"]
    assert isinstance(given, dict)
    source = source_named(given["source"])
    data = (given["text"] * given.get("repeat", 1)).encode("utf-8", "surrogatepass")
    try:
        if given.get("prepared"):
            rows = list(convert_prepared(data, "some/file", source))
        else:
            rows = list(convert_raw(data, "some/file", source, source.files[given.get("file", 0)], seed=0))
    except RowError as error:
        rows = [error]
    faults = [str(row) for row in rows if isinstance(row, RowError)]
    if case["expect"] is None:
        assert not faults
        assert rows
    else:
        assert [fault.startswith(f"some/file{case['expect']}") for fault in faults][:1] == [True]
        assert "비밀" not in " ".join(faults)


@pytest.mark.parametrize("name", ["chatbot", "reviews", "alimtalk", "prepared"])
def test_bytes_that_are_no_utf8_are_named_by_their_line(name: str) -> None:
    source = source_named("chatbot" if name == "prepared" else name)
    data = "\ufeff첫 줄\n둘째 줄\n".encode() + b"\xb0\xa1\n"
    prepared = name == "prepared"
    rows = convert_prepared(data, "f", source) if prepared else convert_raw(data, "f", source, source.files[0], seed=0)
    with pytest.raises(RowError, match=r"^f:3: not UTF-8$"):
        list(rows)


def test_a_quote_that_nobody_closes_does_not_swallow_the_file() -> None:
    source = source_named("chatbot")
    data = ('Q,A,label\n하나,둘,0\n"셋' + "\n넷,다섯,0" * 50_000).encode()
    csv.field_size_limit(131_072)  # process-wide, and the record readers raise it
    with pytest.raises(RowError, match=r"^f:3: not CSV: field larger than field limit"):
        list(convert_raw(data, "f", source, source.files[0], seed=0))
