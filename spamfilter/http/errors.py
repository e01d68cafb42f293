"""One shape for everything that goes wrong: RFC 9457 problems, each with a stable code.

No problem and no log line written here carries a message's text: a validation error loses pydantic's `input` and
`ctx`, and an unexpected exception is logged by its type and place, never by its arguments.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, Final

import orjson
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response

from spamfilter.errors import NotReadyError, SpamFilterError

logger = logging.getLogger("spamfilter.http")

PROBLEM_JSON: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:spamfilter:problem:"
RETRY_AFTER_S: Final = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: what it is called, whatever the occasion."""

    status: int
    code: str
    title: str


MALFORMED_JSON: Final = Problem(400, "malformed-json", "The body is not JSON")
NOT_UTF8: Final = Problem(400, "not-utf8", "The body is not UTF-8")
NOT_FOUND: Final = Problem(404, "not-found", "There is no such path")
METHOD_NOT_ALLOWED: Final = Problem(405, "method-not-allowed", "The path does not take this method")
BODY_TIMEOUT: Final = Problem(408, "body-timeout", "The body came too slowly")
BODY_TOO_LARGE: Final = Problem(413, "body-too-large", "The body is too large")
UNSUPPORTED_MEDIA_TYPE: Final = Problem(415, "unsupported-media-type", "The body is not declared as JSON")
INVALID_FIELD: Final = Problem(422, "invalid-field", "A field is not what was expected")
TEXT_TOO_LONG: Final = Problem(422, "text-too-long", "A message is too long")
TOO_MANY_MESSAGES: Final = Problem(422, "too-many-messages", "The batch has too many messages")
INTERNAL: Final = Problem(500, "internal", "The service failed")
NOT_READY: Final = Problem(503, "not-ready", "The model is not loaded")
OVERLOADED: Final = Problem(503, "overloaded", "The service is busy")

PROBLEMS: Final = (
    MALFORMED_JSON,
    NOT_UTF8,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    BODY_TIMEOUT,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID_FIELD,
    TEXT_TOO_LONG,
    TOO_MANY_MESSAGES,
    INTERNAL,
    NOT_READY,
    OVERLOADED,
)

_SENTENCES: Final = {
    "missing": "is required",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
"""For pydantic's error types whose own sentence speaks of Python."""

_BY_STATUS: Final = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 500: INTERNAL}
_DETAILS: Final = {404: "see /docs for what there is", 405: "the Allow header lists the methods of this path"}


class ProblemError(HTTPException):
    """Ends a request with a problem.

    Args:
        problem: its kind.
        detail: one sentence about this occasion; must not quote the request.
        field: path of the field at fault, such as `text` or `messages.3.text`.
    """

    def __init__(self, problem: Problem, detail: str, *, field: str | None = None) -> None:
        headers = {"Retry-After": str(RETRY_AFTER_S)} if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else None
        super().__init__(problem.status, detail, headers)
        self.problem, self.field = problem, field


def describe(problem: Problem, detail: str, *, field: str | None, request_id: str) -> dict[str, Any]:
    """The problem as RFC 9457 writes it, with `code`, `field` and `request_id` beside the standard members."""
    return {
        "type": TYPE_PREFIX + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": problem.code,
        "field": field,
        "request_id": request_id,
    }


def respond(error: ProblemError, request_id: str, extensions: Mapping[str, str] | None = None) -> Response:
    """The response that tells `error`; `extensions` are further members of the body."""
    content = describe(error.problem, error.detail, field=error.field, request_id=request_id)
    body = orjson.dumps({**content, **(extensions or {})})
    return Response(body, error.status_code, error.headers, PROBLEM_JSON)


def invalid_field(errors: Sequence[Any], *, within: str = "") -> ProblemError:
    """The first of pydantic's errors as a problem, without the input that it quotes.

    Args:
        errors: what `ValidationError.errors()` gives; at least one.
        within: path of the value that was validated, ending in a dot; empty for the body.
    """
    steps = [str(step) for step in errors[0]["loc"] if step != "body"]
    field = (within + ".".join(steps)).rstrip(".") or None
    sentence = _SENTENCES.get(errors[0]["type"], errors[0]["msg"])
    return ProblemError(INVALID_FIELD, f"{field or 'the body'} {sentence}", field=field)


def where_raised(error: BaseException) -> str:
    """Type and place of an exception, innermost frame first, without its arguments: those may quote a message.

    Our own errors keep their sentence, since none of them ever carries text.
    """
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = " < ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    sentence = f" ({error})" if isinstance(error, SpamFilterError) else ""
    return f"{type(error).__name__}{sentence} at {places or 'an unknown place'}"


def add_handlers(app: FastAPI) -> None:
    """Answer every error that a request can meet by a problem."""

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        if isinstance(error, ProblemError):
            return respond(error, request.state.request_id)
        status = HTTPStatus(error.status_code)
        kind = _BY_STATUS.get(status, Problem(status, "http-error", status.phrase))
        response = respond(ProblemError(kind, _DETAILS.get(status, status.description)), request.state.request_id)
        response.headers.update(error.headers or {})
        return response

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return respond(invalid_field(error.errors()), request.state.request_id)

    async def on_not_ready(request: Request, error: Exception) -> Response:
        return respond(ProblemError(NOT_READY, str(error)), request.state.request_id)

    app.add_exception_handler(StarletteHTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(NotReadyError, on_not_ready)
