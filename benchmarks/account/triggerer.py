"""
Waits for generations: ``python -m benchmarks.account.triggerer``.

A line of stdin names one (``{"number", "id", "at"}``); a line of stdout tells its end, with the event.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from typing import Any

from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from benchmarks.account.tempo import as_elsewhere


async def wait(asked: dict[str, Any]) -> None:
    trigger = ToApisTaskTrigger(asked["id"], "bench", "image", asked["at"], time.time() + 600)
    async for event in trigger.run():
        print(json.dumps({"number": asked["number"], "event": event.payload}), flush=True)
        return


async def main() -> None:
    loop, done, waiting = asyncio.get_running_loop(), asyncio.Event(), set[asyncio.Task[None]]()

    def begin(line: str) -> None:
        waiting.add(task := loop.create_task(wait(json.loads(line))))
        task.add_done_callback(waiting.discard)

    def listen() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(begin, line)
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=listen, daemon=True).start()
    await done.wait()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    as_elsewhere()
    asyncio.run(main())
