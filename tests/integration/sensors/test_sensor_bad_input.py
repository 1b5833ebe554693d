"""What is wrong with a sensor or its connection is told at once, before the gateway is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from airflow_provider_rivya.sensors.checking import check
from airflow_provider_rivya.sensors.rivya import RivyaCreditsSensor, RivyaTaskSensor
from tests.integration.conftest import Connect
from tests.integration.task_harness import MAKE, TaskInstanceHarness, Try
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("database", "connect")


def refused(build: Any, sandbox: SandboxProcess, map_index: int = -1) -> Try:
    """Run a sensor that must not get through to the gateway."""
    run = TaskInstanceHarness(build)
    done = run.begin(map_index=map_index)
    assert done.state == "failed", done.text  # with two retries left
    assert isinstance(done.error, AirflowFailException)
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []
    kind = "connection" if isinstance(done.error, ConnectionConfigError) else "invalid_request"
    assert run.xcom(key="failure", map_index=map_index)["kind"] == kind
    return done


def watching(**arguments: Any) -> Any:
    return lambda: RivyaTaskSensor(**{"task_id": MAKE, "generation_id": "task_1", "retries": 2, **arguments})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"generation_id": None}, "generation_id: there is none"),
        ({"generation_id": 7}, "generation_id: a int"),
        ({"generation_id": ""}, "generation_id: it is empty"),
        ({"generation_id": "../credits"}, "generation_id: '../credits' cannot be an id"),
        ({"generation_id": "x" * 501}, "cannot be an id"),
        ({"generation_id": "task 1?a=b"}, "generation_id: 'task 1?a=b' cannot be an id"),
        ({"output_path": 7}, "output_path: it is of type int"),
        ({"output_path": "relative/"}, "output_path: 'relative/' is relative"),
        ({"output_path": "nonsense://x/"}, "output_path: Airflow knows no storage"),
        ({"output_path": "{photo}/", "output_conn_id": 7}, "output_conn_id: it is of type int"),
        ({"output_path": "s3://bucket/x/", "output_conn_id": 7}, "output_conn_id: it is of type int"),
        ({"output_path": "file:///proc/rivya/"}, "output_path: "),
        ({"output_path": "{photo}/below/"}, "output_path: "),
        ({"output_path": "s3://AKIA:SECRET@bucket/x/"}, "output_path: it carries a password"),
        ({"output_path": "gs://bucket/x/"}, "install apache-airflow-providers-google"),
        ({"output_path": "s3://nobody@bucket/x/"}, "output_conn_id: "),
    ],
    ids=str,
)
def test_arguments(photo: Path, arguments: dict[str, Any], told: str) -> None:
    filled = {
        name: value.replace("{photo}", str(photo)) if isinstance(value, str) else value
        for name, value in arguments.items()
    }
    given = {"generation_id": "task_1", "output_path": None, "output_conn_id": None, **filled}
    (fault,), _ = check(**given, mapped=False)
    assert told in str(fault)
    assert "SECRET" not in str(fault)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_faulty_argument_ends_the_task(sandbox: SandboxProcess, deferrable: bool) -> None:
    done = refused(watching(deferrable=deferrable, output_path="s3://AKIA:SECRET@bucket/x/"), sandbox)
    assert isinstance(done.error, InvalidRequestError)
    assert done.text.startswith("The sensor of task 'make' has 1 fault:\n  - output_path: it carries a")
    assert "SECRET" not in done.text


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_fixed_name_in_a_mapped_sensor(sandbox: SandboxProcess, landing: Path, deferrable: bool) -> None:
    def build() -> None:
        RivyaTaskSensor.partial(
            task_id=MAKE, output_path=f"file://{landing}/one.png", deferrable=deferrable, retries=2
        ).expand(generation_id=["task_1", "task_2"])

    done = refused(build, sandbox, map_index=1)
    assert "output_path: " in done.text
    assert list(landing.iterdir()) == []


@pytest.mark.parametrize("sensor", ["task", "task, deferrable", "credits"])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"key": "two words"}, ["password", "no spaces"]),
        ({"poll_interval": "soon", "max_in_flight": 0}, ["extra.poll_interval", "extra.max_in_flight"]),
    ],
    ids=["blank in key", "two fields"],
)
def test_connections(
    sandbox: SandboxProcess, connect: Connect, settings: dict[str, Any], told: list[str], sensor: str
) -> None:
    connect(**settings)
    build = watching(deferrable=sensor == "task, deferrable")
    if sensor == "credits":
        build = lambda: RivyaCreditsSensor(task_id=MAKE, min_credits=5, retries=2)  # noqa: E731  one of two
    done = refused(build, sandbox)
    assert isinstance(done.error, ConnectionConfigError)
    for text in told:
        assert text in done.text
    assert "two words" not in done.text


@pytest.mark.parametrize(
    ("sensor", "arguments", "told"),
    [
        (RivyaTaskSensor, {"generation_id": "task_1", "if_exists": "ask"}, "if_exists is 'ask'"),
        (RivyaCreditsSensor, {"min_credits": None}, "min_credits"),
        (RivyaCreditsSensor, {"min_credits": True}, "min_credits"),
        (RivyaCreditsSensor, {"min_credits": [5]}, "min_credits"),
    ],
)
def test_refused_when_the_dag_is_parsed(sensor: Any, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        sensor(task_id=MAKE, **arguments)
