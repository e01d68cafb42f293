"""What a client may ask of the service at once: bytes, seconds, requests, messages. Everything has a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from spamfilter.http import codec
from spamfilter.http.errors import BODY_TIMEOUT, BODY_TOO_LARGE, OVERLOADED, UNSUPPORTED_MEDIA_TYPE, ProblemError


class Gate:
    """Lets in so many at a time and turns the rest away at once: waiting in an unbounded queue helps nobody.

    Args:
        capacity: how many may be inside.
        what: what is counted, in the plural, for the sentence.
    """

    def __init__(self, capacity: int, what: str) -> None:
        self.capacity = capacity
        self.inside = 0
        self._what = what

    @contextmanager
    def admit(self, count: int = 1) -> Iterator[None]:
        """Count `count` as inside for the length of the block.

        Raises:
            ProblemError: 503, if they do not fit beside what is inside.
        """
        if self.inside + count > self.capacity:
            raise ProblemError(OVERLOADED, f"{self.capacity} {self._what} are being worked on: try again in a moment")
        self.inside += count
        try:
            yield
        finally:
            self.inside -= count


def require_json(request: Request) -> None:
    """Refuse a body that does not claim to be JSON in UTF-8.

    Raises:
        ProblemError: 415.
    """
    declared = Message()
    declared["content-type"] = request.headers.get("content-type", "none/none")
    kind = declared.get_content_type()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "send the header 'Content-Type: application/json'")
    if (declared.get_content_charset() or "utf-8") not in ("utf-8", "utf8"):
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "send the body in UTF-8, the only character set of JSON")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "send the body uncompressed, without a Content-Encoding")


class BoundedRequest(Request):
    """A request whose body is read up to a size and within a time."""

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            ProblemError: 413 as soon as it is known to be too large, declared or not; 408 if it does not come.
        """
        if not hasattr(self, "_body"):
            settings = self.app.state.settings
            try:
                async with asyncio.timeout(settings.body_timeout_s):
                    self._body = await self._read(settings.max_body_bytes)
            except TimeoutError:
                detail = f"the body did not arrive within {settings.body_timeout_s:g} seconds"
                raise ProblemError(BODY_TIMEOUT, detail) from None
        return self._body

    async def json(self) -> object:
        """The body as plain values; 400 where it is not UTF-8 or not JSON."""
        return codec.parse(await self.body())

    async def _read(self, max_bytes: int) -> bytes:
        too_large = ProblemError(BODY_TOO_LARGE, f"a body may have {max_bytes} bytes at most")
        if int(self.headers.get("content-length", "0")) > max_bytes:
            raise too_large
        body = bytearray()
        async for chunk in self.stream():
            body += chunk
            if len(body) > max_bytes:
                raise too_large
        return bytes(body)


class BoundedRoute(APIRoute):
    """A route that scores: admitted by the gate, its body JSON and bounded."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the checks."""
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            with request.app.state.requests.admit():
                require_json(request)
                return await handle(BoundedRequest(request.scope, request.receive))

        return bounded
