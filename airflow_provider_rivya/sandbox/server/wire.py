"""
The outermost layer: logs every request and makes the faults of the wire happen.

A cut connection is a real one: the layer reaches the TCP transport of the request through
:class:`TrackingProtocol`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from airflow_provider_rivya.sandbox.requests.answers import SERVER_ERROR, html_page
from airflow_provider_rivya.sandbox.server.refusals import code_of, error_answer
from airflow_provider_rivya.sandbox.state.faults import NO_BODY_STATUS, WIRE, Fault, Faults
from airflow_provider_rivya.sandbox.state.store import State

OWN_PATHS = ("/sandbox", "/favicon.ico")


@dataclass
class Connection:
    transport: asyncio.Transport
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class TrackingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with its open connections listed by the peer's address."""

    open_connections: dict[tuple[str, int], Connection] = {}  # noqa: RUF012  shared by all on purpose

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        if self.client is not None:
            self.open_connections[self.client] = Connection(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.client is not None and (connection := self.open_connections.pop(self.client, None)):
            connection.lost.set()


class Hang:
    """A wait before the answer that happens once, where the first of several callers asks for it."""

    def __init__(self, seconds: float, closing: asyncio.Event) -> None:
        self._seconds = seconds
        self._closing = closing

    async def __call__(self) -> None:
        seconds, self._seconds = self._seconds, 0.0
        await wait(seconds, self._closing)


async def wait(seconds: float, closing: asyncio.Event) -> None:
    """Wait, but not beyond the end of the server."""
    if seconds > 0:
        try:
            await asyncio.wait_for(closing.wait(), seconds)
        except TimeoutError:
            return


@dataclass
class Captured:
    """A whole answer, held back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", [])]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def without(self, name: bytes) -> list[tuple[bytes, bytes]]:
        return [(key, value) for key, value in self.headers if key.lower() != name]


class Wire:
    """
    ASGI middleware around the whole application.

    :param closing: set when the server ends, so that no wait holds it up.
    """

    def __init__(self, app: ASGIApp, *, state: State, faults: Faults, closing: asyncio.Event) -> None:
        self._app = app
        self._state = state
        self._faults = faults
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/" or scope["path"].startswith(OWN_PATHS):
            await self._app(scope, receive, send)
            return
        entry = self._state.remember_request(**_facts(scope))

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        fault = self._faults.take(scope["method"], scope["path"], WIRE)
        if fault is None:
            await self._app(scope, receive, watched)
        else:
            await self._happen(fault, scope, receive, watched)

    async def _happen(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        kind = fault.kind
        if kind == "cut_before":
            await _drain(receive)
            await _cut(scope)
        elif kind == "cut_after":
            await self._app(scope, receive, Captured())
            await _cut(scope)
        elif kind == "delay":
            await wait(fault.number("seconds", 0), self._closing)
            await self._app(scope, receive, send)
        elif kind == "hang":
            scope["sandbox.hang"] = hang = Hang(fault.number("seconds", 0), self._closing)
            await self._app(scope, receive, _after(hang, send))
        elif kind in ("answer_cut", "truncated"):
            await self._answer_in_part(fault, scope, receive, send)
        elif kind in ("corrupt", "content_type"):
            held = Captured()
            await self._app(scope, receive, held)
            await _spoil(fault, held, send)
        else:
            if kind == "status" and self._stores_errors(fault):
                scope["sandbox.server_error"] = int(fault.options["status"])
                await self._app(scope, receive, Captured())
            else:
                await _drain(receive)
            status, headers, body = instead(fault, scope["path"], self._state)
            await _send_whole(send, status, headers, body)

    def _stores_errors(self, fault: Fault) -> bool:
        """Whether the application is to know of a server's error that it may have to give again."""
        stored = self._state.assumptions.text("idempotency_server_error_stored") != "no"
        return stored and int(fault.options["status"]) >= SERVER_ERROR

    async def _answer_in_part(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        held = Captured()
        await self._app(scope, receive, held)
        part = bytes(held.body[: int(len(held.body) * fault.number("fraction", 0.5))])
        if fault.options.get("declare_length", True):
            headers = [*held.without(b"content-length"), (b"content-length", str(len(held.body)).encode())]
            await send({"type": "http.response.start", "status": held.status, "headers": headers})
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await _cut(scope, flush=True)
        else:
            headers = held.without(b"content-length")
            await send({"type": "http.response.start", "status": held.status, "headers": headers})
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _facts(scope: Scope) -> dict[str, Any]:
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get(b"authorization")
    key = (authorization or "").rpartition(" ")[2]
    return {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode("latin-1"),
        "status": None,
        "has_authorization": authorization is not None,
        "idempotency_key": headers.get(b"idempotency-key"),
        "key_name": f"{key[: min(10, len(key) // 2)]}…" if key else None,
    }


def _after(hang: Hang, send: Send) -> Callable[[Message], Awaitable[None]]:
    async def held_back(message: Message) -> None:
        await hang()
        await send(message)

    return held_back


async def _drain(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


async def _cut(scope: Scope, *, flush: bool = False) -> None:
    connection = TrackingProtocol.open_connections.get(tuple(scope["client"]))
    if connection is None:
        return
    if flush:
        connection.transport.close()
    else:
        connection.transport.abort()
    # Only once the protocol knows that the peer is gone may the application return without an answer.
    await connection.lost.wait()


async def _spoil(fault: Fault, held: Captured, send: Send) -> None:
    headers, body = held.headers, bytearray(held.body)
    if fault.kind == "corrupt":
        middle, half = len(body) // 2, min(32, len(body) // 4 + 1)
        for index in range(max(0, middle - half), min(len(body), middle + half)):
            body[index] ^= 0xFF
    else:
        headers = [*held.without(b"content-type"), (b"content-type", str(fault.options["value"]).encode())]
    await send({"type": "http.response.start", "status": held.status, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(body)})


async def _send_whole(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if status not in NO_BODY_STATUS:
        raw = [
            *[pair for pair in raw if pair[0] != b"content-length"],
            (b"content-length", str(len(body)).encode()),
        ]
    else:
        body = b""
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def instead(fault: Fault, path: str, state: State) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body that a fault puts in the place of the answer of a path."""
    options = fault.options
    if fault.kind == "html":
        return 200, {"Content-Type": "text/html; charset=utf-8"}, html_page(200, "Please sign in")
    if fault.kind == "empty":
        return 200, {}, b""
    if fault.kind == "redirect":
        return 302, {"Location": str(options["location"])}, b""
    if fault.kind == "rate_limit":
        text = "Too many requests in the current window"
        status, headers, body = error_answer(state, path, code_of(path, 429), text, 429)
        return status, {**headers, **retry_after(options)}, body
    status = int(options["status"])
    own_headers = dict(options.get("headers", {}))
    if "body" in options:
        given = options["body"]
        text = given if isinstance(given, str) else json.dumps(given)
        mime = "text/plain; charset=utf-8" if isinstance(given, str) else "application/json"
        headers, body = {"Content-Type": mime}, text.encode("utf-8", "replace")
    elif status < 400:
        headers, body = {"Content-Type": "application/json"}, b"{}"
    else:
        code = str(options.get("code", code_of(path, status)))
        _, headers, body = error_answer(state, path, code, "A fault that was asked for", status)
    lowered = {name.lower() for name in own_headers}
    return status, {**{k: v for k, v in headers.items() if k.lower() not in lowered}, **own_headers}, body


def retry_after(options: dict[str, Any]) -> dict[str, str]:
    """Return the Retry-After header a ``rate_limit`` fault asks for: none, seconds, or a date."""
    form, seconds = options.get("retry_after"), float(options.get("seconds", 1))
    if form is None:
        return {}
    if form == "date":
        # Real time, whatever the sandbox's clock says: the reader compares it with its own.
        return {"Retry-After": formatdate(time.time() + seconds, usegmt=True)}
    return {"Retry-After": f"{seconds if form == 'seconds' else float(form):g}"}
