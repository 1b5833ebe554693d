"""What the sandbox lets in: requests for itself alone, and bodies within a bound."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_provider_rivya.sandbox.requests.answers import json_answer

OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a request."""
MAX_UPLOAD: Final = 256 * 1024 * 1024
"""Bytes of an upload: above what either gateway documents for any file."""

_FORBIDDEN, _TOO_LARGE = 403, 413


class Door:
    """
    ASGI middleware: refuses what a web page in this machine's browser could send.

    A page of any site may send requests to 127.0.0.1, under the name of that site (DNS rebinding) or with its
    ``Origin``. Neither is a client of this sandbox.
    """

    def __init__(self, app: ASGIApp, *, max_body: int = MAX_BODY, max_upload: int = MAX_UPLOAD) -> None:
        self._app = app
        self._max_body = max_body
        self._max_upload = max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if problem := foreign(headers.get(b"host", ""), headers.get(b"origin")):
            await json_answer(_FORBIDDEN, {"error": problem})(scope, receive, send)
            return
        upload = headers.get(b"content-type", "").startswith("multipart/")
        most = self._max_upload if upload else self._max_body
        left = most - int(headers.get(b"content-length", 0))
        begun = False

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            if b"content-length" not in headers:
                left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.disconnect"}

        async def answered(message: Message) -> None:
            nonlocal begun
            if left >= 0 or begun:
                begun = True
                await send(message)

        if left >= 0:
            # The application hears of too long a body as of a client that has gone.
            with suppress(ClientDisconnect):
                await self._app(scope, counted, answered)
        if left < 0 and not begun:
            answer = json_answer(_TOO_LARGE, {"error": f"The body has more than {most} bytes"})
            await answer(scope, receive, send)


def foreign(host: str, origin: str | None) -> str | None:
    """
    Tell why a request is not for this sandbox; ``None`` if it is. Pure.

    :param host: the ``Host`` header; a proxy on this machine may have another port.
    :param origin: the ``Origin`` header, which browsers send; other clients send none.
    """
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if name.lower() not in OWN_NAMES:
        return f"The sandbox answers to {', '.join(sorted(OWN_NAMES))}, not to the Host {host[:100]!r}"
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return f"The sandbox takes no request from a page of the Origin {origin[:100]!r}"
    return None
