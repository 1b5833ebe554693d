"""
A fast server of states: ``python benchmarks/waiting/status_server.py FAULTS SEED``.

It answers as Rivya does, and as dbt Cloud and Databricks do about a run. An id says when its work ends:
``task_<number>_<begin>_<seconds>`` by the clock, ``polls_<number>_<polls>`` after so many answers, as by the
last digit of a run's number; else it never ends. A share ``FAULTS`` of the answers is a 429, a 5xx, cut off,
or trickles. ``/log`` tells when it was asked; ``/counts`` how often, and by how many connections.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Final

HEAD: Final = "HTTP/1.1 {} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n"
asked: list[tuple[float, int]] = []
answers: Counter[str] = Counter()
connections: set[object] = set()


def over(known_as: str) -> bool:
    """Return whether a work has ended, by its id."""
    answers[known_as] += 1
    if known_as.isdecimal():
        return answers[known_as] >= int(known_as) % 10
    kind, *rest = known_as.split("_")
    if kind == "polls":
        return answers[known_as] >= int(rest[1])
    return len(rest) == 3 and time.time() >= float(rest[1]) + float(rest[2])


def document(path: str, body: bytes) -> object:
    """Return what a service tells of a work."""
    if path.startswith("/api/2.2/"):  # GET with a body, as the provider sends it
        known_as = str(json.loads(body)["run_id"])
        ended = over(known_as)
        state = {"life_cycle_state": "TERMINATED" if ended else "RUNNING", "state_message": ""}
        return {
            "run_id": int(known_as),
            "state": {**state, **({"result_state": "SUCCESS"} if ended else {})},
            "tasks": [],
        }
    known_as = path.rstrip("/").rpartition("/")[2]
    if path.startswith("/api/v2/"):
        return {"status": {"code": 200}, "data": {"id": known_as, "status": 10 if over(known_as) else 3}}
    status = "succeeded" if over(known_as) else "processing"
    return {"id": known_as, "status": status, "model": "z-image"}


def answer(status: int, told: object, headers: str = "") -> bytes:
    body = json.dumps(told).encode()
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
            head, _, rest = self._left.partition(b"\r\n\r\n")
            _, _, length = head.lower().partition(b"content-length:")
            needed = int(length.split(b"\r\n", 1)[0] or 0)
            if len(rest) < needed:
                return
            body, self._left = rest[:needed], rest[needed:]
            self._answer(head.split(b" ", 2)[1].decode().partition("?")[0], body)

    def _answer(self, path: str, body: bytes) -> None:
        if path == "/log":
            self._transport.write(answer(200, asked))
            return
        if path == "/counts":
            self._transport.write(answer(200, {"requests": len(asked), "connections": len(connections)}))
            return
        connections.add(self)
        good = answer(200, document(path, body))
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
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=4096)
    print(f"READY http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    Server.faults, Server.dice = float(sys.argv[1]), random.Random(int(sys.argv[2]))  # noqa: S311
    asyncio.run(main())
