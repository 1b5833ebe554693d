"""The submission record: lost, unreadable, old, of somebody else, or in a file."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.submission import decide as submission
from tests.integration.conftest import Connect, Listener, NewTask, sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.landed_files import CREATE
from tests.sandbox_process import SandboxProcess


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


@at_each
@pytest.mark.parametrize("document", [{"version": 99}, ["no record"], {"version": 1, "state": "intent"}])
def test_unreadable_record_stops_before_paying(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, document: Any
) -> None:
    connect(retries=0)
    sandbox.reset(speed=1)
    run = new_task(timeout=timedelta(seconds=0.1))
    assert run.run().state == "up_for_retry"
    whole = run.record(document)
    assert whole is not None
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert "could not be read" in done.text
    assert "nothing is submitted" in done.text
    assert charges(sandbox) == 1
    assert len(sent(sandbox, "POST", gateway.create)) == 1


def test_unreadable_record_goes_before_the_faults_of_the_request(
    new_task: NewTask, sandbox: SandboxProcess, connect: Connect
) -> None:
    """An earlier try may have paid: whether the request is right now is not the question."""
    connect(retries=0)
    sandbox.reset(speed=1)
    given: dict[str, Any] = {}
    run = new_task(given, timeout=timedelta(seconds=0.1))
    assert run.run().state == "up_for_retry"
    whole = run.record()
    run.record({"version": 99})
    given.update(prompt="", output_path="relative/")
    asked = len(sandbox.requests())
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert not isinstance(done.error, InvalidRequestError)
    assert "could not be read" in done.text
    assert "an earlier try may have paid already" in done.text
    assert run.xcom(key="failure")["submitted"] is None
    assert len(sandbox.requests()) == asked
    run.record(whole)
    sandbox.advance(60)
    given.update(output_path=None)
    assert run.run().state == "success"
    assert charges(sandbox) == 1


def test_a_folder_that_went_wrong_over_a_deferral_loses_nothing(
    new_task: NewTask, sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_STATE", f"{tmp_path}/state")
    run = new_task(state_path="{{ var.value.state }}", deferrable=True)
    deferred = run.begin()
    assert deferred.state == "deferred", deferred.text
    event = run.fire(deferred)
    monkeypatch.setenv("AIRFLOW_VAR_STATE", "state/")
    done = run.resume(event)
    assert done.state == "success", done.text
    assert len(run.xcom()["outputs"]) == 1
    assert charges(sandbox) == 1


@at_each
def test_unreadable_record_stops_nothing_that_is_paid_for(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    """The deferral carries the task id: its resume lands the result, whatever became of the record."""
    run = new_task(deferrable=True)
    event = run.fire(run.begin())
    run.record({"version": 99})
    done = run.resume(event)
    assert done.state == "success", done.text
    assert (
        "Going on without the submission record: the generation exists. The submission record of this task "
        "could not be read (UnreadableRecordError: "
    ) in logs.text
    (task,) = sandbox.tasks()
    assert run.xcom()["generation_id"] == task["id"]
    assert run.record() == {"version": 99}
    assert len(sent(sandbox, "POST", gateway.create)) == 1


def test_old_uncertain_submission_stops(new_task: NewTask, sandbox: SandboxProcess, connect: Connect) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    run = new_task()
    assert run.run().state == "up_for_retry"
    run.record({**run.record(), "begun_at": time.time() - submission.RESUBMIT_WINDOW - 60})
    done = run.run()
    assert done.state == "failed"
    assert "whether the gateway took it in is not known" in done.text
    assert charges(sandbox) == 1


def test_uncertain_submission_fails_on_request(
    new_task: NewTask, sandbox: SandboxProcess, connect: Connect
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    run = new_task(on_uncertain_submission="fail")
    assert run.run().state == "up_for_retry"
    assert run.run().state == "failed"
    assert charges(sandbox) == 1


def test_record_in_a_file(
    new_task: NewTask, sandbox: SandboxProcess, connect: Connect, tmp_path: Path
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    run = new_task(state_path=f"file://{tmp_path}/state")
    first = run.run()
    assert first.state == "up_for_retry", first.text
    (file,) = (tmp_path / "state").iterdir()
    assert '"state": "intent"' in file.read_text()
    assert run.run().state == "success"
    assert '"state": "delivered"' in file.read_text()
    assert charges(sandbox) == 1
    assert run.record() is None


@at_each
def test_unwritable_record_stops_before_paying(
    new_task: NewTask, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder")
    run = new_task(state_path=f"file://{tmp_path}/state")
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert "The submission record of this task could not be" in done.text
    assert sandbox.requests() == []


def test_generation_of_somebody_else(new_task: NewTask, sandbox: SandboxProcess, connect: Connect) -> None:
    """Two deployments on one account have the same ids: the other one's result is not taken for ours."""
    run = new_task()
    sandbox.fault(method="POST", path=CREATE, kind="cut_before")
    connect(retries=0)
    assert run.run().state == "up_for_retry"
    record = run.record()
    headers = {"Idempotency-Key": record["key"], "Content-Type": "application/json"}
    other = sandbox.request("POST", CREATE, body=record["body"].encode(), headers=headers)
    run.record({**record, "begun_at": record["begun_at"] + 3600})
    done = run.run()
    assert done.state == "failed", done.text
    assert other.json()["id"] in done.text
    assert "idempotency_namespace" in done.text
    assert run.xcom() is None
    assert charges(sandbox) == 1


@at_each
def test_without_a_record_the_messages_say_so(new_task: NewTask, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    run = new_task(durable=False, deferrable=False, timeout=timedelta(seconds=0.2))
    done = run.run()
    assert done.state == "up_for_retry"
    assert run.record() is None
    assert "No record survives this try: a retry would submit anew and may pay again" in done.text
    assert run.xcom(key="failure")["submitted"] is True


def test_without_a_record_a_later_try_claims_nothing_of_earlier_ones(
    new_task: NewTask, sandbox: SandboxProcess
) -> None:
    """The first try's answer is lost after it was charged; the second cannot submit."""
    run = new_task(durable=False)
    sandbox.fault(kind="cut_after", method="POST", path="/api/v1/generations", times=5)
    assert run.run().state == "up_for_retry"
    assert sandbox.ledger()["charges"] >= 1
    sandbox.control("DELETE", "faults")
    sandbox.fault(kind="rate_limit", method="POST", path="/api/v1/generations", times=9)
    second = run.run()
    assert second.state == "up_for_retry"
    assert "no record tells what an earlier try did" in second.text
    assert "Nothing was submitted and nothing was charged" not in second.text
    assert run.xcom(key="failure")["submitted"] is None
