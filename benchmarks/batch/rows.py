"""What ten thousand rows in one task cost: worker and trigger, beside a server that does next to nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.figure import Figure
from benchmarks.processes import ask, server

ROWS, RUNNING, SECONDS = 10_000, 400, 3.0
PLANNED = 100_000
PACED_ROWS, RATE = 2_000, 20.0
SMALL = (100, 1_000, 60)

GOAL_MS = 10.0
GOAL_MB = 64.0
GOAL_OBJECTS = 300
GOAL_DEFERRALS = 60
GOAL_PLAN_S = 2.0
GOAL_AGAIN_S = 5.0
GOAL_WALL = 1.15


def measure(rows: int = ROWS, planned: int = PLANNED, paced: int = PACED_ROWS) -> Iterator[Figure]:
    """
    Run a batch to its end, and once more; plan a large one; run one at a gateway that takes its time.

    CPU time is what counts, as the wall clock of a busy machine measures the others' work too.
    """
    with tempfile.TemporaryDirectory(prefix="rivya-bench-") as folder:
        yield from _many(rows, folder)
        yield from _planned(planned, folder)
        yield from _paced(paced, folder)


def _many(rows: int, folder: str) -> Iterator[Figure]:
    what = f"a batch of {rows:,} rows, {RUNNING} at once"
    with _gateway(SECONDS, 0.0) as url:
        told = _once(url, f"{folder}/many", rows, RUNNING)
        again = _once(url, f"{folder}/many", rows, RUNNING)
    yield Figure(
        f"{what}: CPU of worker and trigger per row", told["cpu_ms_per_row"], "ms", GOAL_MS, detail=told
    )
    yield Figure(f"{what}: growth of peak memory", told["growth_mb"], "MB", GOAL_MB)
    yield Figure(f"{what}: objects in the state", told["state_objects"], "", GOAL_OBJECTS)
    yield Figure(f"{what}: deferrals", told["deferrals"], "", GOAL_DEFERRALS)
    yield Figure(f"{what}: CPU of the plan", told["plan_cpu_s"], "s", GOAL_PLAN_S)
    yield Figure(f"{what}: run again, seconds", again["wall_s"], "s", GOAL_AGAIN_S, detail=again)
    requests = again["counts"]["POST"] - told["counts"]["POST"]
    yield Figure(f"{what}: run again, paid calls", requests, "", 0)


def _planned(rows: int, folder: str) -> Iterator[Figure]:
    with _gateway(SECONDS, 0.0) as url:
        told = _once(url, f"{folder}/planned", rows, RUNNING, "plan")
    what = f"the plan of {rows:,} rows: growth of peak memory"
    yield Figure(what, told["growth_mb"], "MB", GOAL_MB, detail=told)


def _paced(rows: int, folder: str) -> Iterator[Figure]:
    """Measure the wall clock beside the least that the server itself needs."""
    with _gateway(SECONDS, RATE) as url:
        told = _once(url, f"{folder}/paced", rows, RUNNING)
    least = rows / RATE + SECONDS
    what = f"a batch of {rows:,} rows at {RATE:g} submissions a second: wall clock by the server's least"
    detail = {**told, "least_s": least}
    yield Figure(what, told["wall_s"] / least, "x", GOAL_WALL, detail=detail)


def _gateway(seconds: float, rate: float) -> Any:
    return server("-m", "benchmarks.batch.gateway", str(seconds), str(rate))


def _once(url: str, folder: str, rows: int, running: int, *mode: str) -> dict[str, Any]:
    return ask("-m", "benchmarks.batch.rows_once", url, folder, str(rows), str(running), *mode)
