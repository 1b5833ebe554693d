"""
The submission record of a task: in Airflow's state store or in a file, broken, and how often it is touched.

What the job makes of records is in tests/integration/generation/test_records.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.submission.stores import StateStoreRecords
from tests import airflows
from tests.integration.conftest import Connect, Listener, NewTask, sent
from tests.integration.gateways import RIVYA, TestedGateway, at_each
from tests.sandbox_process import SandboxProcess


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


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


def test_record_in_a_file(
    new_task: NewTask, sandbox: SandboxProcess, connect: Connect, tmp_path: Path
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=RIVYA.create, kind="cut_after")
    run = new_task(state_path=f"file://{tmp_path}/state")
    first = run.run()
    assert first.state == "up_for_retry", first.text
    (file,) = (tmp_path / "state").iterdir()
    assert '"state": "intent"' in file.read_text()
    assert run.run().state == "success"
    assert '"state": "delivered"' in file.read_text()
    assert charges(sandbox) == 1
    assert run.record() is None


@pytest.mark.parametrize("carried", [True, False])
def test_unreadable_record_stops_nothing_that_is_paid_for(
    new_task: NewTask, sandbox: SandboxProcess, logs: Listener, carried: bool
) -> None:
    """The deferral carries the record; without it, the trigger's event has the task id all the same."""
    run = new_task(deferrable=True)
    event = run.fire(run.begin())
    run.record({"version": 99})
    if not carried:
        run.forget_what_was_carried()
    done = run.resume(event)
    assert done.state == "success", done.text
    read = "Going on without the submission record: the generation exists. The submission record of this"
    assert (read in logs.text) is not carried
    (task,) = sandbox.tasks()
    assert run.xcom()["generation_id"] == task["id"]
    assert len(sent(sandbox, "POST", RIVYA.create)) == 1


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let Airflow keep the values of its state store on this disk, and return the folder."""
    common_io = pytest.importorskip("airflow.providers.common.io.state_store.backend")
    from airflow.sdk.execution_time import context

    caches = [context._get_worker_state_store_backend, common_io._get_base_path, common_io._get_threshold]
    folder = tmp_path / "state"
    name = f"{common_io.__name__}.{common_io.StateStoreObjectStorageBackend.__name__}"
    monkeypatch.setenv("AIRFLOW__WORKERS__STATE_STORE_BACKEND", name)
    monkeypatch.setenv("AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_PATH", f"file://{folder}")
    for cached in caches:
        cached.cache_clear()
    yield folder
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


@pytest.mark.skipif(not airflows.STATE_STORE, reason="this Airflow has no state store")
@at_each
def test_a_record_that_is_gone_from_its_backend_stops_before_paying(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, backend: Path
) -> None:
    """As when a retry runs on another machine: Airflow hands on ``None``, as if nothing had been written."""
    sandbox.reset(speed=1)
    run = new_task(timeout=timedelta(seconds=0.1))
    assert run.begin().state == "up_for_retry"
    (stored,) = backend.rglob("rivya_submission")
    there = stored.read_bytes()
    stored.unlink()
    lost = run.begin()
    assert lost.state == "up_for_retry", lost.text
    assert "The submission record of this task could not be read" in lost.text
    assert "what that points to, in the [workers] state_store_backend, is not there" in lost.text
    assert len(sent(sandbox, "POST", gateway.create)) == 1
    stored.write_bytes(there)
    sandbox.advance(120)
    assert run.run().state == "success"
    assert sandbox.ledger(gateway.name)["charges"] == 1


@pytest.mark.skipif(not airflows.STATE_STORE, reason="this Airflow has no state store")
@pytest.mark.parametrize("deferrable", [True, False])
def test_how_often_the_state_store_is_called(
    new_task: NewTask, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """
    Each call is a request to Airflow's API server: read, intent, submitted, delivered.

    Beside them, where the generation stands: once before it is waited for elsewhere, once when it has ended.
    """
    calls: list[str] = []
    for method in ("read", "exchange"):
        whole = getattr(StateStoreRecords, method)

        def counted(self: Any, *arguments: Any, _whole: Any = whole) -> Any:
            after = arguments[1] if len(arguments) > 1 else None
            calls.append(after.state if after is not None else "read")
            return _whole(self, *arguments)

        monkeypatch.setattr(StateStoreRecords, method, counted)
    run = new_task(deferrable=deferrable)
    done = run.begin()
    if deferrable:
        waiting = run.standing()
        assert (waiting["waits"], waiting["status"]) == ("in the triggerer", "queued")
        assert waiting["submitted_at"] <= waiting["seen_at"] < waiting["until"]
        done = run.resume(run.fire(done))
    assert done.state == "success"
    assert calls == ["read", "intent", "submitted", "delivered"]
    ended = run.standing()
    assert (ended["generation_id"], ended["status"]) == (run.xcom()["generation_id"], "succeeded")
    assert "waits" not in ended
