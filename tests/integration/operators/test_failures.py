"""
How a failed task ends in Airflow: its state, the class of its exception, and the XCom ``failure``.

One row for each kind of failure and each answer to "was it submitted"; what the messages say, and what a
retry does, is tried in tests/integration/generation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayUnavailableError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    OutputError,
    RateLimitedError,
    RequestRejectedError,
)
from tests.integration.conftest import Connect, NewTask
from tests.integration.gateways import RIVYA, TOAPIS, TestedGateway
from tests.integration.generate_tasks import with_short_pauses
from tests.integration.task_harness import TaskInstanceHarness, Try
from tests.sandbox_process import SandboxProcess


@dataclass(frozen=True)
class Given:
    """What a failure is made with."""

    new_task: NewTask
    connect: Connect
    sandbox: SandboxProcess
    gateway: TestedGateway

    def at_create(self, **fault: Any) -> None:
        self.connect(retries=0)
        self.sandbox.assume(toapis_refused_content="on_create")
        self.sandbox.fault(method="POST", path=self.gateway.create, **fault)


Fails = Callable[[Given], tuple[TaskInstanceHarness, Try]]


def at_once(**arguments: Any) -> Fails:
    def fails(given: Given) -> tuple[TaskInstanceHarness, Try]:
        run = given.new_task(**arguments)
        return run, run.run()

    return fails


def at_creation(**fault: Any) -> Fails:
    def fails(given: Given) -> tuple[TaskInstanceHarness, Try]:
        given.at_create(**fault)
        return at_once()(given)

    return fails


def on_the_resume(broken: Callable[[Given], None]) -> Fails:
    """Something goes wrong between the trigger's event and the resume."""

    def fails(given: Given) -> tuple[TaskInstanceHarness, Try]:
        run = given.new_task(deferrable=True)
        event = run.fire(run.begin())
        given.connect(retries=0)
        broken(given)
        return run, run.resume(event)

    return fails


def forgotten(given: Given) -> None:
    given.sandbox.assume(task_retention_seconds=1)
    given.sandbox.advance(5)


def unavailable(given: Given) -> None:
    given.sandbox.fault(method="GET", path=given.gateway.status, kind="status", status=500)


def revoked(given: Given) -> None:
    given.connect(key=given.gateway.revoked)


def damaged(given: Given) -> None:
    given.sandbox.fault(method="GET", path=given.gateway.results, kind="truncated", times=3)


def failing(**fault: Any) -> Fails:
    def fails(given: Given) -> tuple[TaskInstanceHarness, Try]:
        given.sandbox.fault(kind="generation_fails", **fault)
        return at_once()(given)

    return fails


def without_credits(given: Given) -> tuple[TaskInstanceHarness, Try]:
    given.sandbox.set_credits(0, given.gateway.name)
    return at_once()(given)


def in_conflict(given: Given) -> tuple[TaskInstanceHarness, Try]:
    """Somebody else has sent something else under the key."""
    given.at_create(kind="cut_after")
    run = given.new_task()
    run.run()
    run.record({**run.record(), "body": '{"model": "z-image", "prompt": "Other words"}'})
    return run, run.run()


def too_slow(given: Given) -> tuple[TaskInstanceHarness, Try]:
    given.sandbox.reset(speed=1)
    return at_once(timeout=timedelta(seconds=0.1))(given)


def with_an_unreadable_record(given: Given) -> tuple[TaskInstanceHarness, Try]:
    run, _ = too_slow(given)
    run.record({"version": 99})
    return run, run.run()


@dataclass(frozen=True)
class Row:
    """
    How a task fails.

    :param state: of the task instance after it, with two retries left.
    :param kind: and ``submitted``: of the XCom.
    """

    fails: Fails
    state: str
    error: type[GenerationError]
    kind: str
    submitted: bool | None
    gateway: TestedGateway = RIVYA


ROWS = {
    "a faulty request": Row(at_once(prompt=""), "failed", InvalidRequestError, "invalid_request", False),
    "a revoked key at the creation": Row(
        at_creation(kind="status", status=401, code=RIVYA.key_refused),
        "failed",
        AuthenticationError,
        "key",
        False,
    ),
    "a revoked key on the resume": Row(
        on_the_resume(revoked), "up_for_retry", AuthenticationError, "key", True
    ),
    "too few credits": Row(without_credits, "failed", InsufficientCreditsError, "credits", False),
    "a forgotten generation": Row(on_the_resume(forgotten), "up_for_retry", NotFoundError, "not_found", True),
    "a key in use": Row(in_conflict, "up_for_retry", IdempotencyConflictError, "conflict", None),
    "a refused request": Row(
        at_creation(kind="status", status=400), "failed", RequestRejectedError, "rejected", False
    ),
    "refused content": Row(
        at_creation(kind="content_refused"), "failed", RequestRejectedError, "rejected", False, TOAPIS
    ),
    "too many requests": Row(
        at_creation(kind="rate_limit"), "up_for_retry", RateLimitedError, "unavailable", False
    ),
    "a lost answer": Row(
        at_creation(kind="status", status=500), "up_for_retry", GatewayUnavailableError, "unavailable", None
    ),
    "an answer that is not found": Row(
        at_creation(kind="status", status=500), "failed", GatewayUnavailableError, "unavailable", None, TOAPIS
    ),
    "a gateway that is away on the resume": Row(
        on_the_resume(unavailable), "up_for_retry", GatewayUnavailableError, "unavailable", True
    ),
    "a refunded failure": Row(
        failing(refund=True), "up_for_retry", GenerationFailedError, "generation_failed", True
    ),
    "a charged failure": Row(
        failing(refund=False), "failed", GenerationFailedError, "generation_failed", True
    ),
    "a failure at a cost that nobody tells": Row(
        failing(), "failed", GenerationFailedError, "generation_failed", True, TOAPIS
    ),
    "a timeout": Row(too_slow, "up_for_retry", GenerationTimeoutError, "timeout", True),
    "a damaged result": Row(on_the_resume(damaged), "up_for_retry", OutputError, "output", True),
    "an unreadable record": Row(with_an_unreadable_record, "up_for_retry", GenerationError, "error", None),
}


@pytest.mark.parametrize(
    ("_tested", "row"), [(row.gateway, row) for row in ROWS.values()], indirect=["_tested"], ids=ROWS
)
def test_state_exception_and_xcom(
    new_task: NewTask,
    connect: Connect,
    sandbox: SandboxProcess,
    landing: Path,
    gateway: TestedGateway,
    row: Row,
) -> None:
    hasty = partial(new_task, operator=with_short_pauses(gateway.operator))
    run, done = row.fails(Given(hasty, connect, sandbox, gateway))
    assert done.state == row.state, done.text
    assert isinstance(done.error, row.error)
    assert isinstance(done.error, AirflowFailException) is (row.state == "failed")
    tasks = sandbox.tasks()
    assert run.xcom(key="failure") == {
        "kind": row.kind,
        "submitted": row.submitted,
        "generation_id": tasks[0]["id"] if row.submitted else None,
        "credits": run.xcom(key="failure")["credits"],
        "message": done.text,
    }
    assert run.xcom() is None
    assert list(landing.iterdir()) == []
