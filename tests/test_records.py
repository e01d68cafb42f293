"""Reading and writing files of messages."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamfilter.errors import InputError, MissingExtraError, RowError
from spamfilter.records import Columns, Format, atomic_file, format_of, open_output, read_batches, reading, writing

CASES = json.loads((Path(__file__).parent / "cases" / "records.json").read_text("utf-8"))


def written(path: Path, content: str) -> str:
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    return str(path)


def read_all(
    path: str, format: Format | None = None, text_field: str = "text", batch_rows: int = 100
) -> SimpleNamespace:
    batches = list(read_batches(path, format=format, text_field=text_field, batch_rows=batch_rows))
    return SimpleNamespace(
        batches=batches,
        texts=[text for batch in batches for text in batch.texts],
        lines=[line for batch in batches for line in batch.lines],
        rows=[row for batch in batches for row in batch.to_rows()],
        errors=[error for batch in batches for error in batch.errors],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_rows_and_refused_rows(case: dict[str, Any], batch_rows: int, tmp_path: Path) -> None:
    path = tmp_path / "messages"
    path.write_bytes(case["given"]["content"].encode("utf-8", "surrogateescape"))
    found = read_all(str(path), format=case["given"]["format"], batch_rows=batch_rows)
    assert found.texts == case["expect"]["texts"]
    assert found.lines == case["expect"]["lines"]
    assert [(e.line, e.field) for e in found.errors] == [(line, field) for line, field, _ in case["expect"]["errors"]]
    for error, (_, _, part) in zip(found.errors, case["expect"]["errors"], strict=True):
        assert part in error.expected
        assert str(error).startswith(f"{path}:{error.line}")


def test_other_fields_are_kept(tmp_path: Path) -> None:
    lines = written(tmp_path / "a.jsonl", '{"id": 7, "본문": "넵", "tags": ["가", null]}\n')
    assert read_all(lines, text_field="본문").rows == [{"id": 7, "본문": "넵", "tags": ["가", None]}]
    table = written(tmp_path / "a.csv", "id,본문\n007,넵\n")
    assert read_all(table, text_field="본문").rows == [{"id": "007", "본문": "넵"}]


def test_batches_are_bounded_by_rows_and_by_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.txt", "가나다라마\n" * 10)
    assert [len(b.texts) for b in read_batches(path, batch_rows=4)] == [4, 4, 2]
    monkeypatch.setattr(reading, "BATCH_CHARACTERS", 14)
    batches = list(read_batches(path))
    assert [len(b.texts) for b in batches] == [3, 3, 3, 1]
    assert [b.fraction for b in batches] == pytest.approx([0.3, 0.6, 0.9, 1.0])


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINE_BYTES", 100)
    long = "x" * 1000
    found = read_all(written(tmp_path / "a.txt", f"앞\n{long}\n뒤\n"))
    assert (found.texts, [e.line for e in found.errors]) == (["앞", "뒤"], [2])
    found = read_all(written(tmp_path / "a.jsonl", f'{{"text": "앞"}}\n{{"text": "{long}"}}\n{{"text": "뒤"}}\n'))
    assert (found.texts, [e.line for e in found.errors]) == (["앞", "뒤"], [2])
    found = read_all(written(tmp_path / "a.csv", f"id,text\n1,앞\n2,{long}\n3,뒤\n"))
    assert (found.texts, [e.line for e in found.errors]) == (["앞", "뒤"], [3])
    found = read_all(written(tmp_path / "b.csv", 'id,text\n1,앞\n2,"' + "가\n" * 200 + "9,뒤\n"))
    assert (found.texts[0], found.texts[-1], found.errors[0].line) == ("앞", "뒤", 3)


def test_a_message_of_a_megabyte_is_read(tmp_path: Path) -> None:
    text = "가" * 350_000
    assert read_all(written(tmp_path / "a.csv", f"text\n{text}\n")).texts == [text]


def test_deep_json_is_a_refused_row(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    digits = "9" * 5000
    content = f'{{"text": "가", "x": {deep}}}\n{{"text": "나", "x": {digits}}}\n{{"text": "다"}}\n'
    found = read_all(written(tmp_path / "a.jsonl", content))
    assert (found.texts, [e.line for e in found.errors]) == (["다"], [1, 2])


@given(st.binary(max_size=300), st.sampled_from(["text", "jsonl", "csv", "tsv"]))
def test_any_bytes_are_read_or_refused(content: bytes, format: Format) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        with contextlib.suppress(InputError):
            batches = list(read_batches("-", format=format, batch_rows=3))
            assert all(isinstance(text, str) for batch in batches for text in batch.texts)
            assert all(len(b.texts) == len(b.lines) == len(b.to_rows()) for b in batches)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=8))
def test_csv_gives_back_what_was_written(texts: list[str]) -> None:
    sink = io.StringIO()
    csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([["text"], *[[text] for text in texts]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(sink.getvalue().encode())))
        assert read_all("-", format="csv").texts == texts


class TestWholeFileErrors:
    def test_no_such_column_lists_those_found(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.csv", "id;text\n1;가\n")
        with pytest.raises(InputError, match=r"a\.csv: no column 'text'; found 'id;text'$"):
            read_all(path)

    def test_a_message_in_the_place_of_the_header_is_not_repeated(self, tmp_path: Path) -> None:
        secret = "오늘 저녁 일곱 시에 정문 앞에서 다 같이 만나기로 한 거 맞지"
        with pytest.raises(InputError) as caught:
            read_all(written(tmp_path / "a.csv", f"{secret},1\n"))
        assert "정문" not in str(caught.value)
        assert f"{len(secret)} characters" in str(caught.value)

    def test_utf16_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_bytes("안녕\n".encode("utf-16"))
        with pytest.raises(InputError, match="UTF-16"):
            read_all(str(path))

    def test_a_header_that_is_not_utf8_names_the_way_out(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes("text,번호\n안녕,1\n".encode("cp949"))
        with pytest.raises(RowError, match="iconv -f CP949"):
            read_all(str(path))

    def test_two_columns_of_one_name(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="same name"):
            read_all(written(tmp_path / "a.csv", "text,text\n가,나\n"))

    @pytest.mark.parametrize("path", ["no-such-file.txt", ".", "a\0b.txt"])
    def test_files_that_cannot_be_opened(self, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match="cannot be read"):
            read_all(path, format="text")

    def test_the_suffix_must_tell_or_be_told(self) -> None:
        with pytest.raises(InputError, match=r"'\.dat' tells no format"):
            format_of("inbox.dat")
        assert format_of("inbox.dat", "csv") == "csv"
        assert format_of("INBOX.JSONL") == "jsonl"


def parquet(path: Path, columns: dict[str, pa.Array]) -> str:
    pq.write_table(pa.table(columns), path)
    return str(path)


class TestParquet:
    def test_rows_are_numbered_and_null_is_refused(self, tmp_path: Path) -> None:
        path = parquet(tmp_path / "a.parquet", {"text": pa.array(["가", None, "다"]), "id": pa.array([1, 2, 3])})
        found = read_all(path, batch_rows=2)
        assert (found.texts, found.lines) == (["가", "다"], [1, 3])
        assert [(e.line, e.field) for e in found.errors] == [(2, "text")]
        assert found.rows == [{"text": "가", "id": 1}, {"text": "다", "id": 3}]
        assert found.batches[-1].fraction == 1.0

    @pytest.mark.parametrize(
        "column",
        [
            pa.array(["가", "나"], pa.large_string()),
            pa.array(["가", "나"]).dictionary_encode(),
            pa.array(["가".encode(), "나".encode()]),
        ],
        ids=["large_string", "dictionary", "binary"],
    )
    def test_every_column_of_text(self, column: pa.Array, tmp_path: Path) -> None:
        assert read_all(parquet(tmp_path / "a.parquet", {"text": column})).texts == ["가", "나"]

    @pytest.mark.parametrize("declared", [pa.string(), pa.binary()])
    def test_bytes_that_are_not_utf8_refuse_their_row(self, declared: pa.DataType, tmp_path: Path) -> None:
        raw = pa.array([b"ok", b"\xff\xfe", "가".encode()])
        column = pa.Array.from_buffers(declared, 3, raw.buffers())
        found = read_all(parquet(tmp_path / "a.parquet", {"text": column, "other": column}))
        assert (found.texts, [e.line for e in found.errors]) == (["ok", "가"], [2])

    def test_what_is_no_text_is_refused_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="column 'text' holds int64"):
            read_all(parquet(tmp_path / "a.parquet", {"text": pa.array([1])}))
        with pytest.raises(InputError, match="no column 'text'; found 'body'"):
            read_all(parquet(tmp_path / "b.parquet", {"body": pa.array(["가"])}))

    def test_a_foreign_or_damaged_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="not a Parquet file"):
            read_all(written(tmp_path / "a.parquet", "text\n가\n"))
        whole = Path(parquet(tmp_path / "b.parquet", {"text": pa.array(["가나다"] * 1000)})).read_bytes()
        (tmp_path / "c.parquet").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(InputError, match="not a Parquet file, or a damaged one"):
            read_all(str(tmp_path / "c.parquet"))

    def test_large_messages_make_small_batches(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = parquet(tmp_path / "a.parquet", {"text": pa.array([f"{i}" * 1000 for i in range(10, 60)])})
        monkeypatch.setattr(reading, "BATCH_CHARACTERS", 10_000)
        assert max(len(b.texts) for b in read_batches(path)) < 20

    def test_standard_input_is_refused(self) -> None:
        with pytest.raises(InputError, match="standard input"):
            read_all("-", format="parquet")

    def test_a_missing_package_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = parquet(tmp_path / "a.parquet", {"text": pa.array(["가"])})
        monkeypatch.setattr("spamfilter.records.batch.find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=r"spamfilter\[parquet\]"):
            read_all(path)


def added(n: int) -> Columns:
    return {"probability": np.linspace(0, 1, n, dtype=np.float32), "label": ["ham"] * n}


def score_file(source: str, target: Path, batch_rows: int = 2) -> None:
    with open_output(str(target)) as output:
        for batch in read_batches(source, batch_rows=batch_rows):
            output.write(batch, added(len(batch.texts)))


class TestOutput:
    def test_json_lines_keep_fields_and_put_aside_those_in_the_way(self, tmp_path: Path) -> None:
        source = written(tmp_path / "a.jsonl", '{"text": "가", "label": "spam", "input_label": 1}\n{"text": "나"}\n')
        score_file(source, tmp_path / "out.jsonl")
        lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
        assert json.loads(lines[0]) == {
            "text": "가", "input_input_label": "spam", "input_label": 1, "probability": 0.0, "label": "ham",
        }  # fmt: skip
        assert lines[1] == '{"text": "나", "probability": 1.0, "label": "ham"}'

    def test_json_lines_of_hostile_values(self, tmp_path: Path) -> None:
        source = written(tmp_path / "a.jsonl", '{"text": "\\ud800\\n", "x": 1e999, "y": [1e999, {"z": -1e999}]}\n')
        score_file(source, tmp_path / "out.jsonl")
        (line,) = (tmp_path / "out.jsonl").read_bytes().splitlines()
        row = json.loads(line)
        assert (row["text"], row["x"], row["y"]) == ("\ud800\n", None, [None, {"z": None}])

    def test_parquet_to_parquet_keeps_types(self, tmp_path: Path) -> None:
        table = {
            "text": pa.array(["가", None, "다"]).dictionary_encode(),
            "at": pa.array([datetime(2026, 1, 2, tzinfo=UTC)] * 3, pa.timestamp("ms", "UTC")),
            "tags": pa.array([["a"], [], None]),
            "label": pa.array([1, 0, 1], pa.int8()),
        }
        score_file(parquet(tmp_path / "a.parquet", table), tmp_path / "out.parquet")
        out = pq.read_table(tmp_path / "out.parquet")
        assert out.column_names == ["text", "at", "tags", "input_label", "probability", "label"]
        assert out.schema.field("at").type == pa.timestamp("ms", "UTC")
        assert out.schema.field("input_label").type == pa.int8()
        assert out.schema.field("probability").type == pa.float32()
        assert out.column("text").to_pylist() == ["가", "다"]
        assert out.column("tags").to_pylist() == [["a"], None]

    def test_parquet_to_json_lines(self, tmp_path: Path) -> None:
        table = {
            "text": pa.array(["가"]),
            "at": pa.array([datetime(2026, 1, 2, tzinfo=UTC)]),
            "raw": pa.array([b"\xff"]),
            "odd": pa.array([float("nan")]),
        }
        score_file(parquet(tmp_path / "a.parquet", table), tmp_path / "out.jsonl")
        (row,) = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
        assert row["at"].startswith("2026-01-02T00:00")
        assert (row["raw"], row["odd"]) == ("/w==", None)

    def test_json_lines_to_parquet_finds_types_that_only_the_last_row_tells(self, tmp_path: Path) -> None:
        rows = [
            {"text": "가", "n": 1, "x": 1, "b": True, "mixed": 1, "none": None, "big": 1},
            {"text": "나\ud800", "n": None, "x": 0.5, "b": False, "mixed": "둘", "nested": {"a": [1]}, "big": 2**70},
            {"text": "다", "late": "늦"},
        ]
        source = written(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        score_file(source, tmp_path / "out.parquet", batch_rows=1)
        out = pq.read_table(tmp_path / "out.parquet").to_pydict()
        assert out["text"] == ["가", "나?", "다"]
        assert (out["n"], out["x"], out["b"]) == ([1, None, None], [1.0, 0.5, None], [True, False, None])
        assert out["mixed"] == ["1", "둘", None]
        assert out["nested"] == [None, '{"a": [1]}', None]
        assert out["late"] == [None, None, "늦"]
        assert out["big"] == ["1", str(2**70), None]
        assert out["none"] == [None, None, None]

    def test_csv_to_parquet_and_an_empty_file(self, tmp_path: Path) -> None:
        score_file(written(tmp_path / "a.csv", "id,text\n007,가\n"), tmp_path / "a.parquet")
        assert pq.read_table(tmp_path / "a.parquet").to_pylist() == [
            {"id": "007", "text": "가", "probability": 0.0, "label": "ham"}
        ]
        score_file(written(tmp_path / "b.txt", ""), tmp_path / "b.parquet")
        assert pq.read_schema(tmp_path / "b.parquet").names == ["probability", "label"]

    def test_a_field_of_its_own_in_every_row_is_refused(self, tmp_path: Path) -> None:
        rows = "".join(json.dumps({"text": "가", f"k{i}": 1}) + "\n" for i in range(1001))
        with pytest.raises(InputError, match="1000 columns"):
            score_file(written(tmp_path / "a.jsonl", rows), tmp_path / "out.parquet")
        assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]

    @pytest.mark.parametrize("name", ["out.csv", "out", "no-such-folder/out.jsonl"])
    def test_where_nothing_can_be_written(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(InputError), open_output(str(tmp_path / name)):
            pytest.fail("opened")
        assert list(tmp_path.iterdir()) == []

    def test_a_device_is_written_as_it_is(self) -> None:
        with atomic_file(Path(os.devnull)) as stream:
            stream.write(b"x")
        assert not Path(os.devnull).is_file()


@pytest.fixture(params=["nameless", "named"])
def kind_of_temporary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to hide an unfinished file: the one of Linux and the one of everywhere else."""
    if request.param == "nameless" and not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no files without a name")
    if request.param == "named":
        monkeypatch.setattr(writing, "_O_TMPFILE", None)
    return str(request.param)


