"""A really started server for the HTTP tests: uvicorn in a thread, on a free port of 127.0.0.1."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import httpx

from spamfilter import SpamFilter
from spamfilter.http.app import create_app
from spamfilter.http.server import bind, make_server
from spamfilter.service import SpamService
from spamfilter.settings import read_settings


@cache
def shipped() -> SpamFilter:
    """The shipped model, loaded once for all tests of the process; waits for Kiwi where a message needs it."""
    return SpamFilter.load(kiwi="wait")


def shipped_service() -> SpamService:
    service = SpamService(shipped)
    service.load()
    return service


@contextmanager
def live(service: SpamService, **settings: object) -> Iterator[httpx.Client]:
    """A client of a server that runs for the length of the block."""
    chosen = read_settings(**settings)
    server = make_server(create_app(chosen, service), chosen)
    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
