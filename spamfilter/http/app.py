"""The application: puts the parts together and loads the model beside the first answers."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

from spamfilter import __version__
from spamfilter.engine import SpamFilter
from spamfilter.errors import SpamFilterError
from spamfilter.http.batching import Scorer
from spamfilter.http.errors import PROBLEM_JSON, add_handlers, where_raised
from spamfilter.http.limits import Gate
from spamfilter.http.metrics import Metrics
from spamfilter.http.routes import operation_routes, scoring_routes
from spamfilter.http.watch import Watch
from spamfilter.service import SpamService
from spamfilter.settings import Settings

logger = logging.getLogger("spamfilter.http")

_DESCRIPTION = """
메신저용 한국어 스팸 필터입니다. 메시지를 보내면 판정(`ham` · `review` · `spam`), 확률, 분류, 이유와
복원된 글을 돌려줍니다.

Spans count code points of the text that was sent. Every error is a problem document (RFC 9457) with a stable `code`;
none of them, and no log, repeats what a message says.
"""


def create_app(
    settings: Settings, service: SpamService | None = None, *, on_failure: Callable[[], None] | None = None
) -> FastAPI:
    """Make the ASGI application.

    Args:
        settings: bounds and the model's folder.
        service: a service that someone else loads; where None, one is made and loaded in a thread at start-up.
        on_failure: called in that thread if the model cannot be loaded; without it the application stays up and
            answers 503.
    """
    own = service is None
    service = service or SpamService(
        lambda: SpamFilter.load(settings.model, kiwi=settings.kiwi, switches=settings.switches)
    )
    requests, messages = Gate(settings.max_requests, "requests"), Gate(settings.max_waiting, "messages")
    metrics, scorer = Metrics(requests, messages), Scorer(service.check, messages)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if own:
            threading.Thread(target=_load, args=(service, on_failure), name="load-model", daemon=True).start()
        yield
        scorer.close()

    app: FastAPI = FastAPIOffline(  # its pages carry Swagger UI along: no browser of ours asks a CDN
        redoc_url=None,
        title="spamfilter",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.settings, app.state.requests = settings, requests
    app.include_router(scoring_routes(service, scorer, metrics, settings))
    app.include_router(operation_routes(service, metrics))
    add_handlers(app)
    app.add_middleware(Watch, metrics=metrics, access_log=settings.access_log)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _load(service: SpamService, on_failure: Callable[[], None] | None) -> None:
    """Load the model, then freeze what is there: the collector walking a loaded model cost 25 ms of p99."""
    try:
        service.load()
    except Exception as error:
        logger.error("%s", error if isinstance(error, SpamFilterError) else where_raised(error))
        if on_failure is not None:
            on_failure()
        return
    gc.collect()
    gc.freeze()
    logger.info("model %s loaded in %.1f s: verdicts are served", service.state.model, service.state.load_s)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's schema, with problems under their own media type."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"][PROBLEM_JSON] = response["content"].pop("application/json")
        app.openapi_schema = schema
    return app.openapi_schema
