"""How long one answer to a status call holds up the event loop of all waiting tasks."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from airflow_provider_rivya.api.call import SMALL
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.http import AsyncSender
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.exceptions import GatewayError
from benchmarks.figure import Figure
from benchmarks.processes import answer, ask

GOAL_MS = 50.0
ROUNDS = 5


@functools.cache
def shapes() -> dict[str, bytes]:
    """Answers of just the size that is still read, each dear to something that reads it."""
    head = '{"id": "task_1", "status": '
    done = head + '"succeeded", "result": '
    failed = head + '"failed", "error": {"code": "x", "message": "%s"}}'
    left = SMALL - 200

    def repeated(piece: str, before: str = "[", after: str = "]", divider: str = ",") -> str:
        return before + divider.join([piece] * (left // (len(piece) + len(divider)))) + after

    texts = {
        "urls": done
        + '{"urls": '
        + json.dumps([f"https://a.example/{n:05d}.png" for n in range(7000)])
        + "}}",
        "objects": done + '{"data": ' + repeated("{}") + "}}",
        "objects with URLs": done + repeated('{"url":"a/b"}') + "}",
        "other keys": "{" + ",".join(f'"k{n:06d}":0' for n in range(left // 12)) + ', "id": "task_1"}',
        "nested lists": head + repeated("[", "", "", "") + "}",
        "nested objects": done + '{"a":' * (left // 6) + "1" + "}" * (left // 6) + "}",
        "a number in words": head + '"queued", "final_credits": "' + "1" * left + '"}',
        "a time in words": head + '"queued", "created_at": "' + "2026-" * (left // 5) + '"}',
        "one long number": head + "1" * left + "}",
        "numbers": done + repeated("1e400") + "}",
        "escapes": failed % repeated("\\u202e", "", "", ""),
        "one long word": failed % ("x" * left),
        "URLs in words": failed % repeated("https://a.example/x", "", "", " "),
        "keys in words": failed % repeated("sk-abcdef0123456789", "", "", " "),
        "no JSON": "<" * left,
        "a brace behind words": "words\n" * (left // 6) + "{",
    }
    return {name: text.encode() for name, text in texts.items()}


def measure() -> Iterator[Figure]:
    """
    Ask for the status of a generation on an event loop on which something else is to run all the time.

    Both are in a process of their own. The figure is the longest time for which the loop did not come
    round, of the worst shape; of each shape the quickest of some rounds counts, as other work on the machine
    only adds to it.
    """
    for gateway in ("rivya", "toapis"):
        for debug in (False, True):
            told = ask("-m", "benchmarks.stall", gateway, "debug" if debug else "plain")
            name = (
                f"{gateway}: a status answer of {SMALL // 1024} kB{', asyncio debug mode' if debug else ''}"
            )
            yield Figure(f"{name}, loop stall", max(told.values()), "ms", goal=GOAL_MS, detail=told)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        path = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        body = list(shapes().values())[int(path.rpartition("-")[2])]
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )


async def _longest_gap(sender: AsyncSender, call: Any) -> float:
    """Return the milliseconds for which the loop did nothing else."""
    longest, last = 0.0, time.perf_counter()
    loop = asyncio.get_running_loop()
    handle: asyncio.Handle

    def tick() -> None:
        nonlocal longest, last, handle
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        handle = loop.call_soon(tick)

    handle = loop.call_soon(tick)
    with suppress(GatewayError):  # some shapes are none that can be read
        await sender.send(call, repeat=False)
    await asyncio.sleep(0)
    handle.cancel()
    return longest * 1000


async def _ask_for_all(gateway: str, url: str) -> dict[str, float]:
    api = {"rivya": RIVYA, "toapis": TOAPIS}[gateway]
    sender = AsyncSender(ClientSettings(base_url=url, api_key="key", retries=0))
    told: dict[str, float] = {}
    try:
        for number, name in enumerate(shapes()):
            gaps = [
                await _longest_gap(sender, api.get_generation(f"task_1-{number}")) for _ in range(ROUNDS + 1)
            ]
            told[name] = round(min(gaps[1:]), 1)  # the first one imports
    finally:
        await sender.aclose()
    return told


def main(gateway: str, mode: str) -> None:
    """Serve in a thread, and ask from an event loop."""
    shapes()
    logging.disable(logging.CRITICAL)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    answer(**asyncio.run(_ask_for_all(gateway, url), debug=mode == "debug"))


if __name__ == "__main__":
    main(*sys.argv[1:])
