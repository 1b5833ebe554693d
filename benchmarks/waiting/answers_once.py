"""
How soon an end is known: ``python -m benchmarks.waiting.answers_once SIDE URL SIGMA MIXED``; by how many
requests.

Time runs ten times as fast: generations, the gateway's guidance and the fixed interval are all a tenth.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import random
import statistics
import sys
import time
from dataclasses import replace
from typing import Any

from airflow_provider_rivya.api.gateway import PollGuidance, Polling
from airflow_provider_rivya.api.rivya import RivyaApi
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from benchmarks.processes import answer

SCALE = 10.0
COUNT = 400
SECONDS = {"image": 20.0, "video": 90.0}
FIXED = 5.0
SPREAD_OVER = 120.0
"""Seconds over which the submissions are spread: what ends first teaches what comes later."""


def scaled(guidance: PollGuidance) -> PollGuidance:
    return replace(
        guidance,
        first=guidance.first / SCALE,
        interval=guidance.interval / SCALE,
        maximum=guidance.maximum / SCALE,
    )


class ScaledApi(RivyaApi):
    """Rivya, ten times as fast."""

    polling = Polling(
        {name: scaled(each) for name, each in RivyaApi.polling.guidance.items()}, RivyaApi.polling.floors
    )


class Hook(RivyaHook):
    """Counts its requests."""

    polls = 0

    @property
    def api(self) -> ScaledApi:
        return ScaledApi()

    async def aget_generation(self, generation_id: str, **options: Any) -> Any:
        Hook.polls += 1
        return await super().aget_generation(generation_id, **options)


class Trigger(RivyaTaskTrigger):
    hook_class = Hook


def generations(sigma: float, mixed: bool) -> list[tuple[float, float, str]]:
    """Return when each is submitted, how long it takes, and its category."""
    dice = random.Random(14)  # noqa: S311 - the same every time
    found = []
    for number in range(COUNT):
        category = "video" if mixed and number % 3 == 0 else "image"
        takes = SECONDS[category] * math.exp(dice.gauss(0.0, sigma))
        found.append((dice.uniform(0.0, SPREAD_OVER) / SCALE, takes / SCALE, category))
    return found


async def fixed(known_as: str, category: str, began: float) -> None:
    """Ask every five seconds, as a simple loop does."""
    hook = fixed.hook  # type: ignore[attr-defined]
    while True:
        await asyncio.sleep(FIXED / SCALE)
        if (await hook.aget_generation(known_as, category=category)).ended:
            return


async def ours(known_as: str, category: str, began: float) -> None:
    async for _ in Trigger(known_as, "bench", category, began, began + 600).run():
        return


async def run(side: str, sigma: float, mixed: bool) -> list[float]:
    """Return how late each end was known, in seconds of the real thing."""
    fixed.hook = Hook("bench")  # type: ignore[attr-defined]
    scene = {"ours": ours, "fixed": fixed}[side]

    async def one(number: int, after: float, takes: float, category: str) -> float:
        await asyncio.sleep(after)
        began = time.time()
        await scene(f"task_{number}_{began}_{takes}", category, began)
        return (time.time() - began - takes) * SCALE

    late = await asyncio.gather(*(one(n, *each) for n, each in enumerate(generations(sigma, mixed))))
    await fixed.hook.aclose()  # type: ignore[attr-defined]
    return sorted(late)


def main(side: str, url: str, sigma: float, mixed: bool) -> None:
    logging.disable(logging.WARNING)
    os.environ["AIRFLOW_CONN_BENCH"] = json.dumps(
        {"conn_type": "rivya", "host": url, "password": "a-key-of-the-bench", "extra": {"max_in_flight": 32}}
    )
    late = asyncio.run(run(side, sigma, mixed))
    answer(
        finished=len(late),
        requests=round(Hook.polls / len(late), 3),
        late_median_s=round(statistics.median(late), 2),
        late_p95_s=round(late[int(len(late) * 0.95)], 2),
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4] == "mixed")
