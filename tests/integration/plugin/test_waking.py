"""Who is woken by an event of ToAPIs, and what it leaves as it was."""

from __future__ import annotations

import asyncio
import time

import pytest

from airflow_provider_rivya._compat import TriggerEvent
from airflow_provider_rivya.plugin.webhooks import app as receiving
from airflow_provider_rivya.plugin.webhooks.waiting import Waiting
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from tests.integration.conftest import Connect, Listener
from tests.integration.gateways import TOAPIS, TestedGateway, at
from tests.integration.plugin.conftest import Waits
from tests.integration.plugin.webhook_tools import (
    HOUR,
    Receiver,
    generation_of,
    stored,
    told_by,
    trigger_of,
)
from tests.integration.task_harness import MAKE, TaskInstanceHarness, Try
from tests.sandbox_process import SandboxProcess

pytestmark = [at("toapis"), pytest.mark.filterwarnings("default")]


async def test_a_trigger_that_was_told_too_early_looks_once_and_goes_on(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    logs: Listener,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.lines.clear()
    sandbox.reset(speed=1)
    hook = gateway.hook()
    made = hook.create_generation(hook.api.request_body(gateway.model, "A bicycle", {})).id
    hook.close()
    now = time.time()
    old = ToApisTaskTrigger(made, gateway.conn_id, "image", now, now + HOUR)
    new = ToApisTaskTrigger(made, gateway.conn_id, "image", now, now + HOUR, event_id="early")
    running = asyncio.ensure_future(anext(new.run()))
    async with asyncio.timeout(30):
        await logs.said(f"Generation {made}: ")
        await old.on_kill()
        assert "no longer watched" not in logs.text + "".join(capfd.readouterr())
        sandbox.advance(30)
        assert (await running).payload["status"] == "succeeded"
    await new.on_kill()
    assert "no longer watched" in logs.text + "".join(capfd.readouterr())


def test_who_is_woken(receiver: Receiver, waiting: Waits) -> None:
    run, deferred = waiting()
    mine = generation_of(deferred)
    # Another account's event, an unknown task, an old one, other kinds: nobody.
    for refused in (
        receiver.tell(mine, "forged", secret="x" * 32),
        receiver.tell(mine, "old", age=301),
        receiver.tell(mine, "future", age=-330),
    ):
        assert (refused.status, refused.body) == (401, b"")
    for taken in (
        receiver.tell(mine, "foreign", secret="o" * 32),
        receiver.tell("task_unknown", "unknown"),
        receiver.tell({"a": 1}, "shape"),
        receiver.tell(mine, "test", kind="endpoint.test"),
    ):
        assert (taken.status, taken.body) == (204, b"")
    assert told_by(run) is None
    # What has come in time is known by its id, however old a repeat is.
    assert receiver.tell(mine, "evt_1").status == 204
    assert told_by(run) == "evt_1"
    assert receiver.tell(mine, "evt_1", age=7200).status == 204
    # Another process of the API server knows the event by the trigger that it has made.
    woken = trigger_of(run).id
    receiving.app.cache_clear()
    assert receiver.tell(mine, "evt_1").status == 204
    assert trigger_of(run).id == woken


def test_all_who_wait_for_it_are_woken(receiver: Receiver, waiting: Waits) -> None:
    run, deferred = waiting()
    mine = generation_of(deferred)
    sensor = TaskInstanceHarness(lambda: TOAPIS.sensor(task_id=MAKE, generation_id=mine, deferrable=True))
    watching = sensor.begin()
    assert watching.state == "deferred", watching.text
    assert receiver.tell(mine).status == 204
    assert (told_by(run), told_by(sensor)) == ("evt_1", "evt_1")


def test_an_event_beside_the_triggers_own_or_a_clear_changes_nothing(waiting: Waits) -> None:
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session

    who = Waiting(ToApisTaskTrigger)
    run, deferred = waiting()
    mine, old = generation_of(deferred), trigger_of(run).id
    assert who.wake(["toapis_default"], mine, "evt_1") == 1
    # The old trigger fires too late: its task has the new one.
    Trigger.submit_event(old, TriggerEvent({"status": "failed"}))
    assert (stored(run).state, told_by(run)) == ("deferred", "evt_1")
    Trigger.clean_unused()
    with create_session() as session:
        assert session.get(Trigger, old) is None
    # It has fired, and the event comes after it.
    new = trigger_of(run).id
    Trigger.submit_event(new, TriggerEvent({"status": "succeeded"}))
    assert who.wake(["toapis_default"], mine, "evt_2") == 0
    assert stored(run) == Try("scheduled", None, None)
    with create_session() as session:
        assert [each.id for each in session.query(Trigger).filter(Trigger.id >= new)] == [new]
    # Cleared: the row of the trigger may be there for a while.
    cleared, deferred = waiting()
    with create_session() as session:
        cleared._instance(session, MAKE, -1).state = None
    assert who.wake(["toapis_default"], generation_of(deferred), "evt_3") == 0
    Trigger.clean_unused()
    assert who.wake(["toapis_default"], generation_of(deferred), "evt_4") == 0


def test_an_id_of_a_trigger_that_is_given_again_is_no_old_friend(waiting: Waits) -> None:
    """As SQLite does."""
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session

    who = Waiting(ToApisTaskTrigger)
    first, gone = waiting()
    assert who.wake(["toapis_default"], generation_of(gone), "evt_1") == 1
    reused = trigger_of(first).id
    with create_session() as session:
        first._instance(session, MAKE, -1).trigger_id = None
    Trigger.clean_unused()
    second, deferred = waiting()
    row = trigger_of(second)
    with create_session() as session:
        instance = second._instance(session, MAKE, -1)
        instance.trigger_id = None
        session.flush()
        session.query(Trigger).filter(Trigger.id == row.id).update({"id": reused})
        instance.trigger_id = reused
    assert who.wake(["toapis_default"], generation_of(gone), "evt_2") == 0
    assert told_by(second) is None
    assert who.wake(["toapis_default"], generation_of(deferred), "evt_3") == 1
    assert told_by(second) == "evt_3"
