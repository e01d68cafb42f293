"""The endpoints. Thin: a request becomes texts, verdicts become bytes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import ValidationError
from starlette.responses import Response

from spamfilter.http import codec, schemas
from spamfilter.http.batching import Scorer
from spamfilter.http.errors import (
    NOT_READY,
    TEXT_TOO_LONG,
    TOO_MANY_MESSAGES,
    ProblemError,
    describe,
    invalid_field,
    respond,
)
from spamfilter.http.limits import BoundedRoute
from spamfilter.http.metrics import Metrics
from spamfilter.service import SpamService
from spamfilter.settings import Settings

Responses = dict[int | str, dict[str, Any]]

_REFUSALS: Responses = {
    400: {"model": schemas.ProblemBody, "description": "`malformed-json`, `not-utf8`"},
    408: {"model": schemas.ProblemBody, "description": "`body-timeout`"},
    413: {"model": schemas.ProblemBody, "description": "`body-too-large`"},
    415: {"model": schemas.ProblemBody, "description": "`unsupported-media-type`"},
    422: {"model": schemas.ProblemBody, "description": "`invalid-field`, `text-too-long`, `too-many-messages`"},
    500: {"model": schemas.ProblemBody, "description": "`internal`"},
    503: {"model": schemas.ProblemBody, "description": "`not-ready`, `overloaded`; Retry-After says when to come back"},
}


def json_response(content: object) -> Response:
    """`content` as a JSON response."""
    return Response(codec.render(content), media_type="application/json")


def scoring_routes(service: SpamService, scorer: Scorer, metrics: Metrics, settings: Settings) -> APIRouter:
    """`/v1/score` and `/v1/score/batch`."""
    router = APIRouter(route_class=BoundedRoute, tags=["판정"], responses=_REFUSALS)

    @router.post("/v1/score", response_model=schemas.VerdictBody)
    async def score(
        message: Annotated[schemas.ScoreRequest, Body(openapi_examples=schemas.SCORE_EXAMPLES)],
    ) -> Response:
        """Score one message; the answer is the library's verdict."""
        _require_length(message.text, settings.max_text_length, "text")
        service.require_ready()
        verdict = await scorer.one(message.text)
        metrics.count_verdicts([verdict])
        return json_response(verdict.to_dict())

    @router.post("/v1/score/batch", response_model=schemas.BatchAnswer)
    async def score_batch(
        batch: Annotated[schemas.BatchRequest, Body(openapi_examples=schemas.BATCH_EXAMPLES)],
        request: Request,
    ) -> Response:
        """Score up to 1,000 messages; one that cannot be scored gets its own problem and leaves the others alone."""
        if len(batch.messages) > settings.max_batch:
            detail = f"messages may hold {settings.max_batch} messages at most, got {len(batch.messages)}"
            raise ProblemError(TOO_MANY_MESSAGES, detail, field="messages")
        service.require_ready()
        items = [_read_item(item, i, settings.max_text_length) for i, item in enumerate(batch.messages)]
        verdicts = await scorer.many([item for item in items if isinstance(item, str)])
        metrics.count_verdicts(verdicts)
        remaining = iter(verdicts)
        results = []
        for item in items:
            if isinstance(item, str):
                results.append(next(remaining).to_dict())
            else:
                metrics.count_message_problem(item.problem.code)
                results.append({"error": _as_member(item, request)})
        return json_response({"results": results})

    return router


def _require_length(text: str, max_length: int, field: str) -> None:
    if len(text) > max_length:
        detail = f"{field} may have {max_length} code points at most, got {len(text)}"
        raise ProblemError(TEXT_TOO_LONG, detail, field=field)


def _read_item(item: object, index: int, max_length: int) -> str | ProblemError:
    """The text of a message of a batch, or what is wrong with it."""
    try:
        text = schemas.ScoreRequest.model_validate(item).text
        _require_length(text, max_length, f"messages.{index}.text")
    except ValidationError as error:
        return invalid_field(error.errors(include_input=False), within=f"messages.{index}.")
    except ProblemError as error:
        return error
    return text


def _as_member(error: ProblemError, request: Request) -> dict[str, Any]:
    return describe(error.problem, error.detail, field=error.field, request_id=request.state.request_id)


def operation_routes(service: SpamService, metrics: Metrics) -> APIRouter:
    """What operators and their machines read: the model, the state, the metrics."""
    router = APIRouter(tags=["운영"])

    @router.get(
        "/v1/model",
        response_model=schemas.ModelBody,
        responses={503: {"model": schemas.ProblemBody, "description": "`not-ready`"}},
    )
    async def model() -> Response:
        """What the model says of itself: version, kinds, features, held-out metrics, policy, data."""
        return json_response(service.info.to_dict())

    @router.get("/healthz", response_model=schemas.HealthBody)
    async def healthz() -> Response:
        """Liveness: 200 from the first moment, whatever the model does."""
        return json_response({"status": "alive"})

    @router.get(
        "/readyz",
        response_model=schemas.ReadyBody,
        responses={503: {"model": schemas.NotReadyBody, "description": "`not-ready`"}},
    )
    async def readyz(request: Request) -> Response:
        """Readiness: 200 once verdicts are served; tells the n-gram and the morpheme stage apart."""
        state = service.state
        stages = {"ngrams": state.ngrams, "kiwi": state.kiwi}
        if state.ngrams == "ready":
            return json_response({"status": "ready", **stages, "model": state.model})
        sentence = "the model was refused; see the log" if state.ngrams == "failed" else "the model is still loading"
        return respond(ProblemError(NOT_READY, sentence), request.state.request_id, stages)

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def prometheus() -> Response:
        """Counters and states for Prometheus."""
        return Response(metrics.render(service.state), media_type=CONTENT_TYPE_LATEST)

    return router
