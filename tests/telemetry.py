"""Metrics and spans, kept in memory: Airflow's own metrics backend for OpenTelemetry, and its readers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from airflow_provider_rivya import _compat
from tests import airflows

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # some releases look entry points up in an old way
    from opentelemetry import trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import StatusCode

__all__ = ["Meter", "StatusCode", "Telemetry", "collecting"]

Tags = tuple[tuple[str, str], ...]


class Telemetry:
    """What was measured since :func:`collecting` began."""

    def __init__(self, worker: Meter, triggerer: Meter, spans: InMemorySpanExporter) -> None:
        self.worker = worker
        self.triggerer = triggerer
        self._spans = spans

    def metric(self, name: str) -> dict[Tags, float]:
        """Return :meth:`Meter.metric` of a task's process."""
        return self.worker.metric(name)

    def spans(self, name: str) -> list[ReadableSpan]:
        """Return the finished spans of this name, oldest first."""
        return [span for span in self._spans.get_finished_spans() if span.name == name]


class Meter:
    """The metrics of one kind of process."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader])
        self._read: dict[str, dict[Tags, float]] = {}

    def metric(self, name: str) -> dict[Tags, float]:
        """
        Return a metric's value by its tags; of a timing the sum, in milliseconds.

        :param name: without Airflow's own prefix.
        """
        return self._all().get(name, {})

    @property
    def names(self) -> set[str]:
        """The names of this project's metrics, without Airflow's prefix."""
        return {name for name in self._all() if name.startswith("rivya.")}

    def _all(self) -> dict[str, dict[Tags, float]]:
        data = self._reader.get_metrics_data()
        self._read |= {  # a gauge, as 3.1 makes of a timing, is shown once
            metric.name.removeprefix("airflow."): dict(map(_value, metric.data.data_points))
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }
        return self._read


def _value(point: Any) -> tuple[Tags, float]:
    tags = sorted((key, str(value)) for key, value in point.attributes.items())
    return tuple(tags), point.value if hasattr(point, "value") else point.sum


@contextmanager
def collecting() -> Iterator[Telemetry]:
    """Set up Airflow's metrics and spans, and collect what comes."""
    spans = _span_exporter()
    spans.clear()
    worker = _compat.stats_in_worker()
    triggerer = _compat.stats_in_triggerer()
    meters = {id(stats): (stats, Meter()) for stats in (worker, triggerer)}  # one, before Airflow 3.2
    otel = airflows.metrics("otel_logger")
    for stats, meter in meters.values():
        airflows.send_metrics_to(otel.SafeOtelLogger(meter.provider), stats)
    yield Telemetry(meters[id(worker)][1], meters[id(triggerer)][1], spans)
    for stats, meter in meters.values():
        airflows.send_metrics_to(airflows.metrics("base_stats_logger").NoStatsLogger(), stats)
        meter.provider.shutdown()


@cache
def _span_exporter() -> InMemorySpanExporter:
    # A process has one tracer provider, set once.
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter
