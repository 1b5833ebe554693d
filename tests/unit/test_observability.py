from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_rivya import _compat, observability
from airflow_provider_rivya.observability import Labels
from tests.telemetry import StatusCode, Telemetry, collecting

LABELS = Labels("rivya", "z-image")
TAGS = (("gateway", "rivya"), ("model", "z-image"))


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with collecting() as collected:
        yield collected


def everything(labels: Labels) -> None:
    observability.submitted(labels)
    observability.reattached(labels)
    observability.failed(labels, 2)
    observability.delivered(labels, 5, timedelta(seconds=40))
    observability.polled(labels, triggerer=False)
    observability.polled(labels, triggerer=True)
    observability.waited(labels, "task_1", time.time() - 30, "succeeded")
    with observability.span("submit", labels) as span:
        observability.annotate(span, generation_id="task_1")


def test_counts(telemetry: Telemetry) -> None:
    observability.submitted(LABELS)
    observability.submitted(LABELS)
    observability.reattached(LABELS)
    assert telemetry.metric("rivya.generation.submitted") == {TAGS: 2}
    assert telemetry.metric("rivya.generation.reattached") == {TAGS: 1}


def test_polls_are_counted_on_worker_and_triggerer(telemetry: Telemetry) -> None:
    observability.polled(LABELS, triggerer=False)
    observability.polled(LABELS, triggerer=True)
    shared = telemetry.worker is telemetry.triggerer
    for meter in (telemetry.worker, telemetry.triggerer):
        assert meter.metric("rivya.generation.polls") == {TAGS: 2 if shared else 1}


def test_webhooks_are_counted_by_what_became_of_them(telemetry: Telemetry) -> None:
    observability.webhook_came("toapis", "taken")
    told = {(("gateway", "toapis"), ("outcome", "taken")): 1}
    assert telemetry.triggerer.metric("rivya.webhook.deliveries") == told


def test_a_delivery_tells_cost_and_duration(telemetry: Telemetry) -> None:
    observability.delivered(LABELS, 5.0, timedelta(seconds=40))
    observability.delivered(LABELS, 2.5, None)
    assert telemetry.metric("rivya.generation.credits.spent") == {TAGS: 7.5}
    assert telemetry.metric("rivya.generation.duration") == {TAGS: 40_000}


@pytest.mark.parametrize(("credits", "spent"), [(3, {TAGS: 3}), (0, {}), (None, {})])
def test_a_failure_costs_what_the_gateway_says(
    telemetry: Telemetry, credits: float | None, spent: dict[Any, float]
) -> None:
    observability.failed(LABELS, credits)
    assert telemetry.metric("rivya.generation.failed") == {TAGS: 1}
    assert telemetry.metric("rivya.generation.credits.spent") == spent


def test_an_unknown_model_is_no_tag(telemetry: Telemetry) -> None:
    observability.polled(Labels("rivya", None), triggerer=False)
    assert telemetry.metric("rivya.generation.polls") == {(("gateway", "rivya"),): 1}


def test_the_documented_names_are_the_ones_sent(telemetry: Telemetry) -> None:
    everything(LABELS)
    assert telemetry.worker.names == {
        f"rivya.generation.{name}"
        for name in ("submitted", "reattached", "failed", "credits.spent", "duration", "polls")
    }


def test_a_span_has_names_and_what_became_known(telemetry: Telemetry) -> None:
    with observability.span("download", LABELS, generation_id="task_1", absent=None) as span:
        observability.annotate(span, bytes=12)
    (one,) = telemetry.spans("rivya.download")
    assert dict(one.attributes or {}) == {
        "rivya.gateway": "rivya",
        "rivya.model": "z-image",
        "rivya.generation_id": "task_1",
        "rivya.bytes": 12,
    }
    assert one.status.status_code is StatusCode.UNSET


def test_a_failed_span_tells_the_class_alone(telemetry: Telemetry) -> None:
    with pytest.raises(ValueError, match="secret"), observability.span("submit", LABELS):
        raise ValueError("secret")
    (one,) = telemetry.spans("rivya.submit")
    assert (one.status.status_code, one.status.description) == (StatusCode.ERROR, "ValueError")
    assert one.attributes is not None
    assert one.attributes["error.type"] == "ValueError"
    assert not one.events
    assert "secret" not in one.to_json()


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeeded", StatusCode.UNSET), ("timeout", StatusCode.ERROR)]
)
def test_the_wait_began_in_the_past(telemetry: Telemetry, outcome: str, status: StatusCode) -> None:
    since = time.time() - 30
    observability.waited(LABELS, "task_1", since, outcome)
    (one,) = telemetry.spans("rivya.wait")
    assert one.start_time == int(since * 1e9)
    assert one.end_time is not None
    assert one.end_time - one.start_time >= 30e9
    assert one.status.status_code is status
    assert one.attributes is not None
    assert one.attributes["rivya.outcome"] == outcome


def test_an_airflow_without_any_of_it(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("airflow.sdk.observability.stats", "airflow.observability.stats", "airflow.stats"):
        monkeypatch.setitem(sys.modules, module, None)
    assert _compat.stats_in_worker() is None
    assert _compat.stats_in_triggerer() is None
    everything(LABELS)
    assert telemetry.worker.names == set()


def test_a_broken_backend_reaches_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("the collector is gone")

    broken = type("Module", (), {"Stats": Broken()})
    for module in (
        "airflow.sdk.observability.stats",
        "airflow.observability.stats",
    ):
        monkeypatch.setitem(sys.modules, module, broken)
    everything(LABELS)
