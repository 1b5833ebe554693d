"""A real Airflow at a fast gateway, and the CPU time of all of its processes."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.processes import server
from tools.stack import postgres
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.keeper import descendants
from tools.stack.stack import AirflowStack

IDLE_SECONDS = 15.0
WARM = "warm"
"""The DAG that runs before the others: the first task costs the API server seconds, whatever it does."""
START_TIMEOUT = 420.0
_LOOK = 1.0


@dataclass(frozen=True)
class Run:
    """
    What a run of a DAG took.

    :param cpu_s: seconds of CPU time of all processes, above an idle Airflow's in that time.
    :param red: tasks that were tried more than once.
    """

    wall_s: float
    cpu_s: float
    red: int


@dataclass(frozen=True)
class MeasuredAirflow:
    """
    A running Airflow.

    :param idle: seconds of CPU time that it takes in a second in which nothing is to be done.
    """

    stack: AirflowStack
    database: str
    idle: float

    def run(self, dag_id: str, patience: float) -> Run:
        """
        Run a DAG to its end.

        :raises RuntimeError: it has not succeeded.
        """
        begun, before, state = time.monotonic(), _cpu(self.stack), "queued"
        run_id = self.stack.client.trigger(dag_id)
        while state in ("queued", "running"):
            self.stack.check()
            if time.monotonic() - begun > patience:
                raise RuntimeError(f"the run of {dag_id} is still {state} after {patience:g} s")
            time.sleep(_LOOK)
            # Of hundreds of task instances the API server would make work of its own. A busy one is late.
            with suppress(TimeoutError):
                state = self.stack.client.run_state(dag_id, run_id)
        spent, wall = _cpu(self.stack) - before, time.monotonic() - begun
        if state != "success":
            raise RuntimeError(f"the run of {dag_id} is {state}")
        tries = [task.try_number for task in self.stack.client.task_states(dag_id, run_id)]
        return Run(round(wall, 1), spent - self.idle * wall, sum(each > 1 for each in tries))


@contextmanager
def measured_airflow(
    dag_ids: tuple[str, ...], environment: Mapping[str, str], seconds: float, parallelism: int
) -> Iterator[MeasuredAirflow]:
    """
    Start an Airflow with the DAGs of this benchmark, and a gateway.

    The database is PostgreSQL, where its server is installed: SQLite's one lock hinders many tasks.

    :param seconds: that a generation takes.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="rivya-bench-"))
        url = stack.enter_context(server("-m", "benchmarks.batch.gateway", str(seconds), "0"))
        database = stack.enter_context(postgres.Postgres()) if postgres.available() else None
        polling = {"poll_first": seconds, "poll_interval": 1, "poll_max": 1}
        connection = {"conn_type": "rivya", "host": url, "password": "rvya_sk_sandbox", "extra": polling}
        config = StackConfig(
            home=Path(folder, "airflow"),
            dags_folder=Path(__file__).with_name("dags"),
            python=Path(sys.executable),
            sql_alchemy_conn=database.url if database else None,
            connections={"bench": json.dumps(connection)},
            env={**environment, "BENCH_FOLDER": folder, "PYTHONPATH": str(CHECKOUT)},
            parallelism=parallelism if database else min(4, parallelism),
            options={"core": {"max_active_tasks_per_dag": "64"}},
            fresh=True,
        )
        airflow = stack.enter_context(AirflowStack(config))
        if database:
            database.start(airflow.keeper)
        airflow.start(timeout=START_TIMEOUT)
        for dag_id in (WARM, *dag_ids):
            airflow.wait_for_dag(dag_id, START_TIMEOUT)
        kind = "PostgreSQL" if database else "SQLite"
        MeasuredAirflow(airflow, kind, 0.0).run(WARM, START_TIMEOUT)
        idle = _cpu_of(airflow, lambda: time.sleep(IDLE_SECONDS)) / IDLE_SECONDS
        yield MeasuredAirflow(airflow, kind, idle)


def _cpu_of(stack: AirflowStack, act: Callable[[], object]) -> float:
    before = _cpu(stack)
    act()
    return _cpu(stack) - before


def _cpu(stack: AirflowStack) -> float:
    """Return the CPU time of all its processes; what has ended counts with whoever waited for it."""
    total = 0.0
    root = stack.keeper.pid
    for process in [psutil.Process(root), *descendants(root)]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
