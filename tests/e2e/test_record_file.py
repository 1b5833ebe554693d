"""The submission record as a file: a worker that dies after it has paid does not make the next try pay."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.airflows import STATE_STORE
from tests.e2e.conftest import RUN_TIMEOUT, until
from tests.sandbox_process import SandboxProcess
from tools.local import sandbox_connections
from tools.stack.config import StackConfig
from tools.stack.processes import running_with
from tools.stack.stack import AirflowStack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(STATE_STORE, reason="a scenario of the crash matrix, where a state store is"),
]

DAG_ID, TASKS = "record_file", ("beside_the_output", "under_state_path")
DAG_FILE = """
from datetime import timedelta

from airflow.sdk import DAG
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

with DAG("record_file", schedule=None, params={"folder": ""}):
    for name, further in (
        ("beside_the_output", {}),
        ("under_state_path", {"state_path": "{{ params.folder }}/state/"}),
    ):
        RivyaGenerateOperator(
            task_id=name,
            model="z-image",
            prompt="A lighthouse in a storm",
            output_path="{{ params.folder }}/" + name + "/",
            deferrable=False,
            retries=2,
            retry_delay=timedelta(seconds=1),
            **further,
        )
"""
# Airflow is to miss a dead worker's heartbeat within seconds.
QUICK = {
    "scheduler": {
        "task_instance_heartbeat_timeout": "10",
        "task_instance_heartbeat_timeout_detection_interval": "2",
    }
}


@pytest.fixture
def gateway() -> Iterator[SandboxProcess]:
    """A sandbox in which an image takes as long as it really does."""
    with SandboxProcess(speed=1) as process:
        yield process


@pytest.fixture
def stack(gateway: SandboxProcess, tmp_path: Path) -> Iterator[AirflowStack]:
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "record_file.py").write_text(DAG_FILE)
    config = StackConfig(
        home=tmp_path / "home",
        dags_folder=dags,
        connections=sandbox_connections(gateway.url),
        options=QUICK,
        parallelism=2,
    )
    with AirflowStack(config) as made:
        made.start()
        yield made


def records(folder: Path) -> list[dict[str, Any]]:
    """The submission records of the tasks, wherever they are."""
    return [json.loads(path.read_text()) for path in folder.rglob("*.json")]


def asked_for(gateway: SandboxProcess) -> set[str]:
    """The paths that the gateway was asked for."""
    return {request["path"] for request in gateway.requests() if request["method"] == "GET"}


def kill_workers(stack: AirflowStack) -> int:
    """SIGKILL everything that works on a task: the executor's workers and the task processes below them."""
    killed = 0
    for pid in running_with(stack.config.home):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            title = " ".join(process.cmdline())
            if title.startswith("airflow worker -- ") and "<idle>" not in title:
                process.kill()
                killed += 1
    return killed


def test_a_retry_after_a_killed_worker_re_attaches(
    stack: AirflowStack, gateway: SandboxProcess, tmp_path: Path
) -> None:
    """Beside the output and under ``state_path``: a file for each of the two tasks."""
    folder = tmp_path / "out"
    stack.wait_for_dag(DAG_ID)
    run_id = stack.client.trigger(DAG_ID, {"folder": str(folder)})
    until(lambda: len(gateway.tasks()) == len(TASKS), "both submitted")
    paid = {task["id"] for task in gateway.tasks()}
    # Both have recorded what they submitted: they ask for its state.
    until(lambda: {f"/api/v1/generations/{task_id}" for task_id in paid} <= asked_for(gateway), "both poll")
    by_file = records(folder)
    assert {record["state"] for record in by_file} == {"submitted"}
    assert {record["generation_id"] for record in by_file} <= paid
    assert kill_workers(stack) >= len(TASKS)
    gateway.advance(600)
    assert stack.follow_run(DAG_ID, run_id, RUN_TIMEOUT) == "success"

    states = stack.client.task_states(DAG_ID, run_id)
    assert {state.try_number for state in states} == {2}
    for state in states:
        log = "\n".join(stack.client.log_lines(DAG_ID, run_id, state))
        assert "Resumed after an earlier try: re-attaching to generation" in log
    landed = {stack.client.xcom(DAG_ID, run_id, name, -1)["generation_id"] for name in TASKS}
    assert landed == paid
    assert gateway.ledger()["charges"] == len(TASKS)
    assert {record["state"] for record in records(folder)} == {"delivered"}
    assert list((folder / "state").glob("*.json"))
