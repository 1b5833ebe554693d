"""What a retry, a clear and a timeout do to a paid generation."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GenerationFailedError,
    GenerationTimeoutError,
    NotFoundError,
    OutputError,
)
from airflow_provider_rivya.waiting.decide import Finished
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.generation.conftest import NewJob
from tests.integration.landed_files import check_image
from tests.sandbox_process import SandboxProcess

REFUND = {"code": "generation_failed", "message": "no luck"}


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


# -- a retry -------------------------------------------------------------------------------------------


@at_each
@pytest.mark.parametrize("deferred", [True, False])
def test_timeout_and_the_retry_re_attaches(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener, deferred: bool
) -> None:
    sandbox.reset(speed=1)
    job = new_job(timeout=0.3)
    done = job.run(deferred=deferred)
    assert done.state == "retryable", done.text
    assert isinstance(done.error, GenerationTimeoutError)
    task_id = sandbox.tasks()[0]["id"]
    assert (
        f"Generation {task_id} goes on at the gateway and {gateway.reserved}. "
        "The next try (2 left) re-attaches to it and does not pay again." in done.text
    )
    sandbox.advance(30)
    assert job.run().result["generation_id"] == task_id
    assert f"re-attaching to generation {task_id}" in logs.text
    assert charges(sandbox) == 1


@at_each
def test_no_retry_left_says_so(new_job: NewJob, sandbox: SandboxProcess, logs: Listener) -> None:
    sandbox.reset(speed=1)
    job = new_job(timeout=0.2, retries=0)
    assert "No retry is left: clear the task, and the next try re-attaches to it" in job.run().text
    assert "This task has no retry left" in logs.text
    sandbox.advance(30)
    job.clear()
    assert job.run().state == "delivered"
    assert charges(sandbox) == 1


@at_each
def test_retry_with_other_words_delivers_what_was_paid_for(
    new_job: NewJob, sandbox: SandboxProcess, logs: Listener
) -> None:
    sandbox.reset(speed=1)
    job = new_job(prompt="first", timeout=0.2)
    assert job.run().state == "retryable"
    job.arguments["prompt"] = "second"
    sandbox.advance(30)
    assert job.run().state == "delivered"
    assert "The request renders differently" in logs.text
    assert [task["prompt"] for task in sandbox.tasks()] == ["first"]


@at_each
def test_output_place_gone_after_paying(new_job: NewJob, sandbox: SandboxProcess, landing: Path) -> None:
    job = new_job()
    waiting = job.defer()
    finished = job.watch(waiting)
    shutil.rmtree(landing)
    landing.write_text("a file in the place of the folder")
    done = job.resume(waiting, finished)
    assert done.state == "retryable", done.text
    assert isinstance(done.error, OutputError)
    assert "; its result is not lost" in done.text
    landing.unlink()
    landing.mkdir()
    check_image(job.run().result["outputs"][0])
    assert charges(sandbox) == 1


@at_each
def test_key_revoked_while_waiting(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect
) -> None:
    job = new_job()
    waiting = job.defer()
    finished = job.watch(waiting)
    connect(key=gateway.revoked)
    done = job.resume(waiting, finished)
    assert done.state == "retryable", done.text
    assert isinstance(done.error, AuthenticationError)
    assert "othing was charged" not in done.text
    connect()
    assert job.run().state == "delivered"
    assert charges(sandbox) == 1


# -- the gateway's verdict -----------------------------------------------------------------------------


@pytest.mark.parametrize("error", [REFUND, None], ids=["with a reason", "without"])
@pytest.mark.parametrize("deferred", [True, False])
def test_failed_and_refunded_is_made_anew(
    new_job: NewJob, sandbox: SandboxProcess, error: dict[str, str] | None, deferred: bool
) -> None:
    sandbox.fault(kind="generation_fails", error=error, refund=True)
    job = new_job()
    done = job.run(deferred=deferred)
    assert done.state == "retryable", done.text
    assert isinstance(done.error, GenerationFailedError)
    assert "It cost nothing (final credits 0)." in done.text
    assert "The next try (2 left) submits a new generation." in done.text
    assert ("no luck" if error else "the gateway gives no reason") in done.text
    assert job.run().state == "delivered"
    ledger = sandbox.ledger()
    assert (ledger["charges"], ledger["refunds"]) == (2, 1)
    assert len({entry["idempotency_key"] for entry in ledger["entries"]}) == 2
    assert job.record["attempt"] == 1


def test_failed_and_charged_is_not_made_anew(new_job: NewJob, sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="generation_fails", refund=False)
    job = new_job()
    done = job.run(deferred=True)
    assert done.state == "final"
    assert "It cost 1 credit although it failed." in done.text
    assert "No retry is made, as it would pay again" in done.text
    job.clear()  # a person may
    assert job.run().state == "delivered"
    assert charges(sandbox) == 2


def test_content_refused_is_not_repeated(new_job: NewJob, sandbox: SandboxProcess) -> None:
    refusal = {"code": "content_policy_violation", "message": "no"}
    sandbox.fault(kind="generation_fails", error=refusal, refund=True)
    done = new_job().run()
    assert done.state == "final"
    assert "the same content would be refused again" in done.text


@pytest.mark.parametrize("when", ["none", "later"])
def test_refund_switches(new_job: NewJob, sandbox: SandboxProcess, when: str) -> None:
    sandbox.assume(refund_on_failure=when, failed_error="null")
    sandbox.fault(kind="generation_fails")
    assert new_job().run().state == ("final" if when == "none" else "retryable")


@at_each
def test_the_gateway_forgets_the_task(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    job = new_job()
    waiting = job.defer()
    finished = job.watch(waiting)
    sandbox.assume(task_retention_seconds=1)
    sandbox.advance(5)
    done = job.resume(waiting, finished)
    assert done.state == "retryable"
    assert isinstance(done.error, NotFoundError)
    assert gateway.not_found in done.text
    assert sandbox.tasks()[0]["id"] in done.text
    assert charges(sandbox) == 1
    assert len(sent(sandbox, "POST", gateway.create)) == 1


# -- a clear -------------------------------------------------------------------------------------------


@at_each
def test_cleared_while_it_is_waited_for_re_attaches(new_job: NewJob, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    job = new_job()
    job.defer()
    job.clear()
    waiting = job.defer()
    sandbox.advance(30)
    assert job.resume(waiting, job.watch(waiting)).state == "delivered"
    assert charges(sandbox) == 1


@at_each
def test_cleared_after_delivery_is_made_anew(new_job: NewJob, sandbox: SandboxProcess, landing: Path) -> None:
    job = new_job()
    first = job.run().result
    job.clear()
    assert job.run().result["generation_id"] != first["generation_id"]
    assert charges(sandbox) == 2
    assert len(list(landing.iterdir())) == 2


@at_each
def test_cleared_after_delivery_is_reused_on_request(
    new_job: NewJob, sandbox: SandboxProcess, landing: Path
) -> None:
    job = new_job(on_rerun_after_delivery="reuse")
    first = job.run().result
    for file in landing.iterdir():
        file.unlink()
    job.clear()
    assert job.run().result["outputs"][0]["sha256"] == first["outputs"][0]["sha256"]
    assert charges(sandbox) == 1


@at_each
def test_a_clear_asks_once(new_job: NewJob, sandbox: SandboxProcess) -> None:
    """The retries after a clear are no clears: what it went on with is not made anew by them."""
    sandbox.reset(speed=1)
    job = new_job(timeout=0.2)
    assert job.run().state == "retryable"
    job.clear()
    assert job.run().state == "retryable"
    sandbox.advance(30)
    assert job.run().state == "delivered"
    assert charges(sandbox) == 1


@at_each
def test_cleared_with_another_request(new_job: NewJob, sandbox: SandboxProcess, logs: Listener) -> None:
    sandbox.reset(speed=1)
    job = new_job(prompt="first")
    job.defer()
    abandoned = sandbox.tasks()[0]["id"]
    job.arguments["prompt"] = "second"
    job.clear()
    waiting = job.defer()
    sandbox.advance(30)
    assert job.resume(waiting, job.watch(waiting)).state == "delivered"
    assert f"Left behind: generation {abandoned}" in logs.text
    assert sorted(task["prompt"] for task in sandbox.tasks()) == ["first", "second"]
    assert charges(sandbox) == 2


# -- what is asked of the gateway ----------------------------------------------------------------------


@at_each
def test_what_was_just_seen_as_ended_is_not_asked_for_again(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.reset(speed=1)
    job = new_job(timeout=0.2)
    assert job.run().state == "retryable"
    sandbox.advance(30)
    before = len(sandbox.requests())
    generation_id = job.run().result["generation_id"]
    reads = sent(sandbox, "GET", f"{gateway.create}/{generation_id}")
    asked = [entry for entry in sandbox.requests()[before:] if entry in reads]
    assert len(asked) == 1


@at_each
def test_a_resume_reads_the_generation_once(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    job = new_job()
    waiting = job.defer()
    job.watch(waiting)
    path = f"{gateway.create}/{waiting.submission.generation_id}"
    before = len(sent(sandbox, "GET", path))
    assert job.resume(waiting, Finished("succeeded")).state == "delivered"
    assert len(sent(sandbox, "GET", path)) == before + 1


# -- answers that were there before their request --------------------------------------------------------


def test_a_generation_of_somebody_else_is_refused_and_a_clear_makes_a_new_one(
    new_job: NewJob, sandbox: SandboxProcess
) -> None:
    """As when a DAG run was deleted and made again under its run id: no record, but the same key."""
    job = new_job()
    assert job.run().state == "delivered"
    (first,) = sandbox.tasks()
    job.lose_record()
    right, job.policy = job.policy, replace(job.policy, foreign_tolerance=-60.0)
    done = job.run()
    assert done.state == "final"
    assert f"answered with generation {first['id']}, which was created" in done.text
    assert "Clear the task: it then submits a new generation under a new key" in done.text
    assert job.record["state"] == "withdrawn"
    job.policy = right
    job.clear()
    assert job.run().state == "delivered"
    assert charges(sandbox) == 2
