"""Poll with aiohttp and nothing else: ``python -m benchmarks.waiting.bare_once URL COUNT POLLS EVERY``."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.processes import answer

if TYPE_CHECKING:
    import aiohttp


async def poll(session: aiohttp.ClientSession, url: str, polls: int, every: float) -> None:
    for _ in range(polls):
        await asyncio.sleep(every)
        async with session.get(url, headers={"Authorization": "Bearer a-key"}) as response:
            json.loads(await response.read())


async def main(url: str, count: int, polls: int, every: float) -> None:
    """Make as many calls as so many waiting tasks, by as many connections as the provider keeps."""
    import aiohttp

    where = f"{url}/api/v1/generations/bare"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=8)) as session:
        await poll(session, f"{where}_0", 1, 0.0)
        cpu = time.process_time()
        await asyncio.gather(*(poll(session, f"{where}_{number}", polls, every) for number in range(count)))
        spent = time.process_time() - cpu
    answer(cpu_s=round(spent, 3), requests=count * polls)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
