"""A submission that the gateway tells to come back later: it does, without a retry and without a slot."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_rivya import _compat
from airflow_provider_rivya._compat import TriggerEvent
from airflow_provider_rivya.api.exchange import LONGEST_PAUSE
from airflow_provider_rivya.decorators.rivya import rivya_generate_task
from airflow_provider_rivya.operators import deferral
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from airflow_provider_rivya.operators.toapis import ToApisBatchOperator
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.submission import turn
from tests.integration.conftest import Connect, Listener, NewTask, sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytestmark = at_each

TIMER = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
BUSY = {"kind": "rate_limit", "retry_after": 30}


def told(sandbox: SandboxProcess, gateway: TestedGateway, times: int = 1, **fault: Any) -> None:
    sandbox.fault(method="POST", path=gateway.create, times=times, **{**BUSY, **fault})


@pytest.mark.parametrize("store", ["durable", "not durable"])
def test_it_defers_and_submits_on_the_resume(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway, logs: Listener, store: str
) -> None:
    task = new_task(deferrable=True, durable=store == "durable")
    told(sandbox, gateway, times=2)
    first = task.begin()
    assert (first.state, first.error) == ("deferred", None)
    assert first.trigger is not None
    assert first.trigger[0] == TIMER
    assert len(sent(sandbox, "POST", gateway.create)) == 1
    assert any("Told to wait" in text and "its slot is free" in text for text in logs.warned)
    if store == "durable":
        assert task.record()["state"] == "withdrawn"
    second = task.resume(TriggerEvent(None))
    assert second.state == "deferred"
    assert second.trigger is not None
    assert second.trigger[0] == TIMER
    third = task.resume(TriggerEvent(None))
    done = task.resume(task.fire(third)) if third.state == "deferred" else third
    assert (done.state, done.error) == ("success", None)
    assert task.try_number() == 1
    made = sent(sandbox, "POST", gateway.create)
    assert [request["status"] for request in made] == [429, 429, made[-1]["status"]]
    assert made[-1]["status"] < 300
    assert task.xcom()["status"] == "succeeded"
    assert not any("may have been paid for" in text for text in logs.warned)


def test_the_pause_is_what_was_asked_for_or_more(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    timer = _compat.timer

    def noted(seconds: float) -> Any:
        pauses.append(seconds)
        return timer(seconds)

    monkeypatch.setattr(_compat, "timer", noted)
    told(sandbox, gateway, retry_after=LONGEST_PAUSE + 300)
    assert new_task(deferrable=True).begin().state == "deferred"
    told(sandbox, gateway, retry_after=None, times=2)
    connectionless = new_task(deferrable=True)
    assert connectionless.begin().state == "deferred"
    assert LONGEST_PAUSE + 300 <= pauses[0] <= LONGEST_PAUSE + 304
    assert 1 <= pauses[1] <= 5


def test_without_a_deferral_it_waits_on_the_worker(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway, logs: Listener
) -> None:
    class Impatient(gateway.operator):  # type: ignore[name-defined, misc]  # the class is the gateway's
        submission_pause = 0.15  # longer than our own pace takes for a turn at a sandbox

    told(sandbox, gateway, times=2, retry_after=0.3)
    done = new_task(operator=Impatient, deferrable=False).run()
    assert (done.state, done.error) == ("success", None)
    assert len([text for text in logs.warned if "Told to wait" in text]) == 2
    assert len(sent(sandbox, "POST", gateway.create)) == 3


def test_waiting_on_the_worker_ends_when_it_is_asked_to(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, waiting = StopFlag.wait, threading.Event()

    def stopped(self: StopFlag, seconds: float) -> bool:
        if seconds >= 30:
            waiting.set()
            self.set()  # as the handler of SIGTERM does
        return wait(self, seconds)

    monkeypatch.setattr(StopFlag, "wait", stopped)
    told(sandbox, gateway)
    task = new_task(deferrable=False)
    done = task.begin()
    assert waiting.is_set()
    assert done.state == "up_for_retry"
    assert "asked to stop before the request was sent" in done.text
    assert "Nothing was submitted and nothing was charged" in done.text
    assert task.run().state == "success"


def test_a_pause_beyond_the_timeout_ends_the_try(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    told(sandbox, gateway, retry_after=7200)
    done = new_task(deferrable=True, timeout=timedelta(hours=1)).begin()
    assert done.state == "up_for_retry"
    assert "a longer timeout" in done.text
    assert "Nothing was submitted and nothing was charged" in done.text


def test_the_timeout_counts_from_the_beginning(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sandbox, gateway, times=2)
    task = new_task(deferrable=True, timeout=timedelta(minutes=1))
    assert task.begin().state == "deferred"
    monkeypatch.setattr(deferral.Turn, "carried", lambda kwargs: deferral.Turn(kwargs["since"] - 40, 1))
    done = task.resume(TriggerEvent(None))
    assert done.state == "up_for_retry"
    assert "when this try is over" in done.text


@pytest.mark.parametrize("timeout", [True, False], ids=["its timeout", "its trigger died"])
def test_airflow_ends_the_deferral(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway, timeout: bool
) -> None:
    told(sandbox, gateway)
    task = new_task(deferrable=True)
    assert task.begin().state == "deferred"
    done = task.fail_deferral(timeout=timeout)
    assert done.state == "up_for_retry"
    assert "was submitted before the deferral" not in done.text
    assert task.run().state == "success"
    assert len(sent(sandbox, "POST", gateway.create)) == 2


def test_what_an_earlier_try_may_have_sent_is_not_forgotten(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    """A lost answer, and then a 429: whether it was taken in stays open over the pause."""
    sandbox.fault(method="POST", path=gateway.create, kind="answer_cut", times=1)
    told(sandbox, gateway, times=1)
    task = new_task(deferrable=False)
    done = task.run()
    if done.state != "success":
        assert task.record()["state"] in ("intent", "submitted")
        assert task.run().state == "success"
    ledger = sandbox.ledger()
    charges = (
        [entry for entry in ledger["entries"] if entry["kind"] == "reserve"] if "entries" in ledger else []
    )
    assert len(charges) <= 1


@pytest.mark.gateways("rivya")
def test_a_function_is_not_called_again(database: None, connect: Connect, sandbox: SandboxProcess) -> None:
    calls: list[int] = []

    def build() -> Any:
        @rivya_generate_task(task_id=MAKE, model="z-image", deferrable=True, retries=2, state_path=None)
        def make() -> dict[str, Any]:
            calls.append(1)
            return {"prompt": f"A boat, number {len(calls)}", "client_request_id": "row-7"}

        make()

    task = TaskInstanceHarness(build)
    sandbox.fault(method="POST", path="/api/v1/generations", **BUSY)
    assert task.begin().state == "deferred"
    again = task.resume(TriggerEvent(None))
    done = task.resume(task.fire(again)) if again.state == "deferred" else again
    assert done.state == "success"
    assert calls == [1]
    assert len(sandbox.tasks()) == 1


def test_short_pauses_are_waited_for(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    told(sandbox, gateway, retry_after=0.05)
    assert turn.SHORT > 0.05
    done = new_task(deferrable=True).begin()
    assert done.trigger is None or done.trigger[0] != TIMER


def test_a_batch_that_is_told_to_wait_holds_no_slot(
    new_task: NewTask, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    told(sandbox, gateway)
    now = time.time()
    task = new_task(
        operator={"rivya": RivyaBatchOperator, "toapis": ToApisBatchOperator}[gateway.name],
        rows=[{"sku": "p1", "title": "A lamp"}],
        row_key="sku",
        prompt="A photograph of {title}",
        manifest_format="jsonl",
        deferrable=True,
    )
    done = task.begin()
    assert done.state == "deferred", done.text
    assert done.trigger is not None
    assert done.trigger[1]["ids"] == {}
    assert now + 30 <= done.trigger[1]["resume_at"] <= now + 90
    done = task.resume(TriggerEvent({"status": "resume", "ended": [], "code": None}))
    while done.state == "deferred":
        done = task.resume(task.fire(done))
    assert done.state == "success", done.text
    assert task.try_number() == 1
    assert len(sandbox.tasks()) == 1
