"""The library, the command line and a really started service give the same verdicts, field by field.

On our own corpus; where SPAMFILTER_DATA names a folder of development data, on every message of it too.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from spamfilter import SpamFilter

ROOT = Path(__file__).parents[2]
DATA = os.environ.get("SPAMFILTER_DATA")
pytestmark = pytest.mark.e2e


def files() -> list[Path]:
    return [
        *sorted((ROOT / "training" / "corpus").glob("*.jsonl")),
        *(sorted(Path(DATA).glob("*.jsonl")) if DATA else []),
    ]


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "serve.py"], cwd=ROOT, env={**os.environ, "SPAMFILTER_PORT": str(port)}, stderr=subprocess.PIPE
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"{address}/readyz").json().get("kiwi") == "ready":
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None, "the service ended"
            assert time.monotonic() < deadline, "the service was not ready within a minute"
            time.sleep(0.1)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert not [t for p in files() for t in texts(p)[:50] if len(t) > 12 and t in log.decode("utf-8")]


@pytest.mark.parametrize("path", files(), ids=lambda p: p.name)
def test_equal_verdicts(path: Path, service: str, spam: SpamFilter, tmp_path: Path) -> None:
    given = texts(path)
    by_library = [v.to_dict() for v in spam.classify(given)]

    out = tmp_path / "scored.jsonl"
    command = [sys.executable, "-m", "spamfilter", "score", str(path), "-o", str(out), "--full"]
    subprocess.run(command, check=True, capture_output=True)
    by_command = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(by_command) == len(given)
    for row, verdict in zip(by_command, by_library, strict=True):
        assert {k: row[k] for k in verdict if k != "label"} == {k: v for k, v in verdict.items() if k != "label"}

    by_http = []
    for first in range(0, len(given), 500):
        body = {"messages": [{"text": t} for t in given[first : first + 500]]}
        by_http += httpx.post(f"{service}/v1/score/batch", json=body, timeout=120).raise_for_status().json()["results"]
    assert by_http == by_library
    assert httpx.post(f"{service}/v1/score", json={"text": given[0]}).json() == by_library[0]
