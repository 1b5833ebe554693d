"""Let triggers wait in this process: ``python -m benchmarks.waiting_once URL COUNT SECONDS``."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from typing import Any, ClassVar

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from benchmarks.memory import peak, reset_peak
from benchmarks.processes import answer

GENERATIONS = 20
#: Old enough that every trigger asks at a steady pace, young enough that none asks at its slowest.
AGE = 45


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


async def warm_up(generation_id: str) -> None:
    """Ask once: the first call of a process imports, which is not what waiting costs."""
    hook = CountingHook("bench")
    await hook.aget_generation(generation_id)
    await hook.aclose()


async def wait_together(generation_ids: list[str], count: int, seconds: float) -> None:
    """Let ``count`` triggers wait for some seconds, then take them away as a triggerer does."""
    now = time.time()

    async def one(number: int) -> None:
        generation_id = generation_ids[number % len(generation_ids)]
        trigger = CountingTrigger(generation_id, "bench", "image", now - AGE, now + 3600)
        async for event in trigger.run():
            raise RuntimeError(f"{generation_id} ended: {event.payload}")

    waiting = [asyncio.create_task(one(number)) for number in range(count)]
    done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for task in done:
        task.result()


def main(url: str, count: int, seconds: float) -> None:
    """Submit a few generations, then wait for each of them many times over."""
    logging.disable(logging.INFO)
    connection = {"conn_type": "rivya", "host": url, "password": "rvya_sk_sandbox"}
    os.environ["AIRFLOW_CONN_BENCH"] = json.dumps(connection)
    hook = RivyaHook("bench")
    body = hook.api.request_body("z-image", "A bicycle", {})
    generation_ids = [hook.create_generation(body).id for _ in range(GENERATIONS)]
    hook.close()
    asyncio.run(warm_up(generation_ids[0]))
    CountingHook.polls = CountingHook.look_ups = 0
    CountingHook.clients.clear()
    before, cpu = reset_peak(), time.process_time()
    asyncio.run(wait_together(generation_ids, count, seconds))
    spent = time.process_time() - cpu
    answer(
        cpu_ms_per_poll=round(spent / CountingHook.polls * 1000, 3),
        growth_mb=round((peak() - before) / 1e6, 2),
        polls=CountingHook.polls,
        cpu_s=round(spent, 2),
        share_of_a_core=round(spent / seconds, 3),
        look_ups=CountingHook.look_ups,
        clients=len(CountingHook.clients),
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
