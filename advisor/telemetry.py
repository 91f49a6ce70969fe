"""What the server tells its operator in Prometheus' format: counts, times and queues; no text, key
or address of a visitor.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sized
from typing import Protocol

from prometheus_client import REGISTRY, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time of creation for each count tells nothing here
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUESTS = Counter("advisor_requests", "Answers to programs", ("route", "method", "status"))
REQUEST_SECONDS = Histogram(
    "advisor_request_seconds",
    "From a program's question to the answer's first byte",
    ("route",),
    buckets=SECONDS,
)
RERUN_SECONDS = Histogram(
    "advisor_rerun_seconds", "A run of a page's script", ("page",), buckets=SECONDS
)
RECOMMEND_SECONDS = Histogram(
    "advisor_recommend_seconds", "One recommendation", ("asked_by",), buckets=SECONDS
)


class Queue(Protocol):
    """Something that work waits for."""

    @property
    def waiting(self) -> int:
        """Pieces of work that wait or are worked at."""


class Models(Queue, Protocol):
    """A queue with models in the memory."""

    def resident(self) -> Sized:
        """The models that are loaded or loading."""


class _Watched(Collector):
    """Reads the queues when the metrics are asked for, so that nothing has to be counted along."""

    def __init__(self) -> None:
        self.queues: weakref.WeakValueDictionary[str, Queue] = weakref.WeakValueDictionary()
        self.models: weakref.WeakValueDictionary[str, Models] = weakref.WeakValueDictionary()

    def collect(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily(
            "advisor_waiting", "Requests that wait or are worked at", labels=("queue",)
        )
        for name, queue in [*self.queues.items(), *self.models.items()]:
            waiting.add_metric((name,), queue.waiting)
        yield waiting
        yield GaugeMetricFamily(
            "advisor_resident_models",
            "Models in the memory, each in a process of its own",
            value=sum(len(m.resident()) for m in self.models.values()),
        )


_WATCHED = _Watched()
REGISTRY.register(_WATCHED)


def watch_queue(name: str, queue: Queue) -> None:
    """Tells of a queue for as long as it lives."""
    _WATCHED.queues[name] = queue


def watch_models(name: str, models: Models) -> None:
    """Tells of the models of a pool for as long as it lives."""
    _WATCHED.models[name] = models


def text() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(REGISTRY)
