"""The report's figures, on messages few enough to count by hand."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from training.corpus_report import diversity, main, read_groups, table


def write(path: Path, *rows: tuple[str, str]) -> None:
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    path.write_text("\n".join(lines), encoding="utf-8")


def test_figures() -> None:
    campaign = "오늘만 무료 체험 종목 받아 가세요 선착순 마감 임박 입장코드 "
    found = diversity(
        "a", [f"{campaign}11", f"{campaign}12", "주소 https://a.example.com", "☎ 010-0000-1234", "ㄷㅐㅊㅜㄹ"]
    )
    assert (found.n_messages, found.clusters_share) == (5, 0.8)
    assert (found.linked, found.phoned, found.obfuscated) == (0.2, 0.2, 0.2)
    assert found.lengths[2] == len("주소 https://a.example.com")


def test_repetition_lowers_the_distinct_ngrams() -> None:
    assert diversity("a", ["가나다라마바사" * 40]).ngrams == pytest.approx(1000 * 7 / 280)


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="at least one"):
        diversity("a", [])


def test_a_file_of_two_labels_is_two_groups(tmp_path: Path) -> None:
    write(tmp_path / "mixed.jsonl", ("가", "spam"), ("나", "ham"), ("다", "ham"))
    write(tmp_path / "chat.jsonl", ("라", "ham"))
    assert read_groups(tmp_path) == {"chat": ["라"], "mixed ham": ["나", "다"], "mixed spam": ["가"]}


def test_every_group_has_a_row() -> None:
    console = Console(record=True, width=160)
    console.print(table("corpus", [diversity("chat", ["안녕"]), diversity("loan", ["대출 상담"])]))
    text = console.export_text()
    assert "chat" in text
    assert "loan" in text


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["--corpus", str(tmp_path)])
    assert result.exit_code == 2
    assert "no message in" in result.output
