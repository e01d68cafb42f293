"""Everything that a client can do wrong, and everything that can go wrong under it."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn, cast

import httpx
import pytest

from spamfilter import SpamFilter, Verdict
from spamfilter.service import SpamService
from tests.http_live import live, shipped, shipped_service

CASES = json.loads((Path(__file__).parent / "cases" / "http_bodies.json").read_text("utf-8"))
MARKER = "비밀표식qzx010-0000-7777"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with live(shipped_service()) as client:
        yield client


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code
    assert problem["type"] == f"urn:spamfilter:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert "field" in problem
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


@pytest.mark.parametrize("case", CASES, ids=[c["label"] for c in CASES])
def test_bodies(client: httpx.Client, case: dict[str, Any]) -> None:
    given, expect = case["given"], case["expect"]
    answer = client.post(
        given.get("path", "/v1/score"),
        content=given["body"].encode(given.get("encoding", "utf-8")),
        headers={"Content-Type": given["content_type"]}
        if given.get("content_type")
        else {}
        if "content_type" in given
        else JSON,
    )
    if expect["status"] == 200:
        assert answer.status_code == 200
        return
    problem = assert_problem(answer, expect["status"], expect["code"])
    assert problem["field"] == expect["field"]
    assert "무료" not in answer.text


def test_unknown_paths_and_methods_are_problems_too(client: httpx.Client) -> None:
    assert_problem(client.get("/v2/score"), 404, "not-found")
    assert_problem(client.post("/v1/score/", json={"text": "안녕"}), 404, "not-found")
    wrong = client.get("/v1/score")
    assert_problem(wrong, 405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"


def test_a_megabyte_of_text_is_refused_by_its_limit(client: httpx.Client) -> None:
    long = client.post("/v1/score", json={"text": "a" * 1_000_000})
    problem = assert_problem(long, 422, "text-too-long")
    assert problem["field"] == "text"
    assert "65536 code points" in problem["detail"]
    assert client.post("/v1/score", json={"text": "가" * 65_536}).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(client: httpx.Client, chunked: bool) -> None:
    body = json.dumps({"text": "가" * 2_000_000}, ensure_ascii=False).encode()
    parts = (body[i : i + 65_536] for i in range(0, len(body), 65_536))
    answer = client.post("/v1/score", content=parts if chunked else body, headers=JSON)
    assert "4194304 bytes" in assert_problem(answer, 413, "body-too-large")["detail"]


def test_a_small_body_in_chunks_is_taken(client: httpx.Client) -> None:
    answer = client.post("/v1/score", content=iter([b'{"te', b'xt": "\xeb', b'\xac\xb4"}']), headers=JSON)
    assert answer.json() == shipped().classify(["무"])[0].to_dict()


def test_deep_nesting_is_refused(client: httpx.Client) -> None:
    assert_problem(client.post("/v1/score", content="[" * 100_000, headers=JSON), 400, "malformed-json")
    assert_problem(client.post("/v1/score", content='{"a":' * 100_000, headers=JSON), 400, "malformed-json")


def test_a_compressed_body_is_refused_by_name(client: httpx.Client) -> None:
    answer = client.post("/v1/score", content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
    assert "Content-Encoding" in assert_problem(answer, 415, "unsupported-media-type")["detail"]


def test_a_client_that_never_sends_its_body_is_let_go() -> None:
    with live(shipped_service(), body_timeout_s=0.2) as client:
        address = (client.base_url.host, client.base_url.port)
        assert address[1] is not None
        with socket.create_connection((address[0], address[1]), timeout=10) as raw:
            raw.sendall(
                b"POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
            )
            assert raw.recv(65_536).startswith(b"HTTP/1.1 408 ")


class Blocked:
    """An engine that holds every message until `open` is set."""

    kiwi = "ready"

    def __init__(self) -> None:
        self.open, self.entered = threading.Event(), threading.Event()
        self.info = shipped().info

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        self.entered.set()
        assert self.open.wait(10)
        return shipped().classify(texts)


class Broken:
    """An engine whose exception quotes the message, as a careless one would."""

    kiwi = "ready"
    info = property(lambda _self: shipped().info)

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        raise ValueError(f"cannot score {texts!r}")


def served(engine: object) -> SpamService:
    service = SpamService(lambda: cast("SpamFilter", engine))
    service.load()
    return service


@pytest.mark.parametrize("bound", [{"max_requests": 1}, {"max_batch": 1, "max_waiting": 1}])
def test_a_full_service_says_when_to_come_back_and_stays_alive(bound: dict[str, int]) -> None:
    engine = Blocked()
    with live(served(engine), **bound) as client, ThreadPoolExecutor(1) as pool:
        admitted = pool.submit(client.post, "/v1/score", json={"text": "안녕"})
        assert engine.entered.wait(10)
        refused = client.post("/v1/score", json={"text": "안녕"})
        assert_problem(refused, 503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        engine.open.set()
        assert admitted.result().status_code == 200
        assert client.post("/v1/score", json={"text": "안녕"}).status_code == 200


def test_before_the_model_is_there_the_service_is_alive_but_not_ready() -> None:
    may_load = threading.Event()

    def load() -> SpamFilter:
        assert may_load.wait(10)
        return shipped()

    service = SpamService(load)
    with live(service) as client:
        assert client.get("/healthz").status_code == 200
        waiting = assert_problem(client.get("/readyz"), 503, "not-ready")
        assert (waiting["ngrams"], waiting["kiwi"]) == ("loading", "loading")
        for answer in (
            client.post("/v1/score", json={"text": "안녕"}),
            client.post("/v1/score/batch", json={"messages": []}),
            client.get("/v1/model"),
        ):
            assert_problem(answer, 503, "not-ready")
            assert answer.headers["retry-after"] == "1"
        may_load.set()
        service.load()
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/score", json={"text": "안녕"}).status_code == 200


def test_a_failing_engine_is_a_problem_without_the_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), live(served(Broken())) as client:
        single = client.post("/v1/score", json={"text": MARKER})
        batch = client.post("/v1/score/batch", json={"messages": [{"text": MARKER}]})
    for answer in (single, batch):
        assert_problem(answer, 500, "internal")
        assert "qzx" not in answer.text
    assert "ValueError at test_http_errors.py" in caplog.text
    assert "qzx" not in caplog.text


def test_an_exception_outside_the_engine_is_a_problem_and_is_logged_by_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unreadable(Broken):
        @property
        def info(self) -> NoReturn:
            raise RuntimeError(MARKER)

    with caplog.at_level(logging.DEBUG), live(served(Unreadable())) as client:
        answer = client.get("/v1/model")
        problem = assert_problem(answer, 500, "internal")
        assert client.get("/healthz").status_code == 200
    assert "qzx" not in answer.text + caplog.text
    assert f"request {problem['request_id']} failed: RuntimeError at test_http_errors.py" in caplog.text


def test_no_text_reaches_logs_metrics_or_problems(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        scored = client.post("/v1/score", json={"text": MARKER})
        problems = [
            client.post("/v1/score", json={"text": [MARKER]}),
            client.post("/v1/score", json={MARKER: 1}),
            client.post("/v1/score", json=MARKER),
            client.post("/v1/score", content=f'{{"text": "{MARKER}', headers=JSON),
            client.post("/v1/score", json={"text": MARKER * 10_000}),
            client.post("/v1/score", content=MARKER.encode("cp949"), headers=JSON),
            client.post("/v1/score", content=MARKER.encode(), headers={"Content-Type": "x/qzx"}),
            client.post("/v1/score/batch", json={"messages": MARKER}),
            client.get(f"/v1/{MARKER}?q={MARKER}"),
            client.get(f"/v1/score?text={MARKER}"),
        ]
        partly = client.post("/v1/score/batch", json={"messages": [MARKER, {"text": {MARKER: MARKER}}]})
        metrics = client.get("/metrics")
    server_log = "\n".join(r.getMessage() for r in caplog.records if r.name.split(".")[0] not in ("httpx", "httpcore"))
    assert scored.status_code == 200
    assert "POST /v1/score 200" in server_log
    assert "GET (other) 404" in server_log
    assert all(p.status_code in (400, 404, 405, 415, 422) for p in problems)
    for text in (*(p.text for p in problems), partly.text, metrics.text, server_log):
        assert "qzx" not in text
        assert "비밀" not in text
        assert "7777" not in text
