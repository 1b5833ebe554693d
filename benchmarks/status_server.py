"""
A fast server of generations' states: ``python benchmarks/status_server.py FAULTS SEED``.

An id says when its generation begins and ends: ``task_<number>_<begin>_<seconds>``; else it never ends.
A share ``FAULTS`` of the answers is a 429, a 5xx, cut off, or trickles. ``/log`` tells when it was asked.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Final

HEAD: Final = "HTTP/1.1 {} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n"
asked: list[tuple[float, int]] = []


def state_of(known_as: str) -> str:
    """Return the state of a generation by its id."""
    parts = known_as.split("_")
    over = len(parts) == 4 and time.time() >= float(parts[2]) + float(parts[3])
    return "succeeded" if over else "processing"


def answer(status: int, document: object, headers: str = "") -> bytes:
    body = json.dumps(document).encode()
    return HEAD.format(status, len(body), headers).encode() + body


class Server(asyncio.Protocol):
    """One connection."""

    faults = 0.0
    dice = random.Random(0)  # noqa: S311 - the same every time

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport
        self._left = b""

    def data_received(self, data: bytes) -> None:
        self._left += data
        while b"\r\n\r\n" in self._left:
            head, _, self._left = self._left.partition(b"\r\n\r\n")
            self._answer(head.split(b" ", 2)[1].decode().rpartition("/")[2])

    def _answer(self, known_as: str) -> None:
        if known_as == "log":
            self._transport.write(answer(200, asked))
            return
        good = answer(200, {"id": known_as, "status": state_of(known_as), "model": "z-image"})
        kind = self.dice.randrange(4) if self.dice.random() < self.faults else None
        asked.append((time.time(), {None: 200, 0: 429, 1: 503, 2: -1, 3: -2}[kind]))
        if kind == 0:
            self._transport.write(answer(429, {"error": {"code": "rate_limited"}}, "Retry-After: 1\r\n"))
        elif kind == 1:
            self._transport.write(answer(503, {"error": {"code": "busy"}}))
        elif kind == 2:
            self._transport.write(good[:-9])
            self._transport.close()
        elif kind == 3:
            asyncio.get_running_loop().create_task(self._trickle(good))
        else:
            self._transport.write(good)

    async def _trickle(self, data: bytes) -> None:
        for number in range(0, len(data), 16):
            if self._transport.is_closing():
                return
            self._transport.write(data[number : number + 16])
            await asyncio.sleep(0.2)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=1024)
    print(f"READY http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    Server.faults, Server.dice = float(sys.argv[1]), random.Random(int(sys.argv[2]))  # noqa: S311
    asyncio.run(main())
