"""Round every request: its id, its line in the log, its place in the metrics, and the last net for its errors."""

from __future__ import annotations

import logging
import time
from secrets import token_hex
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spamfilter.http.errors import INTERNAL, ProblemError, respond, where_raised
from spamfilter.http.metrics import Metrics

logger = logging.getLogger("spamfilter.http")
access_logger = logging.getLogger("spamfilter.http.access")

NO_ROUTE: Final = "(other)"
CLIENT_GONE: Final = 499
"""nginx's number for a request that ended without an answer; seen in log and metrics only."""


class Watch:
    """ASGI middleware, the outermost of ours.

    It logs the route's template, not the path: people put words into addresses too. An exception stops here,
    because the server would log it with a traceback whose last line may quote the message.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, access_log: bool) -> None:
        self._app, self._metrics, self._access_log = app, metrics, access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = CLIENT_GONE

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            logger.error("request %s failed: %s", request_id, where_raised(error))
            if status == CLIENT_GONE:  # nothing has been sent yet
                answer = respond(ProblemError(INTERNAL, "the log names the place under this request_id"), request_id)
                await answer(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            self._metrics.count_request(scope["method"], route, status, seconds)
            if self._access_log:
                access_logger.info("%s %s %d %.1f ms", scope["method"], route, status, seconds * 1e3)
