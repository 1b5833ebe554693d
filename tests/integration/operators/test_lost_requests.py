"""What a task says of the money an earlier try has paid, where its request cannot be made or is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import InvalidRequestError
from tests import airflows
from tests.integration.conftest import Connect, Listener, NewTask
from tests.integration.gateways import RIVYA
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("database", "connect")


def test_cleared_when_its_reference_is_gone_names_what_is_paid_for(
    new_task: NewTask, sandbox: SandboxProcess, photo: Path, landing: Path
) -> None:
    sandbox.reset(speed=1)
    run = new_task(
        model="nano-banana-2", reference_media=str(photo), timeout=timedelta(seconds=0.2), retries=0
    )
    assert run.run().state == "failed"
    (task,) = sandbox.tasks()
    kept = photo.read_bytes()
    photo.unlink()
    run.clear()
    done = run.run()
    assert done.state == "failed"
    assert isinstance(done.error, InvalidRequestError)
    assert done.text.endswith(
        f"This try submitted nothing; an earlier one has left generation {task['id']} (submitted), which may "
        "be running and was paid for. Fix the request and clear the task: the same request goes on with "
        "that. Or fetch the result by its task id. A retry would not help, so none is made."
    )
    known = {"kind": "invalid_request", "submitted": True, "generation_id": task["id"], "credits": 5}
    assert run.xcom(key="failure") == {**known, "message": str(done.error)}
    photo.write_bytes(kept)
    sandbox.advance(60)
    run.clear()
    assert run.run().state == "success"
    assert run.xcom()["generation_id"] == task["id"]
    assert sandbox.ledger()["charges"] == 1


def test_a_refused_new_generation_is_not_the_failed_one_before_it(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    run = new_task()
    sandbox.fault(kind="generation_fails", path="*/generations", refund=True)
    assert run.run().state == "up_for_retry"
    (task,) = sandbox.tasks()
    assert run.xcom(key="failure")["generation_id"] == task["id"]
    sandbox.fault(kind="rate_limit", method="POST", path=RIVYA.create)
    done = run.run()
    assert (
        "Nothing was submitted and nothing was charged. The next try (1 left) submits the request."
        in done.text
    )
    assert run.xcom(key="failure") == {
        "kind": "unavailable",
        "submitted": False,
        "generation_id": None,
        "credits": None,
        "message": str(done.error),
    }
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] - sandbox.ledger()["refunds"] == 1


@pytest.mark.parametrize("final", [True, False])
def test_what_a_decorated_function_raises_on_a_retry_does_not_leave_the_result_behind(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path, logs: Listener, final: bool
) -> None:
    from airflow_provider_rivya.decorators.rivya import rivya_generate_task

    calls: list[int] = []

    def prompt() -> str:
        calls.append(1)
        if len(calls) > 1:
            raise AirflowFailException("no more") if final else KeyError("row")
        return "A lighthouse"

    def build() -> None:
        rivya_generate_task(
            task_id=MAKE,
            model="z-image",
            output_path=f"file://{landing}/",
            state_path=f"file://{landing.parent}/records/",
            timeout=timedelta(seconds=0.2),
            retries=2,
            retry_delay=timedelta(0),
        )(prompt)()

    sandbox.reset(speed=1)
    run = TaskInstanceHarness(build, landing.parent / "records")
    assert run.run().state == "up_for_retry"
    sandbox.advance(60)
    done = run.run()
    assert done.state == ("failed" if final else "success"), done.text
    (task,) = sandbox.tasks()
    used = f"The request could not be made now, but what an earlier try submitted ({task['id']}) is used. "
    assert (f"{used}KeyError" in logs.text) is not final
    assert sandbox.ledger()["charges"] == 1


def test_a_skip_names_what_it_leaves(sandbox: SandboxProcess, landing: Path, logs: Listener) -> None:
    from airflow_provider_rivya._compat import AirflowSkipException
    from airflow_provider_rivya.decorators.rivya import rivya_generate_task

    calls: list[int] = []

    def prompt() -> str:
        calls.append(1)
        if len(calls) > 1:
            raise AirflowSkipException("no need any more")
        return "A lighthouse"

    place: Any = {} if airflows.STATE_STORE else {"state_path": f"file://{landing.parent}/records/"}

    def build() -> None:
        rivya_generate_task(
            task_id=MAKE,
            model="z-image",
            output_path=f"file://{landing}/",
            timeout=timedelta(seconds=0.2),
            retries=2,
            retry_delay=timedelta(0),
            **place,
        )(prompt)()

    sandbox.reset(speed=1)
    run = TaskInstanceHarness(build, landing.parent / "records")
    assert run.run().state == "up_for_retry"
    assert run.run().state == "skipped"
    (task,) = sandbox.tasks()
    assert (
        f"The task ends here as its function says, and leaves generation {task['id']} (submitted), "
        "which may be "
        "running and was paid for. Fetch its result by its task id." in logs.text
    )


def test_a_refused_new_request_names_the_running_one_beside_it(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    sandbox.reset(speed=1)
    given: dict[str, Any] = {"timeout": timedelta(seconds=0.2)}
    run = new_task(given)
    assert run.run().state == "up_for_retry"
    (task,) = sandbox.tasks()
    given["prompt"] = "Something else"
    run.clear()
    sandbox.fault(kind="rate_limit", method="POST", path=RIVYA.create)
    done = run.run()
    assert (
        "This try submitted nothing and was charged nothing; an earlier one has left generation "
        f"{task['id']} "
        "(submitted), which may be running and was paid for. The next try (2 left) submits the request."
        in done.text
    )
    failure = run.xcom(key="failure")
    assert (failure["submitted"], failure["generation_id"]) == (True, task["id"])


def test_cleared_to_land_once_more_when_its_reference_is_gone_names_what_was_delivered(
    new_task: NewTask, sandbox: SandboxProcess, photo: Path
) -> None:
    run = new_task(
        model="nano-banana-2", reference_media=str(photo), on_rerun_after_delivery="reuse", retries=0
    )
    assert run.run().state == "success"
    (task,) = sandbox.tasks()
    photo.unlink()
    run.clear()
    done = run.run()
    assert done.state == "failed"
    assert (
        f"an earlier one has left generation {task['id']} (delivered), which was paid for. Fix" in done.text
    )
    assert run.xcom(key="failure")["submitted"] is True
