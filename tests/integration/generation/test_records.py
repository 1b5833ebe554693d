"""The submission record: lost, unreadable, old, of somebody else, unwritable, or none at all."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.submission.decide import RESUBMIT_WINDOW
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import RIVYA, TestedGateway, at_each
from tests.integration.generation.conftest import NewJob
from tests.sandbox_process import SandboxProcess


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


@at_each
@pytest.mark.parametrize("document", [{"version": 99}, ["no record"], {"version": 1, "state": "intent"}])
def test_unreadable_record_stops_before_paying(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, document: Any
) -> None:
    connect(retries=0)
    sandbox.reset(speed=1)
    job = new_job(timeout=0.1)
    assert job.run().state == "retryable"
    job.change_record(document)
    done = job.run()
    assert done.state == "retryable", done.text
    assert "could not be read" in done.text
    assert "nothing is submitted" in done.text
    assert charges(sandbox) == 1
    assert len(sent(sandbox, "POST", gateway.create)) == 1


@at_each
def test_unreadable_record_stops_nothing_that_is_paid_for(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    """The deferral carries the task id: its resume lands the result, whatever became of the record."""
    job = new_job()
    waiting = job.defer()
    finished = job.watch(waiting)
    job.change_record({"version": 99})
    done = job.resume(waiting, finished)
    (task,) = sandbox.tasks()
    assert done.result["generation_id"] == task["id"]
    assert (
        "Going on without the submission record: the generation exists. The submission record of this task "
        "could not be read (UnreadableRecordError: "
    ) in logs.text
    assert job.record["version"] == 99
    assert len(sent(sandbox, "POST", gateway.create)) == 1


def test_old_uncertain_submission_stops(new_job: NewJob, sandbox: SandboxProcess, connect: Connect) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=RIVYA.create, kind="cut_after")
    job = new_job()
    assert job.run().state == "retryable"
    job.change_record({**job.record, "begun_at": time.time() - RESUBMIT_WINDOW - 60})
    done = job.run()
    assert done.state == "final"
    assert "whether the gateway accepted it is not known" in done.text
    assert charges(sandbox) == 1


def test_uncertain_submission_fails_on_request(
    new_job: NewJob, sandbox: SandboxProcess, connect: Connect
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=RIVYA.create, kind="cut_after")
    job = new_job(on_uncertain_submission="fail")
    assert job.run().state == "retryable"
    assert job.run().state == "final"
    assert charges(sandbox) == 1


@at_each
def test_unwritable_record_stops_before_paying(new_job: NewJob, sandbox: SandboxProcess) -> None:
    job = new_job()
    job.records.parent.mkdir()
    job.records.write_text("a file in the place of the folder")
    done = job.run()
    assert done.state == "retryable", done.text
    assert "The submission record of this task could not be" in done.text
    assert sandbox.requests() == []


def test_generation_of_somebody_else(new_job: NewJob, sandbox: SandboxProcess, connect: Connect) -> None:
    """Two deployments on one account have the same ids: the other one's result is not taken for ours."""
    job = new_job()
    sandbox.fault(method="POST", path=RIVYA.create, kind="cut_before")
    connect(retries=0)
    assert job.run().state == "retryable"
    record = job.record
    headers = {"Idempotency-Key": record["key"], "Content-Type": "application/json"}
    other = sandbox.request("POST", RIVYA.create, body=record["body"].encode(), headers=headers)
    later = {name: record[name] + 3600 for name in ("begun_at", "not_before")}
    job.change_record({**record, **later})
    done = job.run()
    assert done.state == "final", done.text
    assert other.json()["id"] in done.text
    assert "idempotency_namespace" in done.text
    assert charges(sandbox) == 1


@pytest.mark.parametrize("ahead", [3600, -3600])
def test_the_clock_of_another_worker_makes_nothing_somebody_elses(
    new_job: NewJob, sandbox: SandboxProcess, connect: Connect, ahead: float
) -> None:
    """The first try's worker had a wrong clock, the second one's is right."""
    sandbox.fault(method="POST", path=RIVYA.create, kind="cut_after")
    connect(retries=0)
    job = new_job()
    assert job.run().state == "retryable"
    job.change_record({**job.record, "begun_at": job.record["begun_at"] + ahead})
    assert job.run().state == "delivered"
    assert charges(sandbox) == 1


@at_each
def test_without_a_record_the_messages_say_so(new_job: NewJob, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    job = new_job(durable=False, timeout=0.2)
    done = job.run()
    assert done.state == "retryable"
    assert job.record is None
    assert "No record survives this try: a retry would submit a new generation and may pay again" in done.text


def test_without_a_record_a_later_try_claims_nothing_of_earlier_ones(
    new_job: NewJob, sandbox: SandboxProcess, connect: Connect
) -> None:
    """The first try's answer is lost after it was charged; the second cannot submit."""
    connect(retries=0)
    job = new_job(durable=False)
    sandbox.fault(kind="cut_after", method="POST", path=RIVYA.create)
    assert job.run().state == "retryable"
    assert charges(sandbox) == 1
    sandbox.fault(kind="rate_limit", method="POST", path=RIVYA.create)
    second = job.run()
    assert second.state == "retryable"
    assert "no record says what an earlier try did" in second.text
    assert "Nothing was submitted and nothing was charged" not in second.text


def test_without_a_record_a_failed_generation_is_followed_by_a_new_one(
    new_job: NewJob, sandbox: SandboxProcess, logs: Listener
) -> None:
    """The gateway replays the key of the first try, and with it the failure."""
    job = new_job(durable=False)
    sandbox.fault(kind="generation_fails", path="*/generations", refund=True)
    assert job.run().state == "retryable"
    (failed,) = sandbox.tasks()
    assert job.run().state == "delivered"
    assert (
        f"Generation {failed['id']} is an earlier try's, which had failed and cost nothing: a new one is "
        "submitted." in logs.text
    )
    assert len(sandbox.tasks()) == 2
    assert len({request["idempotency_key"] for request in sent(sandbox, "POST", RIVYA.create)}) == 2
    assert sandbox.ledger()["charges"] - sandbox.ledger()["refunds"] == 1


# -- two live copies of one task -------------------------------------------------------------------------


class Heard(logging.Handler):
    """Sets an event as soon as a line is said."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line, self.event = line, threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.line in record.getMessage():
            self.event.set()


def test_a_copy_leaves_it_to_the_first_one_to_send(new_job: NewJob, sandbox: SandboxProcess) -> None:
    """It finds the intent while the first one is sending that, and goes on with its answer."""
    one, other = new_job(), new_job()
    other.records = one.records
    sending, waiting = threading.Event(), Heard("Another try may be sending its request")

    class Slow(RivyaHook):
        def create_generation(self, *arguments: Any, **options: Any) -> Any:
            sending.set()
            assert waiting.event.wait(20), "the copy does not wait"
            return super().create_generation(*arguments, **options)

    one.hook = Slow
    machine = logging.getLogger("airflow_provider_rivya.submission.machine")
    machine.addHandler(waiting)
    try:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(one.run)
            assert sending.wait(20)
            second = other.run()
            assert (first.result().state, second.state) == ("delivered", "delivered")
    finally:
        machine.removeHandler(waiting)
    assert len(sent(sandbox, "POST", RIVYA.create)) == 1
    assert charges(sandbox) == 1
