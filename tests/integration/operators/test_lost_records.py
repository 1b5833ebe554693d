"""What a failed task says of the money where no record of its generation can be written or read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowTaskTimeout
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import RecordStore
from tests import airflows
from tests.integration.conftest import Connect, Listener, NewTask
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("database", "connect")


class FailsUnforeseen(RivyaGenerateOperator):
    """Fails with what nobody foresaw, in its first try, after it has submitted."""

    errors: list[BaseException]

    def _run(self, *arguments: Any, **options: Any) -> Any:
        errors = self.errors

        class FailingHook(RivyaHook):
            def get_generation(self, *arguments: Any, **options: Any) -> Any:
                if errors:
                    raise errors.pop()
                return super().get_generation(*arguments, **options)

        self.hook_class = FailingHook  # type: ignore[misc]  # of this instance alone
        return super()._run(*arguments, **options)


class StoreThatFailsOnce:
    """A record store that cannot be written, once, when a task id is to be recorded."""

    def __init__(self, store: RecordStore, errors: list[BaseException]) -> None:
        self.durable, self.fenced, self.read = store.durable, store.fenced, store.read
        self._store, self._errors = store, errors

    def exchange(self, before: Record | None, after: Record | None) -> None:
        if after is not None and after.state == "submitted" and self._errors:
            raise self._errors.pop()
        self._store.exchange(before, after)


class FailsToRecord(RivyaGenerateOperator):
    """Cannot record, once, that its request was taken in."""

    errors: list[BaseException]

    def _job(self, context: Any, run: Any, *arguments: Any) -> Any:
        job = super()._job(context, run, *arguments)
        store = StoreThatFailsOnce(job.context.records._store, self.errors)
        run.job = replace(job, context=replace(job.context, records=RecordKeeper(store, self.conn_id)))
        return run.job


def one_of(operator: type[Any], error: BaseException, landing: Path, **arguments: Any) -> TaskInstanceHarness:
    errors = [error]
    place = {} if airflows.STATE_STORE else {"state_path": f"file://{landing.parent}/records/"}

    def build() -> None:
        task = operator(
            task_id=MAKE,
            model="z-image",
            prompt="A lighthouse",
            output_path=f"file://{landing}/",
            retries=2,
            retry_delay=timedelta(0),
            **place,
            **arguments,
        )
        task.errors = errors

    return TaskInstanceHarness(build, landing.parent / "records")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(RuntimeError("out of the blue"), "error"), (AirflowTaskTimeout("execution_timeout"), "timeout")],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
@pytest.mark.parametrize("durable", [True, False])
def test_an_unforeseen_error_after_it_has_submitted(
    sandbox: SandboxProcess, landing: Path, logs: Listener, error: BaseException, kind: str, durable: bool
) -> None:
    run = one_of(FailsUnforeseen, error, landing, durable=durable)
    assert run.run().state == "up_for_retry"
    (task,) = sandbox.tasks()
    then = (
        "The next try (2 left) re-attaches to it and does not pay again."
        if durable
        else "No record survives this try: a retry would submit a new generation and may pay again."
    )
    fate = f"Generation {task['id']} goes on at the gateway and 1 credit is reserved. {then}"
    said = f"{type(error).__name__}. {fate}"
    assert said in logs.text
    assert run.xcom(key="failure") == {
        "kind": kind,
        "submitted": True,
        "generation_id": task["id"],
        "credits": 1,
        "message": said,
    }


@pytest.mark.parametrize("timeout", [True, False])
def test_airflow_ends_the_deferral_of_a_task_without_a_record(
    new_task: NewTask, sandbox: SandboxProcess, timeout: bool
) -> None:
    sandbox.reset(speed=1)
    run = new_task(deferrable=True, durable=False)
    run.begin()
    done = run.fail_deferral(timeout=timeout)
    assert done.state == "up_for_retry"
    assert done.text.endswith(
        "A generation was submitted before the deferral and goes on at the gateway; its task id "
        "is in the log "
        "above. No record of it was found: a retry would submit a new generation and may pay again."
    )
    assert run.xcom(key="failure") == {
        "kind": "timeout",
        "submitted": True,
        "generation_id": None,
        "credits": None,
        "message": done.text,
    }


def test_an_answer_that_could_not_be_recorded_is_recorded_on_the_resume(
    sandbox: SandboxProcess, landing: Path, logs: Listener
) -> None:
    run = one_of(FailsToRecord, OSError("no space left"), landing, deferrable=True)
    begun = run.begin()
    (task,) = sandbox.tasks()
    assert f"Generation {task['id']} is submitted, but that could not be recorded" in logs.text
    assert begun.state == "deferred"
    assert run.record()["state"] == "intent"
    done = run.resume(run.fire(begun))
    assert done.state == "success", done.text
    assert (run.record()["state"], run.record()["generation_id"]) == ("delivered", task["id"])
    assert sandbox.ledger()["charges"] == 1


def test_a_record_place_that_is_gone_wrong_on_the_resume_is_not_the_end(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path
) -> None:
    """Another worker may lack what its place needs; the generation is paid for."""
    arguments: dict[str, Any] = {"deferrable": True, "state_path": f"file://{landing.parent}/records/"}
    run = new_task(arguments)
    begun = run.begin()
    arguments["state_path"] = "s4://records/"
    done = run.resume(run.fire(begun))
    assert done.state == "success", done.text
    assert sandbox.ledger()["charges"] == 1


def test_a_record_place_that_is_gone_wrong_on_a_retry_says_that_nothing_is_known(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.reset(speed=1)
    arguments: dict[str, Any] = {
        "timeout": timedelta(seconds=0.2),
        "state_path": f"file://{landing.parent}/records/",
    }
    run = new_task(arguments)
    assert run.run().state == "up_for_retry"
    arguments["state_path"] = "s4://records/"
    done = run.run()
    assert done.state == "failed", done.text
    assert "This try submitted nothing; what earlier ones have paid for is not known. Fix" in done.text
    assert run.xcom(key="failure")["submitted"] is None
    arguments["state_path"] = f"file://{landing.parent}/records/"
    sandbox.advance(60)
    run.clear()
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1


def test_a_connection_that_is_away_on_the_resume_is_not_the_end(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow says that there is no such connection where a secrets backend is away."""
    run = new_task(deferrable=True, durable=False)
    begun = run.begin()
    event = run.fire(begun)
    monkeypatch.delenv("AIRFLOW_CONN_RIVYA_DEFAULT")
    done = run.resume(event)
    assert done.state == "up_for_retry", done.text
    assert done.text.endswith(
        "The generation that was submitted before the deferral goes on at the gateway; its task id is in the "
        "log above. No record of it was found: a retry would submit a new generation and may pay again."
    )
    assert run.xcom(key="failure")["submitted"] is None
