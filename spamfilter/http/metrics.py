"""What a Prometheus server reads at `/metrics`: counts, seconds, states. No label ever holds a request's words."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from functools import partial
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from spamfilter.http.limits import Gate
from spamfilter.service import ServiceState
from spamfilter.types import Verdict

BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATES: Final = ["loading", "ready", "failed", "off"]


class Metrics:
    """The service's own registry, so that two services in one process do not mix.

    Args:
        requests: the gate whose occupancy is shown.
        messages: likewise of messages.
    """

    def __init__(self, requests: Gate, messages: Gate) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._requests = Counter(
            "spamfilter_http_requests",
            "Requests answered, by route template.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "spamfilter_http_request_seconds",
            "Seconds from the request's head to the end of its answer.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._verdicts = Counter(
            "spamfilter_verdicts",
            "Verdicts given. The share of a stage is its rate over the rate of all.",
            ["label", "category", "stage"],
            registry=self.registry,
        )
        self._problems = Counter(
            "spamfilter_message_problems", "Messages of a batch that got no verdict.", ["code"], registry=self.registry
        )
        self._ngrams = Enum("spamfilter_ngrams_state", "The n-gram stage.", states=_STATES, registry=self.registry)
        self._kiwi = Enum("spamfilter_kiwi_state", "The morpheme stage.", states=_STATES, registry=self.registry)
        self._model = Info("spamfilter_model", "The model in force.", registry=self.registry)
        self._load_s = Gauge("spamfilter_model_load_seconds", "Seconds the model took to load.", registry=self.registry)
        for gate, name, text in (
            (requests, "spamfilter_requests_in_flight", "Scoring requests being read or answered."),
            (messages, "spamfilter_messages_waiting", "Messages waiting for a verdict or being scored."),
        ):
            Gauge(name, text, registry=self.registry).set_function(partial(getattr, gate, "inside"))

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is a template such as `/v1/score`, never the path that was sent."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Count verdicts by label, category and stage."""
        for key, count in Tally((v.label.value, v.category.value, v.stage) for v in verdicts).items():
            self._verdicts.labels(*key).inc(count)

    def count_message_problem(self, code: str) -> None:
        """Count a message of a batch that got a problem instead of a verdict."""
        self._problems.labels(code).inc()

    def render(self, state: ServiceState) -> bytes:
        """The text exposition, with the state of this moment."""
        self._ngrams.state(state.ngrams)
        self._kiwi.state(state.kiwi)
        if state.model is not None and state.load_s is not None:
            self._model.info({"version": state.model})
            self._load_s.set(state.load_s)
        return generate_latest(self.registry)
