"""What a thousand waiting tasks of one connection cost the triggerer."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.processes import ask, server

TRIGGERS = 1000
SECONDS = 30
GOAL_MS = 2.0
GOAL_MB = 64


def measure() -> Iterator[Figure]:
    """
    Let triggers wait on one event loop for generations that do not end, at the gateway's own pace.

    The gateway is the sandbox, in a process of its own. What is counted is the CPU time and the
    peak memory of the process with the triggers, from the first trigger on.
    """
    slow = ("-m", "airflow_provider_rivya.sandbox", "--port", "0", "--speed", "0.001", "--quiet")
    with server(*slow, ready="Rivya sandbox listening on ") as url:
        told = ask("-m", "benchmarks.waiting_once", url, str(TRIGGERS), str(SECONDS))
    what = f"{TRIGGERS:,} waiting triggers of one connection"
    yield Figure(f"{what}, CPU time of a poll", told["cpu_ms_per_poll"], "ms", goal=GOAL_MS, detail=told)
    yield Figure(f"{what}, growth of peak memory", told["growth_mb"], "MB", goal=GOAL_MB)
    yield Figure(f"{what}, connection look-ups", told["look_ups"], "", goal=1)
    yield Figure(f"{what}, HTTP clients", told["clients"], "", goal=1)
