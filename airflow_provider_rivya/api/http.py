"""
Sends an :class:`~airflow_provider_rivya.api.call.ApiCall`, sync or async.

The only module that knows httpx, which is no part of any public signature here. What can be
decided without a socket is in :mod:`airflow_provider_rivya.api.call`; the two senders differ in
nothing but ``await``.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import ssl
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar

import httpx
import tenacity

from airflow_provider_rivya import __version__
from airflow_provider_rivya.api.attempts import Attempts
from airflow_provider_rivya.api.call import Answer, ApiCall, clock_skew, in_doubt, read_answer
from airflow_provider_rivya.exceptions import GatewayError, GatewayUnreachableError, UnexpectedAnswerError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.stop import Stop, StopFlag

T = TypeVar("T")
log = logging.getLogger(__name__)

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""An API answer above this is not read further. The live model list is well below 1 MB."""

USER_AGENT: Final = f"airflow-provider-rivya/{__version__}"


@dataclass(frozen=True)
class ClientSettings:
    """
    How to reach a gateway.

    :param base_url: scheme, host and port, without a path and a trailing slash.
    :param api_key: never part of a repr.
    :param conn_id: the Airflow connection these come from, for messages.
    :param connect_timeout: seconds until a TCP and TLS connection must stand.
    :param read_timeout: seconds without a byte until an answer is given up.
    :param retries: repeats after the first attempt of one call.
    :param max_in_flight: requests at once, and sockets, of one process.
    """

    base_url: str
    api_key: str = field(repr=False)
    conn_id: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    retries: int = 3
    max_in_flight: int = 8


# -- keeping httpx quiet -------------------------------------------------------------------------

