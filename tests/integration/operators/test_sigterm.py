"""
SIGTERM to a real task process that only waits or downloads: its try ends at once, and a retry goes on.

One test for each kind of wait; the other ways to wait are in test_killed.py, in this process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect
from tests.integration.gateways import RIVYA
from tests.integration.operators import stopping
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

PROJECT = Path(__file__).parents[3]
AGAIN = "The next try (2 left)"

pytestmark = pytest.mark.usefixtures("connect")


@pytest.fixture(scope="module")
def tries(database: None) -> Iterator[subprocess.Popen[str]]:
    """A process that runs tries."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", stopping.__name__],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process


def stopped(
    tries: subprocess.Popen[str], kind: str, arguments: dict[str, Any], when: str
) -> tuple[TaskInstanceHarness, dict[str, Any]]:
    """Run a try in that process, stop it as soon as it has said something, and return its end."""
    run = TaskInstanceHarness(stopping.build(kind, arguments))
    assert tries.stdin is not None
    assert tries.stdout is not None
    connection = {RIVYA.variable: os.environ[RIVYA.variable]}
    asked = {"dag_id": run.dag_id, "kind": kind, "arguments": arguments, "environment": connection}
    tries.stdin.write(json.dumps(asked) + "\n")
    tries.stdin.flush()
    said: list[str] = []
    for line in tries.stdout:
        said.append(line)
        if line.startswith(when):
            tries.send_signal(signal.SIGTERM)
            when = "never again"
        if line.startswith("ENDED"):
            end: dict[str, Any] = json.loads(line.removeprefix("ENDED"))
            assert "Asked to stop" in "".join(said)
            return run, end
    raise AssertionError("".join(said))


def landed(landing: Path) -> list[str]:
    """Return what lies there beside the record."""
    return [path.name for path in landing.iterdir() if path.name != ".rivya"]


@pytest.mark.timeout(120)
def test_while_it_waits(
    tries: subprocess.Popen[str], sandbox: SandboxProcess, connect: Connect, landing: Path
) -> None:
    connect(poll_interval=60, poll_max=60)
    sandbox.reset(speed=0.2)
    place = {"model": RIVYA.model, "prompt": "A lighthouse", "output_path": f"file://{landing}/"}
    run, end = stopped(tries, "generate", {**place, "deferrable": True, "inline_wait": 600}, "LOOKED")
    (task,) = sandbox.tasks()
    assert end["state"] == "up_for_retry"
    assert f"Generation {task['id']} goes on at the gateway" in end["text"]
    assert f"{AGAIN} re-attaches to it and does not pay again" in end["text"]
    assert landed(landing) == []
    sandbox.advance(150)
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.timeout(120)
def test_while_it_downloads(
    tries: subprocess.Popen[str], sandbox: SandboxProcess, connect: Connect, landing: Path
) -> None:
    connect(read_timeout=1)
    sandbox.fault(method="GET", path=RIVYA.results, kind="hang", seconds=1.5)
    place = {"model": RIVYA.model, "prompt": "A lighthouse", "output_path": f"file://{landing}/"}
    run, end = stopped(tries, "generate", {**place, "deferrable": False}, "LOOKED succeeded")
    assert end["state"] == "up_for_retry"
    assert "its result is not lost" in end["text"]
    assert f"{AGAIN} fetches it again and does not pay again" in end["text"]
    assert landed(landing) == []
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.timeout(120)
def test_a_batch_that_waits_for_its_rows(
    tries: subprocess.Popen[str], sandbox: SandboxProcess, connect: Connect, landing: Path
) -> None:
    connect(poll_first=0.1, poll_interval=60, poll_max=60)
    sandbox.reset(speed=1)
    rows = [{"sku": f"p{number}", "title": f"Product {number}"} for number in range(12)]
    asked = {"rows": rows, "row_key": "sku", "model": RIVYA.model, "prompt": "{title}", "max_running": 6}
    place = {"output_path": f"file://{landing}/", "manifest_format": "jsonl", "timeout": 600}
    run, end = stopped(tries, "batch", {**asked, **place, "deferrable": True, "inline_wait": 600}, "LOOKED")
    assert end["state"] == "up_for_retry"
    assert "The task was asked to stop (rows: 6 not landed, 6 not submitted)" in end["text"]
    assert "what is paid for is not paid again" in end["text"]
    assert len(sandbox.tasks()) == 6
    connect()
    sandbox.advance(60)
    sandbox.control("POST", "clock", {"speed": 400})
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 12


@pytest.mark.timeout(60)
def test_a_batch_that_stores_its_files(
    tries: subprocess.Popen[str], sandbox: SandboxProcess, landing: Path
) -> None:
    """Transfers that would take longer than this test may."""
    sandbox.fault(method="GET", path=RIVYA.results, kind="hang", seconds=500, times=6)
    rows = [{"sku": f"p{number}", "title": f"Product {number}"} for number in range(6)]
    asked = {"rows": rows, "row_key": "sku", "model": RIVYA.model, "prompt": "{title}"}
    place = {"output_path": f"file://{landing}/", "manifest_format": "jsonl"}
    run, end = stopped(tries, "batch", {**asked, **place, "deferrable": False}, "LOOKED succeeded")
    assert end["state"] == "up_for_retry"
    assert "The task was asked to stop (rows: " in end["text"]
    assert "not landed" in end["text"]
    assert f"{AGAIN} goes on with what is recorded" in end["text"]
    assert [path for path in landing.rglob("*") if path.suffix == ".png" or path.name.endswith("part")] == []
    sandbox.control("DELETE", "faults")
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 6
    assert sorted(path.name for path in landing.glob("*.png")) == [f"{row['sku']}.png" for row in rows]


@pytest.mark.timeout(120)
def test_a_sensor_between_two_looks(tries: subprocess.Popen[str], sandbox: SandboxProcess) -> None:
    """Who stops a worker has not decided that its tasks are skipped."""
    sandbox.reset(speed=0.2)
    body = {"model": RIVYA.model, "prompt": "A lighthouse", "params": {}}
    generation_id = sandbox.post(RIVYA.create, body, key=RIVYA.key).json()["id"]
    watched = {"generation_id": generation_id, "poke_interval": 600, "deferrable": False}
    run, end = stopped(tries, "watch", {**watched, "soft_fail": True}, "LOOKED")
    assert end["state"] == "up_for_retry"
    assert "was asked to stop between two polls" in end["text"]
    assert f"This task only watches and has paid nothing. {AGAIN} watches it again." in end["text"]
    sandbox.advance(150)
    assert run.run().state == "success"
