"""Results and failures name the row that they belong to, and slips of a row are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Asset

from airflow_provider_rivya.exceptions import InvalidRequestError
from tests import airflows
from tests.integration.conftest import Connect, NewTask
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

GOOD, BAD = {"client_request_id": "sku-1"}, {"client_request_id": "sku-2", "output_path": "nowhere/"}


def label_of(run: TaskInstanceHarness, index: int) -> str | None:
    """What Airflow calls a mapped instance."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(TaskInstance).where(
            TaskInstance.dag_id == run.dag_id, TaskInstance.task_id == MAKE, TaskInstance.map_index == index
        )
        name: str | None = session.scalars(query).one().rendered_map_index
        return name


def mapped_over(gateway: TestedGateway, landing: Path, rows: list[dict[str, str]], **more: Any) -> Any:
    records = {} if airflows.STATE_STORE else {"state_path": f"file://{landing.parent}/records/"}
    given = {"task_id": MAKE, "model": gateway.model, "prompt": "a cat", **records, **more}
    folder = {"output_path": f"file://{landing}/"}

    def build() -> None:
        gateway.operator.partial(**given).expand_kwargs([{**folder, **row} for row in rows])

    return TaskInstanceHarness(build)


@pytest.mark.parametrize("deferrable", [True, False])
@at_each
def test_results_and_failures_are_joined_to_rows(
    database: None,
    connect: Connect,
    gateway: TestedGateway,
    landing: Path,
    sandbox: SandboxProcess,
    deferrable: bool,
) -> None:
    outlets = [Asset("shop_pictures")]
    run = mapped_over(gateway, landing, [BAD, GOOD], deferrable=deferrable, outlets=outlets)
    assert run.run(map_index=0).state == "failed"
    assert run.run(map_index=1).state == "success"
    found = run.xcom(map_index=1)
    assert (found["client_request_id"], found["map_index"]) == ("sku-1", 1)
    failure = run.xcom(key="failure", map_index=0)
    assert (failure["client_request_id"], failure["map_index"]) == ("sku-2", 0)
    ((_, extra),) = run.asset_events()
    assert extra["result"]["client_request_id"] == "sku-1"
    assert [label_of(run, index) for index in (0, 1)] == ["sku-2", "sku-1"]


def test_the_dags_own_name_of_an_instance_stays(
    database: None, connect: Connect, gateway: TestedGateway, landing: Path, sandbox: SandboxProcess
) -> None:
    run = mapped_over(gateway, landing, [GOOD], map_index_template="{{ task.model }}")
    assert run.run(map_index=0).state == "success"
    assert label_of(run, 0) == gateway.model


def test_a_task_that_is_not_mapped(new_task: NewTask) -> None:
    run = new_task()
    assert run.run().state == "success"
    found = run.xcom()
    assert (found["client_request_id"], found["map_index"]) == (None, None)


@at_each
def test_parameters_in_the_wrong_argument(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    (name,) = list(gateway.wide)[:1]
    done = new_task(params={name: gateway.wide[name], "mine": 1}, output_path="nowhere/").run()
    assert isinstance(done.error, InvalidRequestError)
    assert [fault.path for fault in done.error.faults] == ["params", "output_path"]
    assert f"model_params={{'{name}': ...}}" in done.text
    assert sandbox.requests() == []


def test_params_that_model_params_take_are_meant(new_task: NewTask, gateway: TestedGateway) -> None:
    (name,) = list(gateway.wide)[:1]
    value = {name: f"{{{{ params.{name} }}}}"}
    run = new_task(params={name: gateway.wide[name]}, model_params=value)
    assert run.run().state == "success"


@at_each
def test_the_connections_own_key_goes_nowhere(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    done = new_task(prompt=f"of {{{{ conn.{gateway.conn_id}.password }}}}", output_path="nowhere/").run()
    assert isinstance(done.error, InvalidRequestError)
    assert [fault.path for fault in done.error.faults] == ["prompt", "output_path"]
    assert sandbox.requests() == []


@at_each
def test_references_that_must_be_there(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    done = new_task(model=gateway.references[0], reference_media=[None, ""], require_references=True).run()
    assert isinstance(done.error, InvalidRequestError)
    assert {"reference_media[0]", "reference_media[1]"} <= {fault.path for fault in done.error.faults}
    assert sandbox.requests() == []


@at_each
def test_the_connection_narrows_where_references_come_from(
    new_task: NewTask,
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    photo: Path,
    tmp_path: Path,
) -> None:
    connect(reference_locations=f"{tmp_path}/allowed/", reference_conn_ids="photos")
    given = {"model": gateway.references[0], "reference_media": [str(photo), "s3://keys@bucket/a.png"]}
    done = new_task(**given, output_path="nowhere/").run()
    assert isinstance(done.error, InvalidRequestError)
    assert [fault.path for fault in done.error.faults] == [
        "reference_media[0]",
        "reference_media[1]",
        "output_path",
    ]
    assert sandbox.requests() == []
    connect(reference_locations=f"{tmp_path}/")
    assert new_task(model=gateway.references[0], reference_media=str(photo)).run().state == "success"


@pytest.mark.parametrize("field", ["output_path", "state_path"])
def test_a_path_that_ends_in_a_line_break(
    new_task: NewTask, sandbox: SandboxProcess, tmp_path: Path, field: str
) -> None:
    done = new_task(**{field: f"{tmp_path}/run/\r\n"}).run()
    assert isinstance(done.error, InvalidRequestError)
    assert f"{field}: it ends in a line break" in done.text
    assert sandbox.requests() == []
