"""Bringing the public sources: downloaded from a real server, taken from folders, refused with one sentence."""

import hashlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from spamfilter.learning.dataset import read_labelled
from training.download import FetchError, download
from training.fetch import app
from training.sources import SHIPPED, load_sources

HERE = Path(__file__).parent
SAMPLES = HERE / "samples" / "raw"


@dataclass
class Server:
    """A real server of the samples; `answers` overrides what it sends for a file name."""

    address: str
    asked: list[str] = field(default_factory=list)
    answers: dict[str, bytes | int | None] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = PurePosixPath(unquote(self.path)).name
            state.asked.append(unquote(self.path))
            sample = SAMPLES / name
            answer = state.answers.get(name, sample.read_bytes() if sample.is_file() else 404)
            if answer is None:  # never answers, until the test is over
                state.stop.wait(30)
                return
            self.send_response(200 if isinstance(answer, bytes) else answer)
            self.end_headers()
            if isinstance(answer, bytes):
                self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is part of the test
        state = Server(f"http://127.0.0.1:{http.server_address[1]}/{{repository}}/{{commit}}/{{path}}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        state.stop.set()
        http.shutdown()
        thread.join()


def sources_toml(path: Path, address: str = "https://raw.example/{repository}/{commit}/{path}") -> Path:
    """The shipped sources.toml with the digests of the samples and another address."""
    text = SHIPPED.read_text("utf-8")
    shipped = load_sources()
    text = text.replace(shipped.address, address)
    for file in {f.path: f for source in shipped.sources for f in source.files}.values():
        sample = (SAMPLES / file.name).read_bytes()
        text = text.replace(file.sha256, hashlib.sha256(sample).hexdigest())
        text = text.replace(f"bytes = {file.n_bytes}\n", f"bytes = {len(sample)}\n")
    toml = path / "sources.toml"
    toml.write_text(text, "utf-8")
    return toml


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def files_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_downloads_converts_and_fetches_nothing_twice(tmp_path: Path, server: Server) -> None:
    toml, dest = sources_toml(tmp_path, server.address), tmp_path / "data"
    code, _, err = run(dest, "--sources", toml)
    assert code == 0, err
    assert "left out: kotox_ham: only from a prepared folder" in err
    assert len([path for path in server.asked if "smishing_ai_v2 backup" in path]) == 1
    written = [name for name in files_in(dest) if not name.startswith("raw/")]
    assert len(written) == 10
    dataset = read_labelled([dest / name for name in written])
    assert {m.source for m in dataset.messages} == {name.removesuffix(".jsonl") for name in written}
    assert [m.text for m in dataset.messages if m.source == "kda_chat"] == [
        "오늘 급식 맛있더라",
        "그러게, 두 번 먹었어",
    ]
    assert rows_of(dest / "delivery.jsonl")[0]["weight"] == 0.25
    assert rows_of(dest / "kisa_smishing.jsonl")[2] == {
        "text": "부고 알립니다. 장례식장: <  >",
        "label": "spam",
        "kind": "phishing-invitation",
        "source": "kisa_smishing",
    }
    assert "kind" not in rows_of(dest / "telco_spam.jsonl")[0]
    asked, before = list(server.asked), {name: (dest / name).read_bytes() for name in written}
    assert run(dest, "--sources", toml)[0] == 0
    assert server.asked == asked
    assert {name: (dest / name).read_bytes() for name in written} == before


def test_another_seed_gives_other_digits_and_the_same_words(tmp_path: Path, server: Server) -> None:
    toml = sources_toml(tmp_path, server.address)
    for seed in (0, 1):
        assert run(tmp_path / str(seed), "--sources", toml, "--only", "telco_spam", "--seed", seed)[0] == 0
    zero, one = (str(rows_of(tmp_path / str(seed) / "telco_spam.jsonl")[0]["text"]) for seed in (0, 1))
    assert zero != one
    assert re.sub(r"\d", "0", zero) == re.sub(r"\d", "0", one)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (404, "ChatbotData.csv: the server answered 404"),
        (503, "ChatbotData.csv: the server answered 503"),
        (b"Q,A,label\n", "bytes; run it again"),
        ((SAMPLES / "ChatbotData.csv").read_bytes() + b"more", "ChatbotData.csv: is larger than the"),
        ((SAMPLES / "ChatbotData.csv").read_bytes().replace(b"0", b"7"), "is not the pinned file: its SHA-256 is"),
    ],
    ids=["missing", "busy", "truncated", "too-large", "tampered"],
)
def test_a_failure_is_one_sentence_and_leaves_what_was_there(
    tmp_path: Path, server: Server, answer: bytes | int, sentence: str
) -> None:
    toml, dest = sources_toml(tmp_path, server.address), tmp_path / "data"
    dest.mkdir()
    (dest / "chatbot.jsonl").write_text("of an earlier run")
    server.answers["ChatbotData.csv"] = answer
    code, _, err = run(dest, "--sources", toml, "--only", "chatbot", "--only", "kda_chat")
    assert code == 1
    failures = [line for line in err.splitlines() if line.startswith("failed:")]
    assert len(failures) == 1
    assert sentence in failures[0]
    assert (dest / "chatbot.jsonl").read_text() == "of an earlier run"
    assert len(rows_of(dest / "kda_chat.jsonl")) == 2
    assert not [name for name in files_in(dest) if "Chatbot" in name or name.endswith(".part")]


