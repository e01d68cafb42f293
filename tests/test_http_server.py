"""The process: `python serve.py` with its exit codes and its signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from spamfilter.http import server

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def process(**variables: str) -> Iterator[subprocess.Popen[str]]:
    """`python serve.py` under these settings; killed at the end if it still runs."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("SPAMFILTER_")}
    env |= {f"SPAMFILTER_{k}": v for k, v in variables.items()}
    with subprocess.Popen(
        [sys.executable, "serve.py"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def address(started: subprocess.Popen[str]) -> str:
    """The address that the process says it listens on."""
    assert started.stderr is not None
    for line in started.stderr:
        if found := re.search(r"listening on (http://\S+)", line):
            return found[1]
    raise AssertionError("the process ended without listening")


def last_words(started: subprocess.Popen[str]) -> str:
    return started.communicate(timeout=60)[1]


def test_a_port_in_use_is_one_clear_sentence_and_exit_code_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with process(PORT=port) as started:
            said = last_words(started)
            assert started.returncode == server.EXIT_ADDRESS == 3
    assert said.startswith(f"spamfilter: cannot listen on 127.0.0.1:{port} (Address already in use)")
    assert "Traceback" not in said


def test_a_host_that_does_not_exist_is_refused_likewise() -> None:
    with process(HOST="no-such-host.invalid", PORT="0") as started:
        said = last_words(started)
        assert started.returncode == server.EXIT_ADDRESS
    assert said.startswith("spamfilter: cannot listen on no-such-host.invalid:0")


def test_a_bad_setting_is_exit_code_2() -> None:
    with process(PORT="eighty") as started:
        said = last_words(started)
        assert started.returncode == server.EXIT_SETTING == 2
    assert said.startswith("spamfilter: SPAMFILTER_PORT: ")
    assert "Traceback" not in said


def test_a_missing_model_is_exit_code_4(tmp_path: Path) -> None:
    with process(PORT="0", MODEL=str(tmp_path / "no-model")) as started:
        said = last_words(started)
        assert started.returncode == server.EXIT_MODEL == 4
    assert "no-model" in said
    assert said.endswith("spamfilter: the model was refused: see the log\n")
    assert "Traceback" not in said


@pytest.mark.e2e
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_serving_process_in_good_order(sign: signal.Signals) -> None:
    with process(PORT="0") as started:
        with httpx.Client(base_url=address(started), timeout=60, trust_env=False) as client:
            assert client.get("/healthz").status_code == 200
            while client.get("/readyz").status_code == 503:
                pass
            verdict = client.post("/v1/score", json={"text": "무.료.상.담 010-0000-1234"})
            assert verdict.status_code == 200
            started.send_signal(sign)
        said = last_words(started)
        assert started.returncode == server.EXIT_STOPPED == 0
    assert "POST /v1/score 200" in said
    assert "Traceback" not in said


@pytest.mark.e2e
def test_a_request_that_was_accepted_before_the_signal_is_answered() -> None:
    with process(PORT="0") as started:
        url = httpx.URL(address(started))
        assert url.port is not None
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            while client.get("/readyz").status_code == 503:
                pass
        with socket.create_connection((url.host, url.port), timeout=30) as raw:
            raw.sendall(
                b"POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Content-Length: 15\r\nExpect: 100-continue\r\n\r\n"
            )
            assert raw.recv(65_536).startswith(b"HTTP/1.1 100 ")  # now the request is known to be accepted
            started.send_signal(signal.SIGTERM)
            assert started.stderr is not None
            for line in started.stderr:
                if "Shutting down" in line:
                    break
            raw.sendall(b'{"text": "\xea\xb0\x80"}')
            assert b"HTTP/1.1 200 " in raw.recv(65_536)
        started.communicate(timeout=60)
        assert started.returncode == 0
