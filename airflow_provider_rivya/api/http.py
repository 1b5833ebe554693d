"""
Sends an :class:`~airflow_provider_rivya.api.call.ApiCall`, sync or async.

What can be decided without a socket is in :mod:`airflow_provider_rivya.api.call` and
:mod:`airflow_provider_rivya.api.exchange`; the two senders differ in little but ``await``. Every exchange has
a total bound in time and bytes, see :mod:`airflow_provider_rivya.api.transport.sockets`.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final, TypeVar, cast

import httpcore
import tenacity

from airflow_provider_rivya.api.call import (
    Answer,
    ApiCall,
    Pacer,
    Unpaced,
    clock_skew,
    quota_of,
    read_answer,
)
from airflow_provider_rivya.api.egress import EnvironmentFault, Origin, Proxy, proxy_for, tls_context
from airflow_provider_rivya.api.exchange import (
    Attempts,
    ClientSettings,
    bounds_of,
    grow,
    headers_of,
    request_of,
    translated,
)
from airflow_provider_rivya.api.transport.loop import LoopPool
from airflow_provider_rivya.api.transport.sockets import Backend, as_httpcore, exchange
from airflow_provider_rivya.api.transport.socks import AsyncBackend
from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    RateLimitedError,
)
from airflow_provider_rivya.stop import Stop, StopFlag

T = TypeVar("T")


_IDLE_SECONDS: Final = 5.0
_SHORT: Final = 2048
_MOST_RUNNING: Final = 10_000


def _way(settings: ClientSettings) -> tuple[ssl.SSLContext | None, Proxy | None]:
    """Return what the environment says of the way to a gateway."""
    origin = Origin.of(settings.base_url)
    try:
        return tls_context() if origin.scheme == "https" else None, proxy_for(origin)
    except EnvironmentFault as fault:
        raise GatewayUnreachableError(
            f"The gateway at {settings.base_url} cannot be reached from this environment",
            sent=False,
            conn_id=settings.conn_id,
            advice=str(fault),
            retryable=True,
        ) from None


def _pool_options(settings: ClientSettings) -> dict[str, Any]:
    tls, proxy = _way(settings)
    return {
        "ssl_context": tls,
        "proxy": as_httpcore(proxy),
        "max_connections": settings.max_in_flight,
        "max_keepalive_connections": settings.max_in_flight,
        "keepalive_expiry": _IDLE_SECONDS,
    }


def _loop_pool(settings: ClientSettings) -> httpcore.AsyncConnectionPool | LoopPool:
    tls, proxy = _way(settings)
    if proxy is not None and proxy.url.startswith("socks"):
        return httpcore.AsyncConnectionPool(**_pool_options(settings), network_backend=AsyncBackend())
    return LoopPool(tls, proxy, settings.max_in_flight, _IDLE_SECONDS, settings.connect_timeout)


# -- turns ----------------------------------------------------------------------------------------


def _read(
    call: ApiCall[T], answer: Answer, pace: Pacer, read: Callable[[ApiCall[T], Answer], T] = read_answer
) -> T:
    """Read an answer, and let the pace hear of it."""
    now, quota = time.monotonic(), quota_of(answer.headers, time.time())
    try:
        result = read(call, answer)
    except RateLimitedError as error:
        pace.refused(call.kind, now, quota.reset if error.retry_after is None else error.retry_after)
        raise
    except GatewayUnavailableError as error:
        if error.retry_after is not None:
            pace.pause(call.kind, now, error.retry_after)
        raise
    pace.heard(call.kind, now, quota)
    return result


class _Unchanged:
    """What was last told of generations that run: most answers say the same again, and are not read again."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[bytes | None, Any]] = {}

    def read(self, call: ApiCall[T], answer: Answer) -> T:
        body, result = self._last.pop(call.path, (None, None))
        if body != answer.body or answer.status != 200:
            result = read_answer(call, answer)
        if call.kind == "status" and not getattr(result, "ended", True) and len(answer.body) <= _SHORT:
            if len(self._last) >= _MOST_RUNNING:
                del self._last[next(iter(self._last))]
            self._last[call.path] = answer.body, result
        return cast("T", result)


def _turn_of(call: ApiCall[Any], pace: Pacer, until: float) -> float:
    """
    Return the seconds after which to ask for a turn again; 0: it is the call's turn.

    :param until: when the caller does not wait any more, by the monotonic clock.
    :raises RateLimitedError: its turn comes later than that, and it is not sent.
    """
    now = time.monotonic()
    wait = pace.acquire(call.kind, now)
    if wait > 0 and now + wait > until:
        raise RateLimitedError(
            f"{call.name!r} was not sent: by the gateway's or the connection's limit its turn comes in "
            f"{wait:.0f} s",
            retry_after=wait,
            retryable=True,
        )
    return wait


def _patience(call: ApiCall[Any], settings: ClientSettings, within: float | None) -> float:
    """Return until when a call waits for its turn, by the monotonic clock."""
    return time.monotonic() + (settings.longest_pause(call) if within is None else within)


# -- the senders ---------------------------------------------------------------------------------


