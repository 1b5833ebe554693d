"""The same rows as one batch and as mapped tasks, in a real Airflow: CPU time of all of its processes."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.figure import Figure
from benchmarks.processes import server
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.keeper import descendants
from tools.stack.stack import AirflowStack

ROWS = 200
GOAL_SHARE = 1 / 50
IDLE_SECONDS = 20.0
PATIENCE = 1_200.0
GENERATION_SECONDS = 5.0


def measure(rows: int = ROWS) -> Iterator[Figure]:
    """
    Run both, one after the other, each above what an idle Airflow takes in the same time.

    The database is SQLite, whose one lock hinders mapped tasks, so that they are run by four at once.
    """
    with (
        tempfile.TemporaryDirectory(prefix="rivya-bench-") as folder,
        server("-m", "benchmarks.gateway", str(GENERATION_SECONDS), "0") as url,
    ):
        connection = json.dumps({"conn_type": "rivya", "host": url, "password": "rvya_sk_sandbox"})
        config = StackConfig(
            home=Path(folder, "airflow"),
            dags_folder=Path(__file__).with_name("dags"),
            python=Path(sys.executable),
            connections={"bench": connection},
            env={"BENCH_ROWS": str(rows), "BENCH_FOLDER": folder, "PYTHONPATH": str(CHECKOUT)},
            parallelism=4,
            fresh=True,
        )
        with AirflowStack(config) as stack:
            stack.start()
            for dag_id in ("batch", "mapped"):
                stack.wait_for_dag(dag_id, timeout=120)
            idle = _cpu_of(stack, lambda: time.sleep(IDLE_SECONDS)) / IDLE_SECONDS
            spent = {dag_id: _run(stack, dag_id, idle) / rows * 1000 for dag_id in ("batch", "mapped")}
    detail = {"rows": rows, "idle_cpu_s_per_s": round(idle, 3), **{k: round(v, 1) for k, v in spent.items()}}
    what = f"{rows} rows in a real Airflow, CPU of all its processes per row"
    yield Figure(f"{what}: one batch", spent["batch"], "ms", detail=detail)
    yield Figure(f"{what}: mapped tasks", spent["mapped"], "ms")
    yield Figure(f"{what}: batch by mapped", spent["batch"] / spent["mapped"], "x", GOAL_SHARE)


def _run(stack: AirflowStack, dag_id: str, idle: float) -> float:
    """Return the seconds of CPU time that a run takes above an idle Airflow."""
    begun = time.monotonic()

    def run() -> None:
        run_id = stack.client.trigger(dag_id)
        state = stack.follow_run(dag_id, run_id, PATIENCE)
        if state != "success":
            raise RuntimeError(f"the run of {dag_id} is {state}")

    spent = _cpu_of(stack, run)
    return spent - idle * (time.monotonic() - begun)


def _cpu_of(stack: AirflowStack, act: Callable[[], object]) -> float:
    before = _cpu(stack.keeper.pid)
    act()
    return _cpu(stack.keeper.pid) - before


def _cpu(root: int) -> float:
    """Return the CPU time of a process and all below it; what has ended counts with whoever waited for it."""
    total = 0.0
    for process in [psutil.Process(root), *descendants(root)]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
