"""A scripted HTTP server over loopback: what it answers is written byte for byte by the tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Received"], "bytes | None"]


@dataclass(frozen=True)
class Received:
    """One request. ``target`` is the raw request target, header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def answer(status: int = 200, body: Any = b"", **headers: str) -> bytes:
    """Return a whole HTTP answer; anything but bytes is sent as JSON. ``retry_after`` is ``Retry-After``."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("content-length", str(len(raw)))
    lines = [f"HTTP/1.1 {status} Words", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + raw


class Wire:
    """
    The server. Answers the script's entries in order, the last one for ever; ``None`` hangs up.

    :param script: answers, or one function from request to answer.
    :param keep_alive: whether a connection stays open after an answer, which must not say otherwise.
    """

    def __init__(self, *script: bytes | Script | None, port: int = 0, keep_alive: bool = False) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.open_now = 0
        self.most_open = 0
        self.hung_up = threading.Semaphore(0)
        """One for each connection that the server has closed."""
        self._script = list(script)
        self._lock = threading.Lock()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                super().setup()
                with wire._lock:
                    wire.connections += 1

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                self.close_connection = not keep_alive
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with wire._lock:
                    wire.open_now += 1
                    wire.most_open = max(wire.most_open, wire.open_now)
                raw = wire._next(Received(self.command, self.path, headers, body))
                with wire._lock:
                    wire.open_now -= 1
                if raw is not None:
                    self.wfile.write(raw)
                else:
                    self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def shutdown_request(self, request: Any) -> None:
                super().shutdown_request(request)
                wire.hung_up.release()

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away early is part of the tests."""

        self._server = Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request: Received) -> bytes | None:
        with self._lock:
            self.received.append(request)
            entry = self._script[min(len(self.received), len(self._script)) - 1]
        return entry(request) if callable(entry) else entry


class Pauses:
    """
    In the place of a task's stop flag: takes no time, and notes how long the waits would have been.

    :param meanwhile: called with each wait.
    :param stops: what a wait returns: whether the task was asked to stop meanwhile.
    """

    def __init__(
        self, meanwhile: Callable[[float], object] = lambda seconds: None, *, stops: bool = False
    ) -> None:
        self.waits: list[float] = []
        self._meanwhile = meanwhile
        self._stops = stops

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float, /) -> bool:
        self.waits.append(timeout)
        self._meanwhile(timeout)
        return self._stops
