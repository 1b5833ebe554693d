"""Let many wait in this process: ``python -m benchmarks.waiting_once SIDE URL COUNT SECONDS EVERY``."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar

from airflow_provider_rivya._compat import BaseTrigger, TriggerEvent
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from benchmarks.memory import peak, reset_peak
from benchmarks.processes import answer

SLOW_CALLBACK = 0.05
Scene = Callable[[int], Awaitable[None]]


class CountingHook(RivyaHook):
    """Works as ever, and counts."""

    polls: ClassVar[int] = 0
    look_ups: ClassVar[int] = 0
    clients: ClassVar[set[int]] = set()

    @classmethod
    async def aget_connection(cls, conn_id: str) -> Any:
        cls.look_ups += 1
        return await super().aget_connection(conn_id)

    async def aget_conn(self) -> Any:
        client = await super().aget_conn()
        self.clients.add(id(client))
        return client

    async def aget_generation(self, generation_id: str, **options: Any) -> Any:
        CountingHook.polls += 1
        return await super().aget_generation(generation_id, **options)


class CountingTrigger(RivyaTaskTrigger):
    """Waits as ever, through the hook that counts."""

    hook_class = CountingHook


class Sleeping(BaseTrigger):
    """Waits for nothing."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "benchmarks.waiting_once.Sleeping", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(3600)
        yield TriggerEvent({})


async def ours(number: int) -> None:
    """Wait with the provider's trigger."""
    now = time.time()
    async for event in CountingTrigger(f"task_{number}", "bench", "image", now, now + 3600).run():
        raise RuntimeError(f"task_{number} ended: {event.payload}")


async def sleeping(number: int) -> None:
    """Wait with a trigger that only sleeps."""
    async for _ in Sleeping().run():  # type: ignore[no-untyped-call]  # Airflow's are without annotations
        pass


def bare(url: str, every: float) -> Scene:
    """Return what makes the same calls with aiohttp alone; to be used on one event loop."""
    import aiohttp

    sessions: list[aiohttp.ClientSession] = []

    async def one(number: int) -> None:
        if not sessions:
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=8)))
        headers = {"Authorization": "Bearer a-key"}
        try:
            while True:
                where = f"{url}/api/v1/generations/task_{number}"
                async with sessions[0].get(where, headers=headers) as response:
                    json.loads(await response.read())
                CountingHook.polls += 1
                await asyncio.sleep(every)
        finally:
            await sessions[0].close()

    return one


async def together(scene: Scene, count: int, seconds: float, lags: list[float]) -> None:
    """Let so many wait for some seconds, then take them away as a triggerer does."""

    async def watch() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.01)
            lags.append(time.perf_counter() - begun - 0.01)

    watching = asyncio.create_task(watch())
    waiting = [asyncio.ensure_future(scene(number)) for number in range(count)]
    done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in (watching, *waiting):
        task.cancel()
    await asyncio.gather(watching, *waiting, return_exceptions=True)
    for task in done:
        task.result()


async def warm_up() -> None:
    """Ask once: the first call of a process imports, which is not what waiting costs."""
    hook = CountingHook("bench")
    await hook.aget_generation("task_0")
    await hook.aclose()


class SlowCallbacks(logging.Handler):
    """Counts what asyncio's debug mode says of callbacks that hold the loop up."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "took" in record.getMessage()


def main(side: str, url: str, count: int, seconds: float, every: float) -> None:
    logging.disable(logging.INFO)
    slow = SlowCallbacks()
    logging.getLogger("asyncio").addHandler(slow)
    polling = {"poll_first": 0, "poll_interval": every, "poll_max": every}
    connection = {"conn_type": "rivya", "host": url, "password": "a-key-of-the-bench", "extra": polling}
    os.environ["AIRFLOW_CONN_BENCH"] = json.dumps(connection)
    scenes: dict[str, Scene] = {
        "ours": ours,
        "sleeping": sleeping,
        "aiohttp": bare(url, every),
        "debug": ours,
    }
    asyncio.run(warm_up())
    CountingHook.polls = CountingHook.look_ups = 0
    CountingHook.clients.clear()
    lags: list[float] = []
    before, cpu = reset_peak(), time.process_time()

    async def run() -> None:
        if side == "debug":
            asyncio.get_running_loop().slow_callback_duration = SLOW_CALLBACK
        await together(scenes.get(side, ours), count, seconds, lags)

    asyncio.run(run(), debug=side == "debug")
    spent = time.process_time() - cpu
    lags.sort()
    answer(
        cpu_s=round(spent, 3),
        polls=CountingHook.polls,
        growth_mb=round((peak() - before) / 1e6, 2),
        lag_p99_ms=round(lags[int(len(lags) * 0.99)] * 1000, 2) if lags else None,
        look_ups=CountingHook.look_ups,
        clients=len(CountingHook.clients),
        slow_callbacks=slow.count,
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