def test_a_damaged_file_is_fetched_again(tmp_path: Path, server: Server) -> None:
    toml, dest = sources_toml(tmp_path, server.address), tmp_path / "data"
    assert run(dest, "--sources", toml, "--only", "chatbot")[0] == 0
    (raw,) = (dest / "raw").iterdir()
    whole = raw.read_bytes()
    raw.write_bytes(whole.replace(b"0", b"7"))
    assert run(dest, "--sources", toml, "--only", "chatbot")[0] == 0
    assert len(server.asked) == 2
    assert raw.read_bytes() == whole


def test_a_server_that_does_not_answer_is_not_waited_for(tmp_path: Path, server: Server) -> None:
    server.answers["a"] = None
    address = server.address.format(repository="r", commit="c", path="a")
    with pytest.raises(FetchError, match=r"/r/c/a: no answer within 0\.2 s"):
        download(address, tmp_path / "a", n_bytes=1, sha256="0" * 64, timeout_s=0.2)
    server.stop.set()
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:9/a", "refused"),
        ("file:///etc/hostname", "only http and https"),
        ("http://[", "ValueError"),
        ("http://127.0.0.1:9/a b", "InvalidURL"),
    ],
)
def test_an_address_that_cannot_be_reached_says_why(tmp_path: Path, address: str, why: str) -> None:
    with pytest.raises(FetchError, match=why):
        download(address, tmp_path / "a", n_bytes=1, sha256="0" * 64)
    assert files_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path, server: Server) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    code, _, err = run(tmp_path / "data", "--sources", sources_toml(tmp_path, server.address), "--only", "chatbot")
    assert code == 1
    assert "failed: cannot write" in err


def test_raw_files_of_a_folder_are_known_by_their_digest(tmp_path: Path) -> None:
    given = tmp_path / "given"
    (given / "deep").mkdir(parents=True)
    (given / "deep" / "renamed").write_bytes((SAMPLES / "ChatbotData.csv").read_bytes())
    (given / "kda_ko.csv").write_bytes((SAMPLES / "kda_ko.csv").read_bytes() + b"\n")
    code, out, err = run(tmp_path / "data", "--sources", sources_toml(tmp_path), "--from", given, "--only", "chatbot")
    assert code == 0, err
    assert "raw files" in out
    assert len(rows_of(tmp_path / "data" / "chatbot.jsonl")) == 4
    code, _, err = run(tmp_path / "data", "--sources", sources_toml(tmp_path), "--from", given, "--only", "kda_chat")
    assert code == 1
    assert "failed: kda_chat: neither kda_chat.jsonl nor kda_ko.csv with the pinned SHA-256 in" in err


def test_half_of_the_raw_files_are_not_taken_for_the_source(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "ratings_test.txt").write_bytes((SAMPLES / "ratings_test.txt").read_bytes())
    code, _, err = run(tmp_path / "data", "--sources", sources_toml(tmp_path), "--from", given, "--only", "reviews")
    assert code == 1
    assert "nor ratings_train.txt with" in err


def prepared_folder(path: Path) -> Path:
    path.mkdir()
    rows = {
        "kotox_ham": [{"id": "k-0", "label": "ham", "kind": "obfuscated-chat-easy", "text": "궈뮈 말둬", "cluster": 4}],
        "kisa_smishing": [
            {"id": "s-0", "label": "spam", "kind": "account", "text": "계정 정지 acc.example", "cluster": 0},
            {"id": "s-1", "label": "spam", "kind": "other", "text": "결제 010-0000-1234 ** 3*", "cluster": 7},
        ],
    }
    for name, lines in rows.items():
        text = "".join(json.dumps(line | {"source": name}, ensure_ascii=False) + "\n" for line in lines)
        (path / f"{name}.jsonl").write_text(text, "utf-8")
    return path


