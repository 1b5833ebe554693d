"""Mapped images that are waited for on the worker, and that defer, on a quiet and on a busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.airflows.measured import measured_airflow
from benchmarks.figure import Figure

IMAGES = 30
PARALLELISM = 16
PATIENCE = 240.0
GENERATION_SECONDS = 3.0
BURNERS_PER_CORE = 4
WAYS = {"deferred": "deferred", "inline": "waited for on the worker"}


def measure(images: int = IMAGES) -> Iterator[Figure]:
    """Run both ways without other load, then beside processes that never rest."""
    with measured_airflow(
        tuple(WAYS), {"BENCH_ROWS": str(images)}, GENERATION_SECONDS, PARALLELISM
    ) as airflow:
        for burners in (0, BURNERS_PER_CORE * (os.cpu_count() or 1)):
            with _load(burners):
                for dag_id, way in WAYS.items():
                    run = airflow.run(dag_id, PATIENCE)
                    beside = f"beside {burners} busy processes" if burners else "without other load"
                    what = f"{images} mapped images, {way}, {beside}"
                    detail = {
                        "wall_s": run.wall_s,
                        "database": airflow.database,
                        "load": round(os.getloadavg()[0], 1),
                    }
                    yield Figure(f"{what}: CPU of an image", run.cpu_s / images, "s", detail=detail)
                    yield Figure(f"{what}: tasks that went red once", run.red, "")


@contextmanager
def _load(count: int) -> Iterator[None]:
    """Keep so many processes busy."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in burners:
            process.kill()
            process.wait()