_sending: contextvars.ContextVar[bool] = contextvars.ContextVar("rivya_sending", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    """httpx logs whole URLs at INFO, httpcore headers at DEBUG: dropped for our requests alone."""
    return not _sending.get()


for _name in (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
):
    logging.getLogger(_name).addFilter(_not_ours)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the HTTP library's own log lines, which show URLs, out of every log."""
    token = _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(token)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context of this process: building one takes about 20 ms and blocks."""
    return httpx.create_ssl_context()


# -- what both senders share ---------------------------------------------------------------------


def _client_options(settings: ClientSettings) -> dict[str, Any]:
    return {
        "base_url": settings.base_url,
        "verify": tls_context() if settings.base_url.startswith("https:") else False,
        "timeout": httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout, pool=None),
        "limits": httpx.Limits(
            max_connections=settings.max_in_flight, max_keepalive_connections=settings.max_in_flight
        ),
        "headers": {"User-Agent": USER_AGENT, "Accept": "application/json"},
        "follow_redirects": False,
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept
    }


def _request_options(call: ApiCall[Any], settings: ClientSettings, stack: ExitStack) -> dict[str, Any]:
    headers: dict[str, str] = {}
    if call.needs_key:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    options: dict[str, Any] = {"method": call.method, "url": call.path, "headers": headers}
    if call.file is not None:
        stream = stack.enter_context(call.file.open())
        options["files"] = {"file": (call.file.name, stream, call.file.mime_type)}
        options["data"] = dict(call.file.fields)
    elif call.body is not None:
        headers["Content-Type"] = "application/json"
        options["content"] = call.body.encode()
    return options


# Nothing of the request can have left: no connection, a proxy that refused one, or a request that is none.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


def _lost(error: httpx.HTTPError | httpx.InvalidURL | ssl.SSLError, call: ApiCall[Any]) -> GatewayError:
    """Say how the exchange broke off, and whether the request can have been taken in."""
    sent = not isinstance(error, _NEVER_SENT)
    if isinstance(error, httpx.TimeoutException):
        what = "did not answer in time" if sent else "could not be reached in time"
    else:
        reason = clean(error, 160) or type(error).__name__
        what = f"broke off ({reason})" if sent else f"could not be reached ({reason})"
    return GatewayUnreachableError(f"The gateway {what} for {call.name!r}", sent=sent, retryable=True)


def _bounded(size: int, call: ApiCall[Any], status: int) -> None:
    if size > MAX_ANSWER_BYTES:
        raise UnexpectedAnswerError(
            f"The gateway's answer to {call.name!r} is larger than {MAX_ANSWER_BYTES} bytes",
            http_status=status,
        )


def _annotated(error: GatewayError, call: ApiCall[Any], settings: ClientSettings) -> GatewayError:
    return error.replace(
        conn_id=error.conn_id or settings.conn_id,
        generation_id=error.generation_id or call.generation_id,
        maybe_taken_in=in_doubt(error),
    )


# -- the senders ---------------------------------------------------------------------------------


class SyncSender:
    """
    Sends calls over one pool of connections. Thread-safe; close it, or use it as a context manager.

    One that is let go of closes itself as soon as nobody is sending with it any more.

    :param settings: how to reach the gateway.
    :param stop: set when the task is asked to stop: the waits between attempts then end.
    """

    def __init__(self, settings: ClientSettings, stop: Stop | None = None) -> None:
        self._settings = settings
        self._client = httpx.Client(**_client_options(settings))
        weakref.finalize(self, self._client.close).atexit = False
        self._stop = stop or StopFlag()
        self.clock_skew = 0.0
        """Seconds that the gateway's clock is ahead of ours, by the ``Date`` of its last answer."""

    def __enter__(self) -> SyncSender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def send(self, call: ApiCall[T], *, repeat: bool = True) -> T:
        """
        Send a call, with repeats where they do no harm.

        :param repeat: ``False`` makes one attempt only, for callers with a schedule of their own.
        :raises GatewayError: the last attempt's error.
        """
        if not repeat:
            return self._send_once(call)
        attempts = Attempts(call, self._settings.retries, self._stop)
        try:
            answer: T = tenacity.Retrying(**attempts.options(), sleep=attempts.pause)(self._send_once, call)
        except GatewayError as error:
            raise attempts.outcome(error) from None
        return answer

    def _send_once(self, call: ApiCall[T]) -> T:
        try:
            answer = self._exchange(call)
            self.clock_skew = clock_skew(answer, time.time(), self.clock_skew)
            return read_answer(call, answer)
        except GatewayError as error:
            raise _annotated(error, call, self._settings) from None

    def _exchange(self, call: ApiCall[Any]) -> Answer:
        try:
            with quiet(), ExitStack() as stack:
                options = _request_options(call, self._settings, stack)
                response = stack.enter_context(self._client.stream(**options))
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    _bounded(len(body), call, response.status_code)
                return Answer(response.status_code, _lower(response.headers), bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise _lost(error, call) from None


class AsyncSender:
    """
    The same on an event loop. One per (loop, connection): building one blocks the loop.

    Files are sent by :class:`SyncSender` alone, as reading one would block the loop.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(**_client_options(settings))
        # The pool's own queue costs more the longer it is; a gate in front keeps it empty.
        self._gate = asyncio.Semaphore(settings.max_in_flight)
        self._users = 0
        self._retired = False

    async def aclose(self) -> None:
        """Close the client as soon as nobody is sending; many may be queued behind the gate."""
        self._retired = True
        if self._users == 0:
            await self._client.aclose()

    async def send(self, call: ApiCall[T], *, repeat: bool = True) -> T:
        """Send a call; see :meth:`SyncSender.send`."""
        self._users += 1
        try:
            if not repeat:
                return await self._send_once(call)
            attempts = Attempts(call, self._settings.retries, StopFlag())
            try:
                return await tenacity.AsyncRetrying(**attempts.options())(self._send_once, call)
            except GatewayError as error:
                raise attempts.outcome(error) from None
        finally:
            self._users -= 1
            if self._retired and self._users == 0:
                await self._client.aclose()

    async def _send_once(self, call: ApiCall[T]) -> T:
        try:
            return read_answer(call, await self._exchange(call))
        except GatewayError as error:
            raise _annotated(error, call, self._settings) from None

    async def _exchange(self, call: ApiCall[Any]) -> Answer:
        if call.file is not None:
            raise TypeError("files are sent by SyncSender")
        try:
            async with self._gate:
                return await self._receive(call)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise _lost(error, call) from None

    async def _receive(self, call: ApiCall[Any]) -> Answer:
        with quiet(), ExitStack() as stack:
            options = _request_options(call, self._settings, stack)
            async with self._client.stream(**options) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    _bounded(len(body), call, response.status_code)
                return Answer(response.status_code, _lower(response.headers), bytes(body))


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
