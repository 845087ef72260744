"""What Prometheus reads. Labels are routes, methods and statuses: nothing that a client can make up."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    generate_latest,
)

import xling

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        labels = ("method", "route", "status")
        self.requests = Counter("xling_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "xling_request_seconds", "Time to answer", ("method", "route"), buckets=_SECONDS, registry=self.registry
        )
        self.under_way = Gauge("xling_requests_under_way", "Requests under way", registry=self.registry)
        self.refused = Counter("xling_refused", "Requests refused for load", ("reason",), registry=self.registry)
        self.batches = Histogram(
            "xling_batch_texts", "Texts that were encoded together", buckets=_SIZES, registry=self.registry
        )
        self.waits = Histogram(
            "xling_batch_wait_seconds", "Time until encoding began", buckets=_SECONDS, registry=self.registry
        )
        self.documents = Counter("xling_documents", "Documents written", ("done",), registry=self.registry)
        self.collections = Gauge("xling_collections_open", "Collections that are open", registry=self.registry)
        build = Info("xling_build", "What is running", registry=self.registry)
        build.info({"version": xling.__version__})
        self.ready = Gauge("xling_ready", "Whether the model is loaded", registry=self.registry)

    def on_batch(self, size: int, waits: Sequence[float]) -> None:
        """Note a batch."""
        self.batches.observe(size)
        for wait in waits:
            self.waits.observe(wait)

    def on_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note a request that was answered."""
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' format."""
        return generate_latest(self.registry)
