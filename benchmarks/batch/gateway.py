"""
A gateway that does next to nothing: ``python -m benchmarks.batch.gateway SECONDS RATE``.

Speaks as much of Rivya's API as a batch needs. A generation takes SECONDS; no more than RATE a second are
taken in (0: as many as come). Its results are one PNG of 100 KB. ``GET /counts`` tells what was asked for.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from benchmarks.serving import png, write_noise

SIZE = 100_000


def picture() -> bytes:
    """Return a PNG that is whole."""
    head, noise, end = png(SIZE)
    write_noise(file := BytesIO())
    return head + file.getvalue()[:noise] + end


class Gateway:
    """What was submitted, and what of it has ended."""

    def __init__(self, seconds: float, rate: float) -> None:
        self.seconds, self.rate = seconds, rate
        self.begun: dict[str, float] = {}
        self.by_key: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.url = ""
        self.picture = picture()
        self._next = 0.0

    def wait(self) -> float:
        """Return the seconds after which a submission is answered."""
        if not self.rate:
            return 0.0
        now = time.monotonic()
        self._next = max(now, self._next + 1 / self.rate)
        return self._next - now

    def create(self, key: str) -> bytes:
        generation_id = self.by_key.setdefault(key or os.urandom(8).hex(), f"task_{len(self.begun):012x}")
        self.begun.setdefault(generation_id, time.time())
        return self.told(generation_id)

    def told(self, generation_id: str) -> bytes:
        begun = self.begun[generation_id]
        ended = time.time() >= begun + self.seconds
        result = f"{self.url}/results/{generation_id}/0.png"
        document = {
            "id": generation_id,
            "status": "succeeded" if ended else "processing",
            "model": "z-image",
            "reserved_credits": 1,
            "final_credits": int(ended),
            "created_at": datetime.fromtimestamp(begun, UTC).isoformat(),
            "updated_at": datetime.fromtimestamp(begun, UTC).isoformat(),
            "result": {"primary_url": result, "urls": [result]} if ended else None,
            "error": None,
        }
        return json.dumps(document).encode()


class Connection(asyncio.Protocol):
    """One client's connection; its requests come one after the other."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, rest = self._read.partition(b"\r\n\r\n")
            lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
            headers = {name.strip().lower(): value.strip() for name, _, value in lines}
            length = int(headers.get(b"content-length", 0))
            if len(rest) < length:
                return
            self._read = rest[length:]
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            self._answer(method, path, headers)

    def _answer(self, method: str, path: str, headers: dict[bytes, bytes]) -> None:
        gateway = self._gateway
        kind = "POST" if method == "POST" else path.split("/")[1]
        gateway.counts[kind] += 1
        if method == "POST":
            key = headers.get(b"idempotency-key", b"").decode()
            loop = asyncio.get_running_loop()
            loop.call_later(gateway.wait(), lambda: self._send(201, "application/json", gateway.create(key)))
        elif path.startswith("/results/"):
            self._send(200, "image/png", gateway.picture)
        elif path == "/counts":
            self._send(200, "application/json", json.dumps(gateway.counts).encode())
        else:
            self._send(200, "application/json", gateway.told(path.rpartition("/")[2]))

    def _send(self, status: int, mime_type: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: {mime_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def main(seconds: float, rate: float) -> None:
    gateway = Gateway(seconds, rate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(gateway), "127.0.0.1", 0, backlog=1000)
    gateway.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(f"READY {gateway.url}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float(sys.argv[2])))
