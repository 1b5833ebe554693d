"""
A task with something wrong in it fails before the gateway is touched: one exception, no charge, no retry.

Every fault of a request is in tests/integration/generation/test_bad_input.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from tests import airflows
from tests.integration.conftest import Connect, NewTask
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.generate_tasks import one_task
from tests.integration.task_harness import MAKE, TaskInstanceHarness, Try
from tests.sandbox_process import SandboxProcess


def refused(run: TaskInstanceHarness, sandbox: SandboxProcess) -> Try:
    """Run a task that must not get through to the gateway."""
    done = run.run()
    assert done.state == "failed", done.text  # with two retries left
    assert isinstance(done.error, AirflowFailException)
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []
    assert run.record() is None
    assert "othing was charged" in done.text
    return done


@at_each
def test_faulty_request(new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    done = refused(new_task(model=gateway.model[:-1]), sandbox)
    assert isinstance(done.error, InvalidRequestError)
    assert f"did you mean {gateway.model}" in done.text
    assert done.text.startswith(f"The request of task '{MAKE}' has 1 fault:")


def test_a_path_object_is_a_place(new_task: NewTask, sandbox: SandboxProcess, tmp_path: Path) -> None:
    run = new_task()
    run.build = one_task({"output_path": tmp_path / "images", "state_path": tmp_path / "records"})
    assert run.run().state == "success"
    assert len(list((tmp_path / "images").iterdir())) == 1
    assert len(list((tmp_path / "records").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        ({"state_path": "records/"}, ["state_path"]),
        (
            {"state_path": "records/", "prompt": "", "model_params": {"resolution": "9K"}},
            ["state_path", "prompt", "model_params.resolution"],
        ),
        (
            {"state_path": 7, "reference_media": "/nowhere.jpg", "output_path": "s4://bucket/"},
            ["state_path", "reference_media", "output_path"],
        ),
        ({"state_path": " ", "output_path": "file:///proc/rivya/"}, ["state_path", "output_path"]),
        (
            {
                "state_path": "nope://bucket/",
                "output_path": "s4://bucket/one.png",
                "output_conn_id": 7,
                "model": "seedream-4-0",
                "model_params": {"max_images": 2},
            },
            ["state_path", "output_conn_id", "output_path", "output_path"],
        ),
    ],
    ids=", ".join,
)
def test_a_folder_for_the_record_that_cannot_be_is_told_with_the_other_faults(
    new_task: NewTask, sandbox: SandboxProcess, arguments: dict[str, Any], paths: list[str]
) -> None:
    done = refused(new_task(**{"model": "nano-banana-2", **arguments}), sandbox)
    assert isinstance(done.error, InvalidRequestError)
    assert [fault.path for fault in done.error.faults] == paths


def test_without_a_record_its_folder_does_not_matter(new_task: NewTask, sandbox: SandboxProcess) -> None:
    assert new_task(durable=False, state_path="records/").run().state == "success"


@at_each
def test_fixed_name_in_a_mapped_task(
    database: None, connect: Connect, gateway: TestedGateway, landing: Path, sandbox: SandboxProcess
) -> None:
    def build() -> None:
        gateway.operator.partial(
            task_id=MAKE, model=gateway.model, output_path=f"file://{landing}/one.png", retries=2
        ).expand(prompt=["a", "b"])

    done = TaskInstanceHarness(build).run(map_index=1)
    assert done.state == "failed"
    assert "output_path" in done.text
    assert sandbox.requests() == []


@at_each
@pytest.mark.skipif(not airflows.STATE_STORE, reason="its record would be in a file")
def test_a_connection_that_cannot_be_used(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    done = refused(new_task(**{gateway.conn_argument: "nowhere"}), sandbox)
    assert isinstance(done.error, ConnectionConfigError)
    assert "There is no connection 'nowhere'" in done.text


@at_each
def test_a_connection_that_cannot_be_used_beside_a_record_in_a_file(
    new_task: NewTask, gateway: TestedGateway, connect: Connect, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """The file's name depends on the connection: what an earlier run may have paid for is not known."""
    connect(key=None)
    run = new_task(state_path=f"file://{tmp_path}/kept/")
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, ConnectionConfigError)
    assert "no API key" in done.text
    assert run.xcom(key="failure")["submitted"] is None
    later = run.run()
    assert later.state == "up_for_retry", later.text
    assert "This try submitted nothing. What an earlier one may have paid for is not lost" in later.text
    assert sandbox.requests() == []
    assert not (tmp_path / "kept").exists()


@at_each
@pytest.mark.parametrize("arguments", [{"if_exists": "ask"}, {"timeout": -1}, {"timeout": "1h"}], ids=str)
def test_arguments_refused_when_the_dag_is_parsed(gateway: TestedGateway, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))} is "):
        gateway.operator(task_id="make", model=gateway.model, **arguments)