class SyncSender:
    """
    Sends calls over one pool of connections. Thread-safe; close it, or use it as a context manager.

    One that is let go of closes itself as soon as nobody is sending with it any more.

    :param settings: how to reach the gateway.
    :param stop: set when the task is asked to stop: the waits between attempts then end, and so does an
        exchange that is not the paid one.
    :param pace: says when a call may go.
    :raises GatewayUnreachableError: the environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, settings: ClientSettings, stop: Stop | None = None, pace: Pacer | None = None) -> None:
        self._settings = settings
        self._pace = pace or Unpaced()
        self._pool = httpcore.ConnectionPool(**_pool_options(settings), network_backend=Backend())
        weakref.finalize(self, _close, self._pool).atexit = False
        self._stop = stop or StopFlag()
        self.clock_skew = 0.0
        """Seconds that the gateway's clock is ahead of ours, by the ``Date`` of its last answer."""

    def __enter__(self) -> SyncSender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        _close(self._pool)

    def send(self, call: ApiCall[T], *, repeat: bool = True, within: float | None = None) -> T:
        """
        Send a call, with repeats where they do no harm.

        :param repeat: ``False`` makes one attempt only, for callers with a schedule of their own.
        :param within: seconds that one attempt may take, if fewer than the settings allow.
        :raises GatewayError: the last attempt's error.
        """
        if not repeat:
            return self._send_once(call, within)
        attempts = Attempts(call, self._settings, self._stop)
        try:
            answer: T = tenacity.Retrying(**attempts.options(), sleep=attempts.pause)(
                self._send_once, call, within
            )
        except GatewayError as error:
            raise attempts.outcome(error) from None
        attempts.answered()
        return answer

    def _send_once(self, call: ApiCall[T], within: float | None) -> T:
        with translated(call, self._settings):
            until = _patience(call, self._settings, within)
            while (wait := _turn_of(call, self._pace, until)) > 0:
                if self._stop.wait(wait):
                    raise GatewayUnreachableError(
                        f"The task was asked to stop before {call.name!r} was sent",
                        sent=False,
                        retryable=True,
                    )
            answer = self._exchange(call, within)
            self.clock_skew = clock_skew(answer, time.time(), self.clock_skew)
            return _read(call, answer, self._pace)

    def _exchange(self, call: ApiCall[Any], within: float | None) -> Answer:
        with exchange(bounds_of(call, self._settings, within, self._stop)), ExitStack() as stack:
            response = stack.enter_context(self._pool.stream(**request_of(call, self._settings, stack)))
            headers, body = headers_of(response, call), bytearray()
            for chunk in response.iter_stream():
                grow(body, chunk, call)
            return Answer(response.status, headers, bytes(body), self._settings.base_url)


class AsyncSender:
    """
    The same on an event loop. One per (loop, connection).

    Files are sent by :class:`SyncSender` alone, as reading one would block the loop.
    """

    def __init__(self, settings: ClientSettings, pace: Pacer | None = None) -> None:
        self._settings = settings
        self._pace = pace or Unpaced()
        self._pool = _loop_pool(settings)
        self._unchanged = _Unchanged()
        # The pool's own queue costs more the longer it is; a gate in front keeps it empty.
        self._gate = asyncio.Semaphore(settings.max_in_flight)
        self._users = 0
        self._retired = False

    async def aclose(self) -> None:
        """Close the client as soon as nobody is sending; many may be queued behind the gate."""
        self._retired = True
        if self._users == 0:
            await self._pool.aclose()

    async def send(self, call: ApiCall[T], *, repeat: bool = True, within: float | None = None) -> T:
        """Send a call; see :meth:`SyncSender.send`. The time in the queue for a place counts, too."""
        self._users += 1
        try:
            if not repeat:
                return await self._send_once(call, within)
            attempts = Attempts(call, self._settings, StopFlag())
            try:
                answer: T = await tenacity.AsyncRetrying(**attempts.options())(self._send_once, call, within)
            except GatewayError as error:
                raise attempts.outcome(error) from None
            attempts.answered()
            return answer
        finally:
            self._users -= 1
            if self._retired and self._users == 0:
                await self._pool.aclose()

    async def _send_once(self, call: ApiCall[T], within: float | None) -> T:
        if call.file is not None:
            raise TypeError("files are sent by SyncSender")
        with translated(call, self._settings):
            until = _patience(call, self._settings, within)
            while (wait := _turn_of(call, self._pace, until)) > 0:  # noqa: ASYNC110 - time is waited for
                await asyncio.sleep(wait)
            async with asyncio.timeout(within), self._gate:
                answer = await self._exchange(call)
            return _read(call, answer, self._pace, self._unchanged.read)

    async def _exchange(self, call: ApiCall[Any]) -> Answer:
        with exchange(bounds_of(call, self._settings, None)), ExitStack() as stack:
            async with self._pool.stream(**request_of(call, self._settings, stack)) as response:
                headers, body = headers_of(response, call), bytearray()
                async for chunk in response.aiter_stream():
                    grow(body, chunk, call)
                return Answer(response.status, headers, bytes(body), self._settings.base_url)


def _close(pool: httpcore.ConnectionPool) -> None:
    # Without quiet(): this may run in a garbage collection, and Python 3.11 crashes where a context variable
    # is set in the midst of another one's being set. To close tells no URL.
    pool.close()