def test_a_prepared_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    given, dest = prepared_folder(tmp_path / "given"), tmp_path / "data"
    code, out, err = run(dest, "--from", given, "--only", "kotox_ham", "--only", "kisa_smishing")
    assert code == 0, err
    assert out.count("prepared") == 2
    assert rows_of(dest / "kisa_smishing.jsonl") == [
        {
            "text": "계정 정지 acc.example",
            "label": "spam",
            "kind": "phishing-account",
            "source": "kisa_smishing",
            "cluster": "0",
        },
        {"text": "결제 010-0000-1234 ** 3*", "label": "spam", "source": "kisa_smishing", "cluster": "7"},
    ]
    again = tmp_path / "again"
    assert run(again, "--from", dest, "--only", "kotox_ham", "--only", "kisa_smishing")[0] == 0
    assert [(again / n).read_bytes() for n in files_in(again)] == [(dest / n).read_bytes() for n in files_in(dest)]


def test_what_a_folder_lacks_is_named_and_the_rest_is_brought(tmp_path: Path) -> None:
    given, dest = prepared_folder(tmp_path / "given"), tmp_path / "data"
    code, _, err = run(dest, "--from", given)
    assert code == 1
    assert files_in(dest) == ["kisa_smishing.jsonl", "kotox_ham.jsonl"]
    assert len([line for line in err.splitlines() if line.startswith("failed: ")]) == 9


def test_a_source_without_raw_files_fails_only_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    code, _, err = run(tmp_path / "data", "--from", tmp_path / "given", "--only", "kotox_ham")
    assert (code, err.splitlines()[-1]) == (1, f"failed: kotox_ham: no kotox_ham.jsonl in {tmp_path / 'given'}")


def test_few_broken_rows_are_left_out_and_many_refuse_the_source(tmp_path: Path) -> None:
    given, dest = prepared_folder(tmp_path / "given"), tmp_path / "data"
    path = given / "kotox_ham.jsonl"
    rows = "".join(json.dumps({"text": f"궈뮈 {i}", "label": "ham"}) + "\n" for i in range(200))
    path.write_text(rows + '{"text": "비밀", "label": 3}\n', "utf-8")
    code, _, err = run(dest, "--from", given, "--only", "kotox_ham")
    assert code == 0
    assert f"kotox_ham: 1 rows left out, the first: {path}:201: field 'label': ham expected" in err
    assert len(rows_of(dest / "kotox_ham.jsonl")) == 200
    path.write_text(rows + '{"text": "비밀", "label": 3}\n' * 3, "utf-8")
    code, _, err = run(dest, "--from", given, "--only", "kotox_ham")
    assert code == 1
    assert "failed: kotox_ham: 3 of 203 rows cannot be used, the first: " in err
    assert "비밀" not in err
    assert len(rows_of(dest / "kotox_ham.jsonl")) == 200


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--only", "nosuch"], 2, "nosuch"),
        (["--from", "no/such/folder"], 1, "no/such/folder: no such folder"),
        (["--sources", "no/such.toml"], 1, "cannot read no/such.toml"),
    ],
)
def test_a_wrong_call_is_refused(arguments: list[str], code: int, sentence: str, tmp_path: Path) -> None:
    got, _, err = run(tmp_path / "data", *arguments)
    assert got == code
    assert sentence in err
    assert not (tmp_path / "data").exists()


def test_the_module_runs_and_lists_licences() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "training.fetch", "--list", "--only", "commands_3i4k"],
        cwd=HERE.parent,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "CC BY-SA 4.0" in result.stdout
    assert "chatbot" not in result.stdout


def test_a_raw_file_beats_a_prepared_one(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "ChatbotData.csv").write_bytes((SAMPLES / "ChatbotData.csv").read_bytes())
    (given / "chatbot.jsonl").write_text('{"text": "미리 만든 것", "label": "ham"}\n', "utf-8")
    assert run(tmp_path / "data", "--sources", sources_toml(tmp_path), "--from", given, "--only", "chatbot")[0] == 0
    assert len(rows_of(tmp_path / "data" / "chatbot.jsonl")) == 4
