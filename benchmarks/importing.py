"""What importing the operator adds to what every Dag file imports anyway."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.processes import ask

RUNS = 7
GOAL_MS = 60

_PROGRAM = """
import time
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task
begun, cpu = time.perf_counter(), time.process_time()
import {module}
cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
from benchmarks.processes import answer
answer(cpu_ms=cpu * 1000, wall_ms=wall * 1000)
"""

MODULES = {
    "operator": "airflow_provider_rivya.operators.rivya",
    "sensor": "airflow_provider_rivya.sensors.rivya",
    "decorator": "airflow_provider_rivya.decorators.rivya",
}


def measure() -> Iterator[Figure]:
    """
    Import each module in a fresh interpreter, several times.

    CPU time is what counts, as the wall clock of a busy machine measures the others' work too; on an
    idle one the two are the same.
    """
    for name, module in MODULES.items():
        runs = [ask("-c", _PROGRAM.format(module=module)) for _ in range(RUNS)]
        cpu, wall = ([round(run[clock], 1) for run in runs] for clock in ("cpu_ms", "wall_ms"))
        yield Figure(
            name=f"import of the {name}, on top of airflow.sdk, CPU time",
            value=statistics.median(cpu),
            unit="ms",
            goal=GOAL_MS,
            detail={"module": module, "cpu_ms": cpu, "wall_ms": wall},
        )
