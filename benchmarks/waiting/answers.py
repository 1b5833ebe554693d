"""By how many requests, and how soon, an end is known; and what becomes of faulty answers."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

from benchmarks.chart import Series, draw
from benchmarks.figure import Figure
from benchmarks.processes import PROJECT, ask, server
from benchmarks.waiting.crowd import SERVER, Told

PICTURE = PROJECT / "docs" / "images" / "requests-under-faults.png"
ONCE = "benchmarks.waiting.answers_once"
SIGMAS = ("0.4", "0.8")


def measure(sigmas: Sequence[str] = SIGMAS) -> Iterator[Figure]:
    """Wait by the provider's schedule and by asking every five seconds, then where answers are faulty."""
    for sigma in sigmas:
        yield from _answers(sigma)
    yield from _faults()


def _answers(sigma: str) -> Iterator[Figure]:
    def side(asked: tuple[str, str]) -> Told:
        mixed, name = asked
        with server(SERVER, "0", "1") as url:
            return ask("-m", ONCE, name, url, sigma, mixed)

    # All at once: they mostly sleep.
    scenes = list(itertools.product(("images", "mixed"), ("ours", "fixed")))
    with ThreadPoolExecutor(len(scenes)) as pool:
        told = dict(zip(scenes, pool.map(side, scenes), strict=True))
    for mixed in ("images", "mixed"):
        ours, fixed = told[mixed, "ours"], told[mixed, "fixed"]
        what = f"{mixed}, sigma {sigma}, against asking every 5 s"
        share = ours["requests"] / fixed["requests"]
        detail = {"ours": ours, "fixed": fixed}
        yield Figure(f"{what}: requests of a generation", share, "x", goal=0.5, detail=detail)
        late = ours["late_p95_s"] / fixed["late_p95_s"]
        yield Figure(f"{what}: seconds from its end to the event, p95", late, "x", goal=1.0)


def _faults() -> Iterator[Figure]:
    with server(SERVER, "0.1", "14") as url:
        told = ask("-m", ONCE, "ours", url, "0.4", "images")
        with urlopen(f"{url}/log", timeout=10) as response:  # noqa: S310 - our own server
            asked = json.load(response)
    begun = asked[0][0]
    seconds = [0] * (int(asked[-1][0] - begun) + 1)
    faulty = list(seconds)
    for moment, status in asked:
        seconds[int(moment - begun)] += 1
        faulty[int(moment - begun)] += status != 200
    draw(
        PICTURE,
        "Requests a second while 400 generations are waited for",
        [Series("all", seconds), Series("answered with 429 or 5xx, cut off, or trickling", faulty)],
    )
    detail = {**told, "requests_a_second": seconds, "of_them_faulty": faulty}
    what = "400 generations, a tenth of the answers a fault"
    yield Figure(f"{what}: finished", told["finished"], "", goal=400, better="above", detail=detail)
    mean = sum(seconds) / len(seconds)
    yield Figure(f"{what}: busiest second in the mean one", max(seconds) / mean, "x", goal=4)
