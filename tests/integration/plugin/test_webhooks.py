"""Webhooks of ToAPIs: from the sandbox, over loopback, to tasks that wait in Airflow's database."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import Request

from airflow_provider_rivya._compat import TriggerEvent
from airflow_provider_rivya.plugin.webhooks import app as receiving
from airflow_provider_rivya.plugin.webhooks.secrets import Secrets
from airflow_provider_rivya.plugin.webhooks.waiting import Waiting
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import at
from tests.integration.plugin.conftest import Waits
from tests.integration.plugin.webhook_tools import (
    HOUR,
    SECRET,
    Receiver,
    delivered,
    generation_of,
    signed,
    stored,
    told_by,
    trigger_of,
)
from tests.sandbox_process import SandboxProcess

pytestmark = [at("toapis"), pytest.mark.filterwarnings("default")]


def test_an_event_wakes_the_task_and_it_asks_once(
    webhooks: SandboxProcess, waiting: Waits, logs: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    run, deferred = waiting()
    before = trigger_of(run)
    looks = f"/v1/images/generations/{generation_of(deferred)}"
    asked = len(sent(webhooks, "GET", looks))
    webhooks.advance(30)
    (delivery,) = delivered(webhooks)
    assert (delivery["status"], delivery["try"]) == (204, 1)
    after, now = trigger_of(run), stored(run)
    assert now.state == "deferred"
    assert now.trigger is not None
    assert deferred.trigger is not None
    assert now.trigger == (deferred.trigger[0], {**deferred.trigger[1], "event_id": delivery["id"]})
    assert after.id != before.id
    assert (after.created_date, after.triggerer_id) == (before.created_date, before.triggerer_id)
    # Without the event its first look would be in an hour.
    event = run.fire(now)
    assert event.payload["status"] == "succeeded"
    assert len(sent(webhooks, "GET", looks)) == asked + 1
    assert run.resume(event).state == "success"
    assert run.xcom()["status"] == "succeeded"
    said = logs.text + "".join(capfd.readouterr())
    assert "the gateway reports its end by an event" in said
    assert "Watching generation" not in said
    assert webhooks.ledger()["charges"] == 1


@pytest.mark.parametrize("signature", ["two_keys", "wrong", "missing"])
def test_what_is_not_signed_wakes_nobody(webhooks: SandboxProcess, waiting: Waits, signature: str) -> None:
    run, _ = waiting()
    webhooks.assume(toapis_webhook_signature=signature)
    webhooks.advance(30)
    (delivery,) = delivered(webhooks)
    assert delivery["status"] == (204 if signature == "two_keys" else 401)
    assert told_by(run) == (delivery["id"] if signature == "two_keys" else None)


def test_twice_is_as_once_and_late_finds_nobody(webhooks: SandboxProcess, waiting: Waits) -> None:
    run, _ = waiting()
    webhooks.assume(toapis_webhook_order="twice")
    webhooks.advance(30)
    delivered(webhooks)
    first = trigger_of(run).id
    webhooks.advance(10)
    assert [entry["status"] for entry in delivered(webhooks, 2)] == [204, 204]
    assert trigger_of(run).id == first
    assert webhooks.control("GET", "webhooks")["to_come"] == []
    webhooks.assume(toapis_webhook_order="late", toapis_webhook_timestamp="of_event")
    late, deferred = waiting()
    webhooks.advance(30)
    event = {"status": "succeeded", "task_id": generation_of(deferred), "code": None}
    assert late.resume(TriggerEvent(event)).state == "success"
    webhooks.advance(HOUR)
    assert delivered(webhooks, 3)[-1]["status"] == 204
    assert stored(late).state == "success"


def test_an_event_before_its_time_leaves_the_task_waiting(
    webhooks: SandboxProcess, receiver: Receiver, waiting: Waits
) -> None:
    run, deferred = waiting()
    assert receiver.tell(generation_of(deferred), "early").status == 204
    webhooks.advance(30)
    (delivery,) = delivered(webhooks)
    assert told_by(run) == delivery["id"]  # the true one wakes it once more


def test_what_cannot_be_taken_comes_again(
    webhooks: SandboxProcess, receiver: Receiver, waiting: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, deferred = waiting()

    def away(*_: Any) -> int:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(Waiting, "wake", away)
        webhooks.advance(30)
        assert delivered(webhooks)[0]["status"] == 503
        assert receiver.tell(generation_of(deferred), "mine").status == 503
    assert told_by(run) is None
    # Its time is old, but its id is known.
    assert receiver.tell(generation_of(deferred), "mine", age=7200).status == 204
    assert told_by(run) == "mine"
    webhooks.advance(10)
    assert delivered(webhooks, 2)[1]["status"] == 204
    assert told_by(run) == delivered(webhooks)[0]["id"]


async def test_what_is_sent_by_anybody_is_bounded(receiver: Receiver, logs: Listener) -> None:
    big = b"x" * (receiving.MOST_BYTES + 1)
    assert receiver.post(big, signed(big, "big", SECRET)).status == 413
    assert (answer := receiver.post(b"{}", {})).status == 401
    assert answer.body == b""
    assert receiver.post(b"", {}, "GET").status == 405
    headers = [(name.lower().encode(), text.encode()) for name, text in signed(b"", "slow", SECRET).items()]
    never: Any = asyncio.Event().wait
    slow = Request({"type": "http", "headers": headers}, never)
    impatient = receiving.Receiver(Secrets([], lambda _: {}), Waiting(ToApisTaskTrigger), read_within=0.1)
    assert (await impatient.receive(slow)).status_code == 408
    assert SECRET not in logs.text
    assert "was refused" in logs.text


def test_a_connection_without_a_secret_refuses_all(
    receiver: Receiver, connect: Connect, logs: Listener
) -> None:
    connect(webhook_secret="tiny-one")
    assert receiver.tell("task_1").status == 401
    assert "Webhooks for the connection 'toapis_default' are refused" in logs.text
    assert "tiny-one" not in logs.text
