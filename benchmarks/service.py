"""Measure a really started service: `python -m benchmarks.service`.

Time from start to n-gram verdicts and to Kiwi, latency of a single warm verdict on one connection, resident memory.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import numpy as np
import psutil
import typer

from benchmarks.report import machine, versions

HERE: Final = Path(__file__).resolve().parent
TEXTS: Final = (
    "오늘 저녁에 시간 되면 밥 먹자",
    "[무료체험] 카★지★노 첫충 30% ⓑⓑ77.example 코드 vip7",
    "고객님 상담 예약이 3월 4일 오후 2시로 접수되었습니다. 변경은 02-000-1234로 연락 주세요.",
    "ㅋㅋㅋ 그건 좀 아니지",
)
_WARM_UP: Final = 200
_DEADLINE_S: Final = 60.0


def measure(requests: int) -> dict[str, Any]:
    """Start the service, time it, stop it.

    Args:
        requests: single verdicts that are timed.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SPAMFILTER_PORT": str(port), "SPAMFILTER_LOG_LEVEL": "warning"}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "serve.py"], cwd=HERE.parent, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            ngrams_s = _wait(client, started, lambda: _verdict(client))
            kiwi_s = _wait(client, started, lambda: client.get("/readyz").json()["kiwi"] == "ready")
            for i in range(_WARM_UP):
                client.post("/v1/score", json={"text": TEXTS[i % len(TEXTS)]})
            taken_s = [_timed(client, TEXTS[i % len(TEXTS)]) for i in range(requests)]
            rss_mb = psutil.Process(process.pid).memory_info().rss / 1e6
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    return {
        "first_verdict_s": round(ngrams_s, 2),
        "kiwi_ready_s": round(kiwi_s, 2),
        "single_p50_ms": round(float(np.quantile(taken_s, 0.5)) * 1e3, 2),
        "single_p99_ms": round(float(np.quantile(taken_s, 0.99)) * 1e3, 2),
        "requests": requests,
        "rss_mb": round(rss_mb),
    }


def _wait(client: httpx.Client, started: float, there: Any) -> float:  # noqa: ANN401 (a call without arguments)
    while time.perf_counter() - started < _DEADLINE_S:
        try:
            if there():
                return time.perf_counter() - started
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"not there after {_DEADLINE_S} s")


def _verdict(client: httpx.Client) -> bool:
    return client.post("/v1/score", json={"text": TEXTS[0]}).status_code == 200


def _timed(client: httpx.Client, text: str) -> float:
    started = time.perf_counter()
    client.post("/v1/score", json={"text": text}).raise_for_status()
    return time.perf_counter() - started


def main(
    requests: Annotated[int, typer.Option(help="Single verdicts that are timed.")] = 2000,
    out: Annotated[Path, typer.Option(help="JSON to write.")] = HERE / "results" / "service.json",
) -> None:
    """Measure the service on the shipped model.

    Example: python -m benchmarks.service
    """
    result = {
        "measured": measure(requests),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    typer.echo(json.dumps(result["measured"], indent=1))


if __name__ == "__main__":
    typer.run(main)
