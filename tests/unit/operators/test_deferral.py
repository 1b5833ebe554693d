"""What a deferral carries on to the resume: plain JSON, and the record, so that it is not read again."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

from airflow_provider_rivya.operators.deferral import DeferralState
from airflow_provider_rivya.submission.context import TryFacts
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.waiting.decide import Finished
from tests.unit.quick_gateway import QuickGateway, job_of, prepared_for
from tests.unit.state_store import StateStore

STATE = DeferralState(
    "task_1",
    "z-image",
    "/data/out/",
    None,
    since=1000.0,
    category="image",
    inputs=[["file", "/data/a.png"]],
    credits=5.0,
    record={"version": 1},
)
EVENT = {"task_id": "task_1", "status": "succeeded"}
TASK = SimpleNamespace(model="rendered again", output_path="/another/", output_conn_id="another")


def carried(state: DeferralState) -> dict[str, Any]:
    """Return what Airflow hands on: it has been JSON meanwhile."""
    document: dict[str, Any] = json.loads(json.dumps(state.to_kwargs()))
    return document


def test_what_is_carried_counts_and_not_what_renders_now() -> None:
    assert DeferralState.of(carried(STATE), EVENT, TASK) == STATE


def test_where_nothing_is_carried_the_task_and_the_event_tell() -> None:
    """``DAG.test()`` of Airflow 3.3 hands on nothing."""
    assert DeferralState.of({}, EVENT, TASK) == DeferralState(
        "task_1", "rendered again", "/another/", "another"
    )


def test_what_another_release_has_carried_is_passed_over() -> None:
    assert DeferralState.of({**carried(STATE), "unheard_of": 1}, EVENT, TASK) == STATE


def test_a_sensor_has_no_model() -> None:
    sensor = SimpleNamespace(output_path=None, output_conn_id=None)
    assert DeferralState.of({}, EVENT, sensor) == DeferralState("task_1", "", None, None)


def test_over_a_deferral_a_generation_makes_four_calls_to_the_state_store() -> None:
    store, client = StateStore(), QuickGateway(ends="processing")
    before = job_of(client, store)
    submission = before.submit(prepared_for(client))
    assert before.wait(submission, deadline=time.time() + 3600.0, here=0.0) is None
    record = submission.record
    assert before.context.records.stored
    state = DeferralState(
        submission.generation_id, record.model, None, None, credits=record.credits, record=record.to_json()
    )

    done = QuickGateway()
    state = DeferralState.of(carried(state), EVENT, TASK)
    after = job_of(done, store, TryFacts(resumed=True))
    resumed = after.resume(state.generation_id, state.model, state.credits, Record.from_json(state.record))
    assert resumed.record == record
    after.land(resumed, Finished("succeeded"), None)
    assert store.calls == ["get", "set intent", "set submitted", "set delivered"]
    assert (client.calls, done.calls) == (["create"], ["get"])
