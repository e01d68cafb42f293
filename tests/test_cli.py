"""The command line: in process where the result counts, as a real process where the exit, a pipe or a signal does."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from spamfilter import SpamFilter
from spamfilter.cli import app
from spamfilter.learning.dataset import LabelledMessage

MESSAGES = [
    "오늘 저녁에 시간 되면 밥 먹자",
    "카★지★노 첫충 30% ㅋㅏ톡 bb77 bb77.example",
    "",
    "고객님 대ㆍ출 한도 5천만원 승인, 상담 010-0000-0000",
    "\x1b[2J화면 지우기\x07 무\u200b료",
]
MARKER = "쌀보리쌀비밀이야기"
"""Stands in messages that are refused; must stand in no error."""


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner(env={"SPAMFILTER_MODEL": ""}).invoke(app, [str(a) for a in arguments], input=stdin)


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
    """The real thing, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "spamfilter", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
    )


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox.jsonl"
    rows = [{"id": i, "text": text, "label": "mine"} for i, text in enumerate(MESSAGES)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


class TestScore:
    def test_the_same_numbers_as_the_library(self, inbox: Path, spam: SpamFilter) -> None:
        result = run("score", inbox)
        assert result.exit_code == 0
        rows = lines(result.stdout)
        decisions = spam.decide(MESSAGES)
        assert [row["probability"] for row in rows] == decisions.probability.tolist()
        assert [row["label"] for row in rows] == [decisions.label(i) for i in range(len(MESSAGES))]
        assert [row["category"] for row in rows] == [decisions.category(i) for i in range(len(MESSAGES))]
        assert [row["stage"] for row in rows] == [decisions.stage(i) for i in range(len(MESSAGES))]
        assert {row["model"] for row in rows} == {spam.info.version}

    def test_fields_of_the_input_stay(self, inbox: Path) -> None:
        rows = lines(run("score", inbox, "--no-kiwi").stdout)
        assert [(row["id"], row["text"], row["input_label"]) for row in rows] == [
            (i, text, "mine") for i, text in enumerate(MESSAGES)
        ]

    def test_whole_verdicts_are_those_of_the_library(self, inbox: Path, spam: SpamFilter) -> None:
        rows = lines(run("score", inbox, "--full").stdout)
        for row, verdict in zip(rows, spam.classify(MESSAGES), strict=True):
            assert {name: row[name] for name in verdict.to_dict()} == verdict.to_dict()

    def test_standard_input_is_text_unless_named(self) -> None:
        assert [row["text"] for row in lines(run("score", "--no-kiwi", stdin="가\n나".encode()).stdout)] == ["가", "나"]
        result = run("score", "-", "--format", "csv", "--text-field", "본문", "--no-kiwi", stdin="본문\n가\n".encode())
        assert [row["본문"] for row in lines(result.stdout)] == ["가"]

    def test_parquet_in_and_out(self, tmp_path: Path, spam: SpamFilter) -> None:
        texts = [text for text in MESSAGES if "\x1b" not in text] * 3
        pq.write_table(pa.table({"text": texts, "n": pa.array(range(len(texts)), pa.int16())}), tmp_path / "a.parquet")
        result = run("score", tmp_path / "a.parquet", "-o", tmp_path / "b.parquet")
        assert (result.exit_code, result.stdout) == (0, "")
        table = pq.read_table(tmp_path / "b.parquet")
        assert table.column_names == ["text", "n", "label", "probability", "category", "stage", "model"]
        assert table.schema.field("n").type == pa.int16()
        assert table.column("probability").to_pylist() == spam.score(texts).tolist()

    def test_rows_at_fault_do_not_lose_the_others(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_bytes(f'{{"text": "가"}}\n{{"text": "{MARKER}"\n{{"body": "{MARKER}"}}\n'.encode() + b"\xff\n")
        result = run("score", path, "-o", tmp_path / "out.jsonl", "--no-kiwi")
        assert result.exit_code == 1
        assert len(lines((tmp_path / "out.jsonl").read_text("utf-8"))) == 1
        for line in (2, 3, 4):
            assert f"a.jsonl:{line}:" in result.stderr
        assert "읽지 못한 행 3개" in result.stderr
        assert MARKER not in result.stderr

    def test_for_machines_the_standard_error_is_json_too(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text('{"text": "가"}\n{"text": 1}\n', "utf-8")
        result = run("score", path, "--json", "--no-kiwi")
        refused, summary = lines(result.stderr)
        assert refused == {
            "refused": {"path": str(path), "line": 2, "field": "text", "expected": "a string expected, got a number"}
        }
        assert isinstance(summary["summary"], dict)
        assert (summary["summary"]["scored"], summary["summary"]["refused"]) == (1, 1)
        assert summary["summary"]["labels"]["ham"] == 1

    def test_many_rows_at_fault_are_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text('{"text": "가"}\n' + "{}\n" * 50, "utf-8")
        result = run("score", path, "--no-kiwi")
        assert result.stderr.count("a.jsonl:") == 20
        assert "읽지 못한 행 50개" in result.stderr

    @pytest.mark.parametrize(
        ("name", "content", "part"),
        [
            ("a.csv", f"id,body\n1,{MARKER}\n", "no column 'text'; found 'id', 'body'"),
            ("a.csv", f"{MARKER * 3},1\n", "no column 'text'; found (a name of 27 characters)"),
            ("a.jsonl", f'{{"body": "{MARKER}"}}\n', "none of its 1 rows could be read"),
            ("a.parquet", MARKER, "not a Parquet file"),
            ("a.dat", MARKER, "tells no format"),
        ],
    )
    def test_a_file_that_cannot_be_used(self, name: str, content: str, part: str, tmp_path: Path) -> None:
        (tmp_path / name).write_text(content, "utf-8")
        result = run("score", tmp_path / name, "-o", tmp_path / "out.jsonl", "--no-kiwi")
        assert result.exit_code == 2
        assert part in result.stderr
        assert MARKER not in result.stderr
        assert result.stdout == ""
        assert [p.name for p in tmp_path.iterdir()] == [name]

    def test_wrong_usage(self, inbox: Path, tmp_path: Path) -> None:
        assert run("score", tmp_path / "none.txt").exit_code == 2
        assert run("score", inbox, "--no-such-option").exit_code == 2
        assert run("score", inbox, "--format", "xml").exit_code == 2
        assert run("score", inbox, "-o", tmp_path / "out.csv", "--no-kiwi").exit_code == 2
        assert run("score", inbox, "-o", tmp_path / "no" / "out.jsonl", "--no-kiwi").exit_code == 2
        assert [p.name for p in tmp_path.iterdir()] == ["inbox.jsonl"]


class TestModels:
    @pytest.mark.parametrize("command", ["score", "explain", "evaluate", "model show"])
    def test_a_missing_model_is_refused_by_every_command(self, command: str, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("text,label\n가,ham\n", "utf-8")
        missing = str(tmp_path / "no-model")
        arguments = {
            "score": ["score", str(tmp_path / "a.csv"), "--model", missing],
            "explain": ["explain", "가", "--model", missing],
            "evaluate": ["evaluate", str(tmp_path / "a.csv"), "--model", missing],
            "model show": ["model", "show", missing],
        }
        result = run(*arguments[command])
        assert (result.exit_code, result.stdout) == (4, "")
        assert "no model folder" in result.stderr

    def test_one_flipped_byte_is_noticed(self, small_model: Path, tmp_path: Path) -> None:
        for file in small_model.iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        weights = bytearray((tmp_path / "ngram_weights.npy").read_bytes())
        weights[-1] ^= 1
        (tmp_path / "ngram_weights.npy").write_bytes(weights)
        result = run("model", "show", tmp_path)
        assert result.exit_code == 4
        assert "ngram_weights.npy" in result.stderr

    def test_show(self, spam: SpamFilter) -> None:
        result = run("model", "show")
        assert result.exit_code == 0
        assert spam.info.version in result.stdout
        shown = json.loads(run("model", "show", "--json").stdout)
        assert shown == json.loads(json.dumps(spam.info.to_dict()))


class TestExplain:
    def test_for_people(self) -> None:
        result = run("explain", MESSAGES[1], "--no-kiwi")
        assert result.exit_code == 0
        assert "스팸" in result.stdout
        assert "카지노 첫충 30% 카톡" in result.stdout
        assert "https://bb77.example" in result.stdout

    def test_for_machines_it_is_the_verdict(self, spam: SpamFilter) -> None:
        for text in MESSAGES:
            (verdict,) = spam.classify([text])
            assert json.loads(run("explain", "--json", "--", text).stdout) == verdict.to_dict()

    def test_a_message_cannot_play_with_the_terminal(self) -> None:
        for arguments, stdin in (((MESSAGES[4],), None), (("-",), MESSAGES[4].encode() + b"\xff")):
            result = run("explain", "--no-kiwi", *arguments, stdin=stdin)
            assert result.exit_code == 0
            assert not {"\x1b", "\x07", "\u200b"} & set(result.stdout)
            assert "␛[2J화면" in result.stdout

    @pytest.mark.parametrize("text", ["", "\ud800", "[bold]대괄호[/]", "가" * 100_000])
    def test_hostile_messages(self, text: str) -> None:
        result = run("explain", "--no-kiwi", "--", text)
        assert result.exit_code == 0
        assert text[:5] in result.stdout or text == "\ud800"


def labelled_csv(path: Path, n: int = 40) -> Path:
    words = ["국밥", "면", "빵", "떡볶이", "죽", "김밥", "만두", "라면"]
    rows = [f"무료 카지노 {words[i % 8]} 입금 {i}배 보너스,spam,gambling" for i in range(n)]
    rows += [f"점심에 {words[i % 8]} 먹고 {i}시에 만나자,ham,chat" for i in range(n)]
    path.write_text("text,label,kind\n" + "\n".join(rows) + "\n", "utf-8")
    return path


class TestLearning:
    def test_a_csv_makes_the_model_that_the_library_makes(
        self, few_messages: tuple[LabelledMessage, ...], small_model: Path, tmp_path: Path
    ) -> None:
        with (tmp_path / "mine.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["label", "kind", "source", "weight", "text"])
            for m in few_messages:
                rows.writerow([int(m.is_spam), m.kind.value if m.kind else "", m.source, m.weight, m.text])
        result = run("train", tmp_path / "mine.csv", "-o", tmp_path / "model", "--jobs", "1")
        assert result.exit_code == 0, result.stderr
        assert f"메시지 {len(few_messages)}건으로 학습" in result.stdout
        for array in small_model.glob("*.npy"):
            assert (tmp_path / "model" / array.name).read_bytes() == array.read_bytes()
        shown = json.loads(run("model", "show", tmp_path / "model", "--json").stdout)
        assert shown["version"] in run("score", "--no-kiwi", "--model", tmp_path / "model", stdin=b"a\n").stdout

    def test_faults_are_named_and_nothing_is_written(self, tmp_path: Path) -> None:
        source = labelled_csv(tmp_path / "mine.csv")
        source.write_text(source.read_text("utf-8").replace("1시에 만나자,ham", f"{MARKER},maybe", 1), "utf-8")
        for command in (["train", source, "-o", tmp_path / "model"], ["evaluate", source]):
            result = run(*command)
            assert result.exit_code == 2
            assert "mine.csv:43: field 'label'" in result.stderr
            assert "'maybe'" in result.stderr
            assert MARKER not in result.stderr
        assert not (tmp_path / "model").exists()
        result = run("evaluate", source, "--skip-bad-rows", "--no-kiwi", "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["n_ham"] == 39

    def test_what_cannot_be_learned_from(self, tmp_path: Path) -> None:
        assert "nothing to learn from" in run("train", "-o", tmp_path / "m").stderr
        (tmp_path / "one.csv").write_text("text,label\n가,ham\n", "utf-8")
        result = run("train", tmp_path / "one.csv", "-o", tmp_path / "m")
        assert (result.exit_code, "at least" in result.stderr) == (2, True)
        result = run("train", "--corpus", tmp_path, "-o", tmp_path / "m")
        assert (result.exit_code, "no .jsonl file" in result.stderr) == (2, True)
        assert run("train", tmp_path / "one.csv").exit_code == 2
        assert [p.name for p in tmp_path.iterdir()] == ["one.csv"]

    def test_evaluation(self, tmp_path: Path, spam: SpamFilter) -> None:
        source = labelled_csv(tmp_path / "mine.csv")
        result = run("evaluate", source, "--json", "--report", tmp_path / "report")
        assert result.exit_code == 0
        found = json.loads(result.stdout)
        assert (found["n_spam"], found["n_ham"], found["model"]) == (40, 40, spam.info.version)
        assert {(row["name"], row["is_spam"]) for row in found["by_kind"]} == {("gambling", True), ("chat", False)}
        assert {row["name"] for row in found["by_source"]} == {"mine"}
        assert "<svg" in (tmp_path / "report" / "report.html").read_text("utf-8")
        strange = source.rename(tmp_path / "[bold]mine.csv")
        for_people = run("evaluate", strange)
        assert "탐지율" in for_people.stdout
        assert "[bold]mine" in for_people.stdout
        assert "종류 맞힘" in for_people.stdout
        assert "변형" not in for_people.stdout

    def test_attacks_are_measured_where_they_are_asked_for(self, tmp_path: Path) -> None:
        source = labelled_csv(tmp_path / "mine.csv")
        assert json.loads(run("evaluate", source, "--no-kiwi", "--json").stdout)["attacks"] == []
        options = ["--no-kiwi", "--attacks", "--max-attacked", "10", "--seed", "3"]
        first, again = (json.loads(run("evaluate", source, *options, "--json").stdout) for _ in range(2))
        assert first == again
        assert first["attacks"][0]["family"] == "clean"
        assert {row["role"] for row in first["attacks"]} == {"clean", "trained", "held-out", "mixed"}
        assert {row["recall"][0]["total"] for row in first["attacks"]} == {10}
        result = run("evaluate", source, *options)
        assert result.exit_code == 0
        assert "mixed (mixed)" in result.stdout

    def test_messages_stand_in_a_report_and_nowhere_else(self, tmp_path: Path) -> None:
        source = labelled_csv(tmp_path / "mine.csv", 10)
        shown = run("evaluate", source, "--no-kiwi", "--json", "--report", tmp_path / "a", "--worst", "3")
        assert shown.exit_code == 0
        page = (tmp_path / "a" / "report.html").read_text("utf-8")
        assert page.count("<div class='text'>") == 6
        assert "mine.csv:" in page
        for other in (shown.stdout, shown.stderr, (tmp_path / "a" / "evaluation.json").read_text("utf-8")):
            assert "만나자" not in other
            assert "카지노" not in other
        for options, n in (([], 20), (["--worst", "0"], 0)):
            assert run("evaluate", source, "--no-kiwi", "--report", tmp_path / "b", *options).exit_code == 0
            assert (tmp_path / "b" / "report.html").read_text("utf-8").count("<div class='text'>") == n

    def test_wrong_usage_of_evaluate(self, tmp_path: Path) -> None:
        source = labelled_csv(tmp_path / "mine.csv", 2)
        result = run("evaluate", source, "--worst", "5", "--no-kiwi")
        assert (result.exit_code, "--report DIR" in result.stderr) == (2, True)
        assert run("evaluate", source, "--report", tmp_path / "r", "--worst", "-1", "--no-kiwi").exit_code == 2
        assert run("evaluate", source, "--attacks", "--max-attacked", "0", "--no-kiwi").exit_code == 2
        assert not (tmp_path / "r").exists()


class TestHelp:
    @pytest.mark.parametrize("command", [["score"], ["explain"], ["train"], ["evaluate"], ["serve"], ["model", "show"]])
    def test_every_command_shows_an_example(self, command: list[str]) -> None:
        result = run(*command, "--help")
        assert result.exit_code == 0
        assert f"Example: spamfilter {' '.join(command)}" in result.stdout

    def test_version(self) -> None:
        import spamfilter

        assert run("--version").stdout == f"spamfilter {spamfilter.__version__}\n"


class TestProcess:
    def test_in_and_out_through_pipes(self) -> None:
        process = start("score", "--no-kiwi")
        out, err = process.communicate("가\n\n나\n".encode() + b"\xff\n")
        assert process.returncode == 1
        assert [row["text"] for row in lines(out.decode())] == ["가", "", "나"]
        assert "-:4: UTF-8 expected" in err.decode()

    def test_a_reader_that_goes_away_is_no_error(self) -> None:
        process = start("score", "--no-kiwi")
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with process:
            process.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write("가나다\n".encode() * 20_000)
                process.stdin.close()
            assert process.stderr.read() == b""
            assert process.wait() == 141

    @pytest.fixture
    def midway(self, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A run that has begun to score and waits for more."""
        (tmp_path / "out.jsonl").write_text("earlier\n", "utf-8")
        process = start("score", "-", "-o", tmp_path / "out.jsonl", "--json", "--no-kiwi")
        assert process.stdin is not None
        assert process.stderr is not None
        with process:
            process.stdin.write(b"\xff\n" + "가\n".encode() * 20_000)
            process.stdin.flush()
            assert b'"refused"' in process.stderr.readline()
            yield process
            process.kill()

    @pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name")
    @pytest.mark.parametrize(
        ("sent", "code"),
        [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)],
    )
    def test_a_run_that_is_stopped_leaves_what_was_there(
        self, sent: signal.Signals, code: int, midway: subprocess.Popen[bytes], tmp_path: Path
    ) -> None:
        midway.send_signal(sent)
        assert midway.wait() == code
        assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]
        assert (tmp_path / "out.jsonl").read_text("utf-8") == "earlier\n"

    def test_a_full_disk_is_told(self) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "spamfilter", "score", "--no-kiwi"],
                input=b"a\n",
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=Path(__file__).parents[1],
                check=False,
            )
        assert done.returncode == 5
        assert done.stderr.decode().startswith("spamfilter: No space left on device")

    @pytest.mark.parametrize(
        ("arguments", "code", "part"),
        [
            (["score", "a.csv", "--no-kiwi"], 0, "판정"),
            (["evaluate", "a.csv", "--no-kiwi"], 0, ""),
            (["score", "a.csv", "-o", "out.parquet"], 5, "spamfilter[parquet]"),
            (["train", "a.csv", "-o", "model"], 5, "spamfilter[train]"),
            (["evaluate", "a.csv", "--report", "report", "--no-kiwi"], 5, "spamfilter[report]"),
            (["serve"], 5, "spamfilter[serve]"),
        ],
    )
    def test_the_bare_installation_names_what_it_lacks(
        self, arguments: list[str], code: int, part: str, tmp_path: Path
    ) -> None:
        (tmp_path / "a.csv").write_text("text,label\n가,ham\n", "utf-8")
        program = (
            "import sys; sys.modules.update(dict.fromkeys(sys.argv.pop(1).split(',')))\n"
            "from spamfilter.cli import main; main()"
        )
        optional = "pyarrow,sklearn,scipy,joblib,matplotlib,fastapi,uvicorn,pydantic_settings,orjson"
        done = subprocess.run(
            [sys.executable, "-c", program, optional, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, part in done.stderr.decode()) == (code, True), done.stderr.decode()
        assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]

    def test_before_a_person_rows_are_lines_to_read(self, inbox: Path) -> None:
        leader, follower = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "spamfilter", "score", str(inbox), "--no-kiwi"],
            stdout=follower,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
        ) as process:
            assert process.wait() == 0
            os.close(follower)
            shown = os.read(leader, 65536).decode()
            os.close(leader)
        assert shown.count("\n") == len(MESSAGES)
        assert "스팸" in shown
        assert "\x1b[2J" not in shown


@pytest.mark.e2e
class TestServe:
    def test_serve_answers_and_stops(self) -> None:
        port = free_port()
        with start("serve", "--port", str(port)) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if b"listening on" in line:
                    break
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
                assert answer.status == 200
            second = start("serve", "--port", str(port))
            assert b"cannot listen on" in second.communicate()[1]
            assert second.returncode == 3
            process.send_signal(signal.SIGTERM)
            process.communicate()
            assert process.returncode == 0

    def test_what_keeps_it_from_starting(self, tmp_path: Path) -> None:
        process = start("serve", "--port", str(free_port()), "--model", tmp_path / "none")
        assert b"none" in process.communicate()[1]
        assert process.returncode == 4
        process = start("serve", SPAMFILTER_PORT="many")
        assert b"SPAMFILTER_PORT" in process.communicate()[1]
        assert process.returncode == 2


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