class TestAtomicFile:
    def test_the_name_appears_at_the_end_and_replaces_what_was_there(
        self, kind_of_temporary: str, tmp_path: Path
    ) -> None:
        target = tmp_path / "결과.jsonl"
        target.write_bytes(b"old")
        with atomic_file(target) as stream:
            stream.write(b"new")
            stream.flush()
            assert target.read_bytes() == b"old"
        assert target.read_bytes() == b"new"
        assert list(tmp_path.iterdir()) == [target]

    def test_a_failure_leaves_nothing(self, kind_of_temporary: str, tmp_path: Path) -> None:
        target = tmp_path / "out.jsonl"

        def interrupted() -> None:
            with atomic_file(target) as stream:
                stream.write(b"half")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert list(tmp_path.iterdir()) == []

    def test_a_half_written_parquet_leaves_nothing(
        self, kind_of_temporary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("spamfilter.records.parquet._ROW_GROUP_ROWS", 1)
        source = parquet(tmp_path / "a.parquet", {"text": pa.array(["가"] * 10)})

        def interrupted() -> None:
            with open_output(str(tmp_path / "out.parquet")) as output:
                output.write(next(read_batches(source, batch_rows=4)), added(4))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]

    def test_others_may_read_the_file_as_the_umask_says(self, kind_of_temporary: str, tmp_path: Path) -> None:
        mask = os.umask(0o022)
        try:
            with atomic_file(tmp_path / "out.jsonl"):
                pass
        finally:
            os.umask(mask)
        assert (tmp_path / "out.jsonl").stat().st_mode & 0o777 == 0o644

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link.jsonl").symlink_to(tmp_path / "real.jsonl")
        with atomic_file(tmp_path / "link.jsonl") as stream:
            stream.write(b"x")
        assert (tmp_path / "link.jsonl").is_symlink()
        assert (tmp_path / "real.jsonl").read_bytes() == b"x"

    @pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name")
    def test_a_killed_process_leaves_nothing(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from spamfilter.records import atomic_file\n"
            "with atomic_file(Path(sys.argv[1])) as stream:\n"
            "    stream.write(b'half'); stream.flush(); print('written', flush=True); sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "out.jsonl")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"written\n"
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        assert list(tmp_path.iterdir()) == []
