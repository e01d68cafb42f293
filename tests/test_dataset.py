"""Labelled messages from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spamfilter.errors import InputError
from spamfilter.learning.dataset import LabelledMessage, Place, read_labelled
from spamfilter.types import Category

CASES = json.loads((Path(__file__).parent / "cases" / "dataset.json").read_text("utf-8"))


def json_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["label"]))
def test_fields(case: dict[str, Any], tmp_path: Path) -> None:
    path = json_lines(tmp_path / "rows.jsonl", [{"text": "앞", "label": "ham"}, case["given"]])
    expect = case["expect"]
    if "fault" in expect:
        found = read_labelled([path], on_error="skip")
        assert (len(found), found.n_refused) == (1, 1)
        (error,) = found.errors
        assert (error.path, error.line, error.field) == (str(path), 2, expect["fault"])
        assert expect["part"] in error.expected
        return
    message = read_labelled([path]).messages[1]
    kind = Category(expect["kind"]) if expect["kind"] else None
    assert message == LabelledMessage(
        case["given"]["text"], expect["is_spam"], kind, expect["source"], expect["weight"], expect["cluster"]
    )


def test_places_lead_back_to_the_rows(tmp_path: Path) -> None:
    rows = [
        {"text": "가", "label": "ham", "id": "m-1"},
        {"text": "나", "label": "?"},
        {"text": "다", "label": "spam", "id": 7},
        {"text": "라", "label": "spam", "id": ["x"]},
        {"text": "마", "label": "ham", "id": "긴" * 5000},
    ]
    path = json_lines(tmp_path / "rows.jsonl", rows)
    found = read_labelled([path], on_error="skip")
    assert found.places == (
        Place(str(path), 1, "m-1"),
        Place(str(path), 3, "7"),
        Place(str(path), 4),
        Place(str(path), 5, "긴" * 64),
    )


def test_csv_tsv_and_parquet_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("label,text,kind\nspam,가,loan\n0,나,\n", "utf-8")
    (tmp_path / "rows.tsv").write_text("label\ttext\tkind\nspam\t가\tloan\n0\t나\t\n", "utf-8")
    table = {"label": pa.array([True, False]), "text": pa.array(["가", "나"]), "kind": pa.array(["loan", None])}
    pq.write_table(pa.table(table), tmp_path / "rows.parquet")
    (tmp_path / "bom").mkdir()
    (tmp_path / "bom" / "rows.csv").write_text("\ufefftext,label,kind\r\n가,spam,loan\r\n나,ham,\r\n", "utf-8")
    expected = (
        LabelledMessage("가", True, Category.LOAN, "rows"),
        LabelledMessage("나", False, None, "rows"),
    )
    for name in ("rows.csv", "rows.tsv", "rows.parquet", "bom/rows.csv"):
        assert read_labelled([tmp_path / name]).messages == expected


def test_every_fault_of_every_file_is_collected_before_refusing(tmp_path: Path) -> None:
    first = json_lines(tmp_path / "a.jsonl", [{"text": "가", "label": "no"}] * 15 + [{"text": "나", "label": "ham"}])
    second = tmp_path / "b.jsonl"
    second.write_bytes(b'{"text": 1, "label": "ham"}\n\xff\n' + b'{"text": "x", "label": "y"}\n' * 8)
    with pytest.raises(InputError) as caught:
        read_labelled([first, second])
    lines = str(caught.value).splitlines()
    assert lines[0] == "25 rows refused:"
    assert lines[1].startswith(f"{first}:1: field 'label'")
    assert lines[16].startswith(f"{second}:1: field 'text'")
    assert lines[17].startswith(f"{second}:2: UTF-8")
    assert (len(lines), lines[-1]) == (22, "... and 5 more")
    assert len(read_labelled([first, second], on_error="skip")) == 1


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_missing_column_is_one_error_that_lists_the_others(name: str, tmp_path: Path) -> None:
    if name == "a.csv":
        (tmp_path / name).write_text("text,class\n가,1\n나,0\n", "utf-8")
    else:
        pq.write_table(pa.table({"text": pa.array(["가"]), "class": pa.array([1])}), tmp_path / name)
    with pytest.raises(InputError, match=r"no column 'label'; found 'text', 'class'$"):
        read_labelled([tmp_path / name])


def test_kinds_of_ones_own_are_taken_for_none_on_demand(tmp_path: Path) -> None:
    rows = [{"text": "가", "label": "ham", "kind": kind} for kind in ("club", "loan", "chat")]
    found = read_labelled([json_lines(tmp_path / "a.jsonl", rows)], any_kind=True)
    assert [message.kind for message in found.messages] == [None, None, Category.CHAT]


def test_a_source_can_be_given_for_all(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "a.jsonl", [{"text": "가", "label": "ham", "source": "b"}])
    assert read_labelled([path]).messages[0].source == "b"
    assert read_labelled([path], source="corpus").messages[0].source == "corpus"


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("text,label\n", "utf-8")
    with pytest.raises(InputError, match="no labelled message"):
        read_labelled([tmp_path / "empty.csv"])
    with pytest.raises(InputError, match="no file"):
        read_labelled([])
    (tmp_path / "a.txt").write_text("가\n", "utf-8")
    with pytest.raises(InputError, match="have no labels"):
        read_labelled([tmp_path / "a.txt"])
    with pytest.raises(InputError, match="put it in a list"):
        read_labelled(str(tmp_path / "a.txt"))


def test_a_message_of_two_minds_is_refused() -> None:
    with pytest.raises(ValueError, match="'loan' is spam"):
        LabelledMessage("가", False, Category.LOAN)
    with pytest.raises(ValueError, match="weight"):
        LabelledMessage("가", False, weight=float("inf"))
