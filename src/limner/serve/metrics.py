"""What an operator's Prometheus reads: requests, photos, stages, and the work in flight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from limner.serve.gate import Gate
from limner.serve.workplace import Workplace
from limner.version import __version__

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BYTES = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8)


class _Workers(Collector):
    """What is told of workers that are processes; the rest of the counts is of the process that listens."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("limner_workers_lost", "Worker processes that ended.", self._workplace.lost)
        memory = GaugeMetricFamily("limner_worker_resident_bytes", "Memory of a worker process.", labels=["worker"])
        for worker, size in self._workplace.memory().items():
            memory.add_metric([worker], size)
        yield memory
        if (batches := self._workplace.batches) is not None:
            yield CounterMetricFamily("limner_batch_photos", "Photos that the models were given.", batches.frames)
            yield CounterMetricFamily("limner_batch_runs", "Runs of the models on them.", batches.inferences)


class Metrics:
    """Counts. The routes and statuses are few and known, so that no client can make up more series.

    Args:
        gate: whose work in flight is told.
        workplace: whose workers are told.
    """

    def __init__(self, gate: Gate, workplace: Workplace) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "limner_requests", "Requests that were answered.", ("route", "status"), registry=registry
        )
        self._took = Histogram(
            "limner_request_seconds", "From a request's head to the end of its answer.", ("route",),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._stages = Histogram(
            "limner_stage_seconds", "Of a photo, by stage.", ("stage",), buckets=_SECONDS, registry=registry
        )
        self._bodies = Histogram("limner_body_bytes", "Of requests.", buckets=_BYTES, registry=registry)
        self._gone = Counter("limner_gone", "Requests whose client left before the answer.", registry=registry)
        in_flight = Gauge("limner_in_flight", "Requests with a body that are in the server.", registry=registry)
        in_flight.set_function(lambda: gate.in_flight)
        working = Gauge("limner_working", "Photos that workers are at.", registry=registry)
        working.set_function(lambda: gate.working)
        registry.register(_Workers(workplace))
        Gauge("limner_build", "1.", ("version",), registry=registry).labels(__version__).set(1)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request got its answer."""
        self._requests.labels(route, str(status)).inc()
        self._took.labels(route).observe(seconds)

    def read(self, size: int) -> None:
        """A body of ``size`` bytes was read."""
        self._bodies.observe(size)

    def left(self) -> None:
        """A client did not wait for its answer."""
        self._gone.inc()

    def stages(self, milliseconds: Mapping[str, float]) -> None:
        """A photo was worked on."""
        for stage, took in milliseconds.items():
            self._stages.labels(stage).observe(took / 1e3)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
