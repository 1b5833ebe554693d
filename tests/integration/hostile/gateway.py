"""A gateway over loopback that answers byte for byte what a test says; what it is not told, it does well."""

from __future__ import annotations

import io
import json
import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from PIL import Image

from tests.integration.gateways import TestedGateway
from tests.unit.api.wire import answer

INTERVAL = 0.02


@dataclass(frozen=True)
class Trickle:
    """An answer that never ends: ``head`` at once, then ``piece`` every few milliseconds."""

    head: bytes = b""
    piece: bytes = b""


Raw = bytes | Trickle | None
"""In it ``@ID@`` stands for the id, ``@BASE@`` and ``@HOST@`` for the gateway; ``None`` hangs up."""


def picture() -> bytes:
    """A small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(file, "PNG")
    return file.getvalue()


def _is_whole(raw: bytes) -> bool:
    """Whether a client knows where the answer ends: it may send the next request on the same connection."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)\r?$", head + b"\r\n")
    told = int(length[1]) if length else 0 if head.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")) else None
    coded = re.search(rb"(?im)^(transfer-encoding|connection):", head)
    return bool(blank) and head.startswith(b"HTTP/1.1 ") and not coded and told == len(body)


class HostileGateway:
    """
    The server; use it as a context manager.

    :param gateway: whose paths it has.
    :ivar creations: answers to the next creations, the first one next; afterwards it answers well.
    :ivar states: answers to status calls, by id; ``*`` is for all others. Without one it answers well.
    :ivar others: answers to all other calls, by path.
    :ivar keys: under which creations came, one entry for each.
    :ivar asked: how many status calls came; ``fetched``: how many of results.
    """

    def __init__(self, gateway: TestedGateway) -> None:
        self.creations: list[Callable[[], Raw]] = []
        self.states: dict[str, Callable[[], Raw]] = {}
        self.others: dict[str, Callable[[], Raw]] = {}
        self.keys: list[str] = []
        self.asked = 0
        self.fetched = 0
        self._gateway = gateway
        self._ids: dict[str, str] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._picture = picture()
        hostile = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while hostile._one(self.rfile, self.request):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away early is what the tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paid(self) -> int:
        """How many generations were made: the same key again makes none where the gateway replays keys."""
        return len(set(self.keys)) if self._gateway.replays_keys else len(self.keys)

    def _one(self, rfile: Any, connection: Any) -> bool:
        """Answer one request; whether another one may come on this connection."""
        line = rfile.readline()
        if not line:
            return False
        method, path, _ = line.decode().split(" ", 2)
        headers = {}
        while (header := rfile.readline().strip()) != b"":
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = rfile.read(int(headers.get("content-length", "0")))
        raw, known_as = self._answer(method, path, headers, body)
        if isinstance(raw, Trickle):
            connection.sendall(raw.head)
            while not self._closing.wait(INTERVAL):
                connection.sendall(raw.piece)
        elif raw is not None:
            host = self.url.removeprefix("http://")
            for mark, value in (("@ID@", known_as), ("@BASE@", self.url), ("@HOST@", host)):
                raw = raw.replace(mark.encode(), value.encode())
            connection.sendall(raw)
            return _is_whole(raw)
        return False

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[Raw, str]:
        create = self._gateway.create
        if method == "POST" and path == create:
            key = headers.get("idempotency-key") or json.loads(body).get("client_business_id", "none")
            with self._lock:
                self.keys.append(key)
                known_as = self._ids.setdefault(key, f"task_{len(self._ids) + 1}")
                odd = self.creations.pop(0) if self.creations else None
            return (odd() if odd else well({"id": "@ID@", "status": "queued"}, 202)), known_as
        if path.startswith(f"{create}/"):
            with self._lock:
                self.asked += 1
            asked = path.rpartition("/")[2]
            known_as = self._ids.get(asked, asked)
            state = self.states.get(known_as) or self.states.get("*")
            return (state() if state else ENDED), known_as
        if path.startswith("/results/"):
            with self._lock:
                self.fetched += 1
            return answer(200, self._picture), ""
        other = self.others.get(path)
        return (other() if other else answer(404)), ""


def well(document: Any, status: int = 200, **headers: str) -> bytes:
    """Return an answer without a length, as the id in it is not known yet."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return f"HTTP/1.1 {status} Words\r\nconnection: close\r\n{named}\r\n".encode() + body


DONE: dict[str, Any] = {
    "id": "@ID@",
    "status": "succeeded",
    "final_credits": 1,
    "result": {"urls": ["@BASE@/results/1.png"]},
}
ENDED = well(DONE)
