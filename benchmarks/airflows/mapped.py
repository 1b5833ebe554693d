"""The same rows as one batch and as mapped tasks, in a real Airflow: CPU time of all of its processes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.airflows.measured import measured_airflow
from benchmarks.figure import Figure

ROWS = 200
GOAL_SHARE = 1 / 50
PARALLELISM = 16
PATIENCE = 420.0
GENERATION_SECONDS = 5.0


def measure(rows: int = ROWS) -> Iterator[Figure]:
    """Run both, one after the other, each above what an idle Airflow takes in the same time."""
    what = f"{rows} rows in a real Airflow, CPU of all its processes per row"
    with measured_airflow(
        ("batch", "mapped"), {"BENCH_ROWS": str(rows)}, GENERATION_SECONDS, PARALLELISM
    ) as airflow:
        runs = {dag_id: airflow.run(dag_id, PATIENCE) for dag_id in ("batch", "mapped")}
    spent = {dag_id: run.cpu_s / rows * 1000 for dag_id, run in runs.items()}
    detail = {
        "database": airflow.database,
        "idle_cpu_s_per_s": round(airflow.idle, 3),
        "wall_s": {dag_id: run.wall_s for dag_id, run in runs.items()},
        "tried_more_than_once": {dag_id: run.red for dag_id, run in runs.items()},
    }
    yield Figure(f"{what}: one batch", spent["batch"], "ms", detail=detail)
    yield Figure(f"{what}: mapped tasks", spent["mapped"], "ms")
    yield Figure(f"{what}: batch by mapped", spent["batch"] / spent["mapped"], "x", GOAL_SHARE)
