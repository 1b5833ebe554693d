"""What importing the operator adds to what every Dag file imports anyway."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figure import Figure

RUNS = 7
GOAL_MS = 60

_PROGRAM = """
import time
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task
begun = time.perf_counter()
import {module}
print("ANSWER", (time.perf_counter() - begun) * 1000)
"""

MODULES = {
    "operator": "airflow_provider_rivya.operators.rivya",
    "sensor": "airflow_provider_rivya.sensors.rivya",
    "decorator": "airflow_provider_rivya.decorators.rivya",
}


def measure() -> Iterator[Figure]:
    """Import each module in a fresh interpreter, several times."""
    for name, module in MODULES.items():
        runs = [_once(module) for _ in range(RUNS)]
        yield Figure(
            name=f"import of the {name}, on top of airflow.sdk",
            value=statistics.median(runs),
            unit="ms",
            goal=GOAL_MS,
            detail={"module": module, "runs": [round(run, 1) for run in runs]},
        )


def _once(module: str) -> float:
    program = _PROGRAM.format(module=module)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - of our own making
    return float(done.stdout.rpartition("ANSWER ")[2])
