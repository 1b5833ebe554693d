"""What many waiting tasks of one connection cost a triggerer, beside others that wait."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from benchmarks.figure import Figure, unmeasured
from benchmarks.processes import ask, server
from benchmarks.waiting import peers


class Crowd(NamedTuple):
    """So many wait, each until the so-manieth look, seconds apart."""

    many: int
    polls: int
    every: float


THOUSAND = Crowd(1_000, 3, 5.0)
CROWDS = (THOUSAND, Crowd(5_000, 2, 10.0), Crowd(10_000, 2, 10.0))
SMALL = (Crowd(20, 2, 1.0), Crowd(40, 2, 1.0))
PEERS = ("dbt-cloud", "databricks")

GOAL_MS = 0.6
GOAL_MB = 64
GOAL_WALL_S = 1.5
GOAL_LAG_MS = 100
GOAL_OF_BARE = 4
GOAL_OF_PEERS = 5
SERVER = "benchmarks/waiting/status_server.py"

Told = dict[str, Any]


def measure(crowds: Sequence[Crowd] = CROWDS) -> Iterator[Figure]:
    """
    Let triggers wait in Airflow's own trigger runner, a process for each kind, against a fast server.

    Beside them, in the same run: as many triggers that only sleep, a bare aiohttp loop of the same calls, and
    the triggers of two other providers. The first crowd is the one that they are compared at.
    """
    first, *_ = crowds
    for crowd in crowds:
        ours, sleeping = _side("ours", crowd), _side("sleeping", crowd)
        yield from _above_sleeping(crowd, ours, sleeping)
        if crowd is first:
            yield _beside_bare(crowd, ours, sleeping)
            yield from _beside_peers(crowd, ours, sleeping)
    debug = _side("ours", first, {"PYTHONASYNCIODEBUG": "1"})
    yield Figure(
        f"{first.many:,} waiting triggers in asyncio's debug mode: callbacks above 50 ms",
        len(debug["slow"]),
        "",
        goal=0,
        detail=debug,
    )


def _side(side: str, crowd: Crowd, environment: dict[str, str] | None = None) -> Told:
    with server(SERVER, "0", "1") as url:
        sizes = [str(each) for each in crowd]
        return ask("-m", "benchmarks.waiting.runner_once", side, url, *sizes, environment=environment)


def _above_sleeping(crowd: Crowd, ours: Told, sleeping: Told) -> Iterator[Figure]:
    what = f"{crowd.many:,} waiting triggers of one connection"
    detail = {"ours": ours, "sleeping": sleeping}
    yield Figure(
        f"{what}: CPU of a poll above sleeping", _per_poll(ours, sleeping), "ms", GOAL_MS, detail=detail
    )
    yield Figure(f"{what}: ended", ours["ended"], "", crowd.many, "above")
    first = crowd is THOUSAND
    yield Figure(
        f"{what}: wall clock above sleeping",
        ours["wall_s"] - sleeping["wall_s"],
        "s",
        GOAL_WALL_S if first else None,
    )
    yield Figure(f"{what}: event loop's lag, p99", ours["lag_p99_ms"], "ms", None if first else GOAL_LAG_MS)
    growth = ours["growth_mb"] - sleeping["growth_mb"]
    yield Figure(f"{what}: peak memory above sleeping", growth, "MB", GOAL_MB if first else None)
    yield Figure(f"{what}: connection look-ups", ours["look_ups"], "", 1)


def _beside_bare(crowd: Crowd, ours: Told, sleeping: Told) -> Figure:
    with server(SERVER, "0", "1") as url:
        bare = ask("-m", "benchmarks.waiting.bare_once", url, *(str(each) for each in crowd))
    ratio = _per_poll(ours, sleeping) / (bare["cpu_s"] / bare["requests"] * 1000)
    what = f"{crowd.many:,} waiting triggers of one connection: CPU of a poll above sleeping"
    return Figure(f"{what}, by that of bare aiohttp", ratio, "x", GOAL_OF_BARE, detail={"aiohttp": bare})


def _beside_peers(crowd: Crowd, ours: Told, sleeping: Told) -> Iterator[Figure]:
    what = f"CPU of a poll above sleeping, {crowd.many:,} waiting triggers"
    better = Figure(f"{what}: the better of them by ours", None, "x", goal=GOAL_OF_PEERS, better="above")
    try:
        path = os.pathsep.join([str(peers.libraries()), *filter(None, [os.environ.get("PYTHONPATH")])])
    except peers.NotSetUpError as error:
        yield unmeasured(better, str(error))
        return
    found = []
    for name in PEERS:
        told = _side(name, crowd, {"PYTHONPATH": path})
        found.append(_per_poll(told, sleeping))
        yield Figure(f"{what}: the trigger of {name}", found[-1], "ms", detail=told)
    yield replace(better, value=min(found) / _per_poll(ours, sleeping))


def _per_poll(told: Told, sleeping: Told) -> float:
    """Return milliseconds of CPU time for a poll, without what any trigger costs."""
    return float((told["cpu_s"] - sleeping["cpu_s"]) / max(1, told["requests"]) * 1000)
