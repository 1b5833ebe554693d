"""Open points of Rivya's create call, keys, credits, failures and limits: it works whichever way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.request.budget import Budget
from tests.integration.conftest import Connect
from tests.integration.gateways import RIVYA
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.open_points import (
    FILES,
    IN_DOUBT,
    KEYS,
    NO_USE,
    RESULTS,
    SUBMITTING,
    SWITCHES,
    Checks,
    check_turned,
    turned,
)
from tests.integration.job_harness import JobHarness
from tests.sandbox_process import SandboxProcess


def test_every_switch_is_turned() -> None:
    assert set(SWITCHES) == SUBMITTING | FILES | RESULTS | KEYS
    check_turned(globals(), SUBMITTING)


@pytest.fixture
def traced(new_job: NewJob, photo: Path) -> JobHarness:
    """A generation with a reference and a trace id."""
    return new_job(model="nano-banana-2", reference_media=str(photo), client_request_id="t-1")


@turned("create_status", "create_shape", "id_style")
def test_answered_otherwise(traced: JobHarness, check: Checks, sandbox: SandboxProcess, setting: Any) -> None:
    result = check.delivered(traced.run())
    (task,) = sandbox.tasks()
    assert result["generation_id"] == task["id"]
    assert result["credits_final"] == task["final_credits"]


@turned("client_request_id_echo")
def test_trace_id(traced: JobHarness, check: Checks, sandbox: SandboxProcess, setting: bool) -> None:
    check.delivered(traced.run())
    assert [task["client_request_id"] for task in sandbox.tasks()] == ["t-1"]


@turned("client_request_id_max_length", values=(None, 128, 127))
def test_long_trace_id(new_job: NewJob, check: Checks, setting: int | None) -> None:
    done = new_job(client_request_id="x" * 128).run()
    if setting == 127:
        told = ("128 characters, at most 127 are allowed", "validation_failed", NO_USE)
        check.ended(done, "final", *told)
    else:
        check.delivered(done)


@turned("insufficient_credits_status")
def test_no_credits(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: int) -> None:
    sandbox.set_credits(0)
    told = f"code insufficient_credits, HTTP {setting}, request id req_"
    check.ended(new_job().run(), "final", told, "Top the account up.", NO_USE)


@turned("balance_excludes_reservations")
def test_running_reservation(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: bool) -> None:
    sandbox.control("POST", "clock", {"speed": 1})
    sandbox.set_credits(10)
    sandbox.post(RIVYA.create, {"model": "z-image", "prompt": "Somebody else's"})
    job = new_job(budget=Budget(min_credits_left=9))
    if setting:
        told = "The account has 9 credits; after 1 for this generation fewer than min_credits_left=9"
        advice = "Top the account up, or lower min_credits_left."
        check.ended(job.run(), "final", told, advice, NO_USE, charges=1)
    else:
        waiting = job.defer()
        sandbox.advance(60)
        check.delivered(job.resume(waiting, job.watch(waiting)), charges=2)


@turned("failed_error")
def test_failure_without_a_reason(
    new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str
) -> None:
    sandbox.fault(kind="generation_fails")
    job = new_job()
    reason = "could not make this image" if setting == "object" else "The generation failed at the gateway"
    told = ("It cost nothing (final credits 0).", "The next try (2 left) submits a new generation.")
    check.ended(job.run(), "retryable", reason, *told, charges=1, refunds=1)
    check.delivered(job.run(), charges=2)


@turned("failed_code", values=("generation_failed", "content_policy_violation"))
def test_failure_code(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str) -> None:
    sandbox.fault(kind="generation_fails")
    job = new_job()
    done = job.run()
    if setting == "generation_failed":
        check.ended(done, "retryable", setting, "submits a new generation", charges=1, refunds=1)
        check.delivered(job.run(), charges=2)
    else:
        told = "No retry is made, as the same content would be refused again"
        check.ended(done, "final", setting, told, charges=1, refunds=1)


@turned("refund_on_failure")
def test_refund(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str) -> None:
    sandbox.fault(kind="generation_fails")
    job = new_job()
    done = job.run()
    if setting == "none":
        check.ended(done, "final", "No retry is made, as it would pay again", charges=1)
    else:
        told = "It cost nothing (final credits 0)."
        check.ended(done, "retryable", told, charges=1, refunds=int(setting == "full"))
        check.delivered(job.run(), charges=2)


@turned("refund_delay_seconds", values=(60, 100))
def test_late_refund(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: float) -> None:
    sandbox.assume(refund_on_failure="later")
    sandbox.fault(kind="generation_fails")
    job = new_job()
    check.ended(job.run(), "retryable", "It cost nothing (final credits 0).", charges=1)
    sandbox.advance(61)
    assert sandbox.ledger()["refunds"] == (1 if setting == 60 else 0)
    check.delivered(job.run(), charges=2)


@turned("rate_limit_per_window", values=(None, 1, 2))
def test_few_requests(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: int | None
) -> None:
    sandbox.assume(rate_limit_window_seconds=1)
    connect(retries=5)
    check.delivered(new_job().run())
    assert (429 in [entry["status"] for entry in sandbox.requests()]) is (setting is not None)


@turned("rate_limit_window_seconds", values=(60, 1))
def test_long_window(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: float) -> None:
    sandbox.assume(rate_limit_per_window=2)
    job = new_job()
    waiting = job.defer()
    sandbox.advance(1)  # it has ended when it is first looked at
    finished = job.watch(waiting)
    again = sandbox.get(f"{RIVYA.create}/{waiting.submission.generation_id}")
    assert again.status == (429 if setting == 60 else 200)
    sandbox.advance(setting)
    check.delivered(job.resume(waiting, finished))


@turned("retry_after")
def test_told_when_to_come_again(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: str
) -> None:
    sandbox.assume(rate_limit_per_window=1, rate_limit_window_seconds=1)
    connect(retries=5)
    check.delivered(new_job().run())
    assert 429 in [entry["status"] for entry in sandbox.requests()]


@turned("server_error_body")
def test_server_error(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: str
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=RIVYA.create, kind="status", status=500)
    job = new_job()
    done = job.run()
    check.ended(done, "retryable", "HTTP 500", IN_DOUBT)
    assert "<html" not in done.text
    check.delivered(job.run())


@turned("request_id_header")
def test_request_id(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: bool) -> None:
    sandbox.set_credits(0)
    check.ended(new_job().run(), "final", "request id req_", NO_USE)
