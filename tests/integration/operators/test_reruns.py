"""
What Airflow's retries, clears, timeouts and renderings do to a paid generation.

What the job makes of them at each gateway is in tests/integration/generation/test_reruns.py.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    ConnectionConfigError,
    GenerationTimeoutError,
    OutputError,
)
from tests import airflows
from tests.integration.conftest import Connect, Listener, NewTask
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


# -- a retry -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [True, False])
def test_timeout_and_the_retry_re_attaches(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener, deferrable: bool
) -> None:
    sandbox.reset(speed=1)
    run = new_task(timeout=timedelta(seconds=0.3), deferrable=deferrable)
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert isinstance(done.error, GenerationTimeoutError)
    task_id = sandbox.tasks()[0]["id"]
    assert (
        f"Generation {task_id} goes on at the gateway and {gateway.reserved}. "
        "The next try (2 left) re-attaches to it and does not pay again." in done.text
    )
    sandbox.advance(30)
    assert run.run().state == "success"
    assert f"re-attaching to generation {task_id}" in logs.text
    assert charges(sandbox) == 1
    assert run.xcom()["generation_id"] == task_id


def test_no_retry_left_says_so(new_task: NewTask, sandbox: SandboxProcess, logs: Listener) -> None:
    sandbox.reset(speed=1)
    run = new_task(timeout=timedelta(seconds=0.2), retries=0)
    done = run.run()
    assert done.state == "failed"
    assert "No retry is left: clear the task, and the next try re-attaches to it" in done.text
    assert "This task has no retry left" in logs.text
    sandbox.advance(30)
    run.clear()
    assert run.run().state == "success"
    assert charges(sandbox) == 1


@at_each
@pytest.mark.parametrize("timeout", [True, False])
def test_airflow_ends_the_deferral(new_task: NewTask, sandbox: SandboxProcess, timeout: bool) -> None:
    sandbox.reset(speed=1)
    run = new_task(deferrable=True)
    run.begin()
    done = run.fail_deferral(timeout=timeout)
    assert done.state == "up_for_retry", done.text
    assert isinstance(done.error, GenerationTimeoutError)
    assert ("its timeout passed" if timeout else "the trigger failed") in done.text
    assert sandbox.tasks()[0]["id"] in done.text
    assert "re-attaches to it and does not pay again" in done.text
    sandbox.advance(30)
    assert run.run().state == "success"
    assert charges(sandbox) == 1


@at_each
def test_retry_without_its_reference(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> None:
    sandbox.reset(speed=1)
    run = new_task(model=gateway.references[0], reference_media=str(photo), timeout=timedelta(seconds=0.2))
    assert run.run().state == "up_for_retry"
    photo.unlink()
    sandbox.advance(30)
    done = run.run()
    assert done.state == "success", done.text
    assert charges(sandbox) == 1


def test_output_place_gone_after_paying(new_task: NewTask, sandbox: SandboxProcess, landing: Path) -> None:
    run = new_task(deferrable=True)
    event = run.fire(run.begin())
    shutil.rmtree(landing)
    landing.write_text("a file in the place of the folder")
    assert run.resume(event).state == "up_for_retry"
    again = run.run()  # still so: not final, and not paid again
    assert again.state == "up_for_retry", again.text
    assert isinstance(again.error, OutputError)
    assert "does not pay again" in again.text
    landing.unlink()
    landing.mkdir()
    assert run.run().state == "success"
    assert charges(sandbox) == 1


def test_output_path_is_the_one_of_the_submission(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path, tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {"deferrable": True}
    run = new_task(arguments)
    deferred = run.begin()
    arguments["output_path"] = f"file://{tmp_path}/elsewhere/"
    assert run.resume(run.fire(deferred)).state == "success"
    assert len(list(landing.iterdir())) == 1
    assert not (tmp_path / "elsewhere").exists()


@at_each
def test_connection_gone_while_waiting(new_task: NewTask, sandbox: SandboxProcess, connect: Connect) -> None:
    run = new_task(deferrable=True)
    event = run.fire(run.begin())
    connect(key=None)
    done = run.resume(event)
    assert done.state == "up_for_retry", done.text
    assert isinstance(done.error, ConnectionConfigError)
    assert "othing was charged" not in done.text
    # A file's name depends on the connection: whether there is one is not known without it.
    assert run.xcom(key="failure")["submitted"] is (True if airflows.STATE_STORE else None)
    connect()
    assert run.run().state == "success"
    assert charges(sandbox) == 1


# -- a clear -------------------------------------------------------------------------------------------


def test_cleared_while_running_re_attaches(new_task: NewTask, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    run = new_task(deferrable=True)
    assert run.begin().state == "deferred"
    run.clear()
    deferred = run.begin()
    assert deferred.state == "deferred"
    sandbox.advance(30)
    assert run.resume(run.fire(deferred)).state == "success"
    assert charges(sandbox) == 1


def test_cleared_after_delivery_is_made_anew(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path
) -> None:
    run = new_task()
    assert run.run().state == "success"
    first = run.xcom()["generation_id"]
    run.clear()
    assert run.run().state == "success"
    assert run.xcom()["generation_id"] != first
    assert charges(sandbox) == 2
    assert len(list(landing.iterdir())) == 2


def test_a_clear_asks_once(new_task: NewTask, sandbox: SandboxProcess) -> None:
    """The retries after a clear are no clears: what it went on with is not made anew by them."""
    sandbox.reset(speed=1)
    run = new_task(timeout=timedelta(seconds=0.2))
    assert run.run().state == "up_for_retry"
    run.clear()
    assert run.run().state == "up_for_retry"
    sandbox.advance(30)
    assert run.run().state == "success"
    assert charges(sandbox) == 1


@pytest.mark.parametrize("executor", ["success", None])
def test_cleared_on_the_worker_with_another_request(
    new_task: NewTask, sandbox: SandboxProcess, logs: Listener, executor: str | None
) -> None:
    """Before 3.4 Airflow counts it as a clear only where the executor reports a success of the process."""
    counts = executor is not None or airflows.TRIES_APART
    sandbox.reset(speed=1)
    arguments: dict[str, Any] = {"timeout": timedelta(seconds=0.2), "prompt": "first"}
    run = new_task(arguments)
    assert run.run().state == "up_for_retry"
    arguments["prompt"] = "second"
    run.clear_running(executor=executor)
    sandbox.advance(30)
    assert run.begin().state in ("up_for_retry", "success")
    sandbox.advance(30)
    assert not counts or run.run().state == "success"
    prompts = sorted(task["prompt"] for task in sandbox.tasks())
    if not counts:
        assert prompts == ["first"]
        assert "The request renders differently" in logs.text
        assert "clear it again when it has ended" in logs.text
    else:
        assert prompts == ["first", "second"]
        assert "The task was cleared and asks for something else now. Left behind: generation" in logs.text


# -- a request that cannot be made any more ------------------------------------------------------------


@at_each
def test_a_reference_that_is_gone_does_not_lose_a_paid_result(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    sandbox.reset(speed=1)
    task: dict[str, Any] = {"deferrable": False, "timeout": timedelta(seconds=0.2)}
    run = new_task(task)
    assert run.run().state == "up_for_retry"
    sandbox.advance(30)
    task.update(reference_media=f"{sandbox.url}/gone.png", model=gateway.references[0])
    done = run.run()
    assert done.state == "success", done.text
    assert "The request could not be made now, but what an earlier try submitted" in logs.text
    assert charges(sandbox) == 1
