"""What many waiting tasks of one connection cost the triggerer, and how soon they know that one has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.chart import draw
from benchmarks.figure import Figure
from benchmarks.processes import PROJECT, ask, server

#: How many wait, for how long, and how often each asks.
CROWDS = ((1_000, 14.0, 5.0), (5_000, 24.0, 10.0), (10_000, 24.0, 10.0))
GOAL_MS = 0.6
GOAL_MB = 64
GOAL_LAG_MS = 100
GOAL_OF_BARE = 4
SERVER = "benchmarks/status_server.py"
PICTURE = PROJECT / "docs" / "images" / "requests-under-faults.png"


def measure() -> Iterator[Figure]:
    """
    Let triggers wait on one event loop in a process of its own, against a fast server in another.

    Beside them, in the same run: as many triggers that only sleep, and a bare aiohttp loop of the same calls.
    """
    for count, seconds, every in CROWDS:
        yield from _crowd(count, seconds, every)
    with server(SERVER, "0", "1") as url:
        debug = _side("debug", url, 1_000, 12.0, 5.0)
    yield Figure("1,000 waiting, callbacks above 50 ms", debug["slow_callbacks"], "", goal=0, detail=debug)
    yield from _answers()
    yield from _faults()


def _side(side: str, url: str, count: int, seconds: float, every: float) -> dict[str, Any]:
    return ask("-m", "benchmarks.waiting_once", side, url, str(count), str(seconds), str(every))


def _crowd(count: int, seconds: float, every: float) -> Iterator[Figure]:
    with server(SERVER, "0", "1") as url:
        sides = {side: _side(side, url, count, seconds, every) for side in ("sleeping", "aiohttp", "ours")}
    ours, bare, sleeping = sides["ours"], sides["aiohttp"], sides["sleeping"]
    what = f"{count:,} waiting triggers of one connection"
    above = (ours["cpu_s"] - sleeping["cpu_s"]) / max(1, ours["polls"]) * 1000
    yield Figure(f"{what}, CPU time of a poll above sleeping", above, "ms", goal=GOAL_MS, detail=sides)
    ratio = (ours["cpu_s"] / max(1, ours["polls"])) / (bare["cpu_s"] / max(1, bare["polls"]))
    yield Figure(f"{what}, CPU time of a poll in that of bare aiohttp", ratio, "x", goal=GOAL_OF_BARE)
    due = count * int(seconds / every)
    yield Figure(f"{what}, polls made of those due", ours["polls"] / due, "", goal=0.95, better="above")
    yield Figure(f"{what}, event loop's lag, p99", ours["lag_p99_ms"], "ms", goal=GOAL_LAG_MS)
    growth = ours["growth_mb"] - sleeping["growth_mb"]
    yield Figure(
        f"{what}, peak memory above sleeping", growth, "MB", goal=GOAL_MB if count == 1_000 else None
    )
    yield Figure(f"{what}, connection look-ups", ours["look_ups"], "", goal=1)
    yield Figure(f"{what}, HTTP clients", ours["clients"], "", goal=1)


def _answers() -> Iterator[Figure]:
    for sigma in ("0.4", "0.8"):
        for mixed in ("images", "mixed"):
            with server(SERVER, "0", "1") as url:
                sides = {
                    side: ask("-m", "benchmarks.waiting_answers", side, url, sigma, mixed)
                    for side in ("fixed", "ours")
                }
            ours, fixed = sides["ours"], sides["fixed"]
            what = f"{mixed}, sigma {sigma}, against asking every 5 s"
            share = ours["requests"] / fixed["requests"]
            yield Figure(f"{what}: requests of a generation", share, "x", goal=0.5, detail=sides)
            late = ours["late_p95_s"] / fixed["late_p95_s"]
            yield Figure(f"{what}: seconds from its end to the event, p95", late, "x", goal=1.0)


def _faults(picture: Path = PICTURE) -> Iterator[Figure]:
    with server(SERVER, "0.1", "14") as url:
        told = ask("-m", "benchmarks.waiting_answers", "ours", url, "0.4", "images")
        with urlopen(f"{url}/log", timeout=10) as response:  # noqa: S310 - our own server
            asked = json.load(response)
    begun = asked[0][0]
    seconds = [0] * (int(asked[-1][0] - begun) + 1)
    faulty = list(seconds)
    for moment, status in asked:
        seconds[int(moment - begun)] += 1
        faulty[int(moment - begun)] += status != 200
    draw(picture, seconds, faulty)
    detail = {**told, "requests_a_second": seconds, "of_them_faulty": faulty}
    what = "400 generations, a tenth of the answers a fault"
    yield Figure(f"{what}: finished", told["finished"], "", goal=400, better="above", detail=detail)
    mean = sum(seconds) / len(seconds)
    yield Figure(f"{what}: busiest second in the mean one", max(seconds) / mean, "x", goal=4)
