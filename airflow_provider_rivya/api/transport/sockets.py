"""
The sockets of all calls and downloads, which keep to what an exchange may take in time and bytes.

httpcore bounds each read alone, so that an answer of one byte every few seconds would never end. Here an
exchange has a total, whatever it waits for: the connection, TLS, a proxy, header lines, ``103`` answers.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import httpcore

from airflow_provider_rivya.api.egress import Proxy
from airflow_provider_rivya.api.transport.heads import Heads
from airflow_provider_rivya.stop import SLICE, Stop

LEAST_RATE: Final = 32 * 1024
"""Bytes of content in a second, on the average: an exchange that moves fewer is given up."""

_DOWNLOAD_BYTES: Final = 256 * 1024
"""At once from a socket; the 64 KiB that httpcore asks for cost twice the time on a fast line."""
_WRITE_BYTES: Final = 16 * 1024
_SHORTEST: Final = 0.001
"""Seconds; a timeout of 0 would mean not to wait, which is another error."""


class Stopped(Exception):
    """The exchange was given up, because the task is to end."""


class TooMuch(Exception):
    """More bytes came than the exchange may receive."""


@dataclass(slots=True)
class Bounds:
    """
    What one exchange may still take.

    :param seconds: of waiting for the network; each :data:`LEAST_RATE` bytes of content add one.
    :param received: bytes that may come, heads included; ``None``: any number.
    :param stop: ends it at once when set.
    """

    seconds: float
    received: int | None = None
    stop: Stop | None = None

    def moved(self, size: int) -> None:
        """Note that so many bytes of content have come, or have gone."""
        self.seconds += size / LEAST_RATE

    def allowed(self, timeout: float | None) -> float:
        """Return the seconds that the next wait may take."""
        return max(_SHORTEST, self.seconds if timeout is None else min(timeout, self.seconds))

    def came(self, data: bytes) -> bytes:
        """
        Count what was received.

        :raises TooMuch: it is too much by now.
        """
        if self.received is not None:
            self.received -= len(data)
            if self.received < 0:
                raise TooMuch
        return data

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time of the block; what the caller does in between is its own."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds -= time.monotonic() - begun

    def check(self) -> None:
        """
        Look whether it is to go on.

        :raises Stopped: it is not.
        """
        if self.stop is not None and self.stop.is_set():
            raise Stopped


#: httpcore hands nothing of its caller's on to a socket.
_bounds: ContextVar[Bounds] = ContextVar("rivya_bounds")


def bounds() -> Bounds:
    """Return the bounds of the exchange that is running."""
    return _bounds.get()


@contextmanager
def exchange(bounds: Bounds) -> Iterator[None]:
    """Keep what happens in the block to these bounds, and the HTTP library's own lines out of every log."""
    token, sending = _bounds.set(bounds), _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(sending)
        _bounds.reset(token)


# -- keeping httpcore quiet ----------------------------------------------------------------------

_sending: ContextVar[bool] = ContextVar("rivya_sending", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    """httpcore logs headers at DEBUG: dropped for our requests alone."""
    return not _sending.get()


for _name in ("connection", "http11", "http2", "proxy", "socks"):
    logging.getLogger(f"httpcore.{_name}").addFilter(_not_ours)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the HTTP library's own log lines, which show URLs, out of every log."""
    token = _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(token)


# -- blocking ------------------------------------------------------------------------------------


class _Stream(httpcore.NetworkStream):
    """A socket that ends its waits when the exchange has to end."""

    def __init__(self, inner: httpcore.NetworkStream, read_bytes: int) -> None:
        self._inner = inner
        self._read_bytes = read_bytes
        self._heads = Heads()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while data := self._receive(max_bytes, timeout):
            head, rest = self._heads.feed(data)
            if head or rest:
                return head + rest
        return b""

    def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        bounds = _bounds.get()
        left = bounds.allowed(timeout)
        with bounds.waiting():
            end = time.monotonic() + left
            while True:
                slice_ = left if bounds.stop is None else min(left, SLICE)
                try:
                    return bounds.came(self._inner.read(max(max_bytes, self._read_bytes), slice_))
                except httpcore.ReadTimeout:
                    left = end - time.monotonic()
                    if left <= _SHORTEST:
                        raise
                    bounds.check()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        bounds = _bounds.get()
        self._heads.begin()
        for begin in range(0, len(buffer), _WRITE_BYTES):
            piece = buffer[begin : begin + _WRITE_BYTES]
            with bounds.waiting():
                self._inner.write(piece, bounds.allowed(timeout))
            bounds.moved(len(piece))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        bounds = _bounds.get()
        with bounds.waiting():
            inner = self._inner.start_tls(ssl_context, server_hostname, bounds.allowed(timeout))
        return _Stream(inner, self._read_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


CheckAddress = Callable[[str, int, str], None]
"""Called with host, port and address before that is connected to; raises what is wrong with it."""


class Backend(httpcore.NetworkBackend):
    """
    Connects to a host's addresses one after the other, all within one timeout.

    :param check: refuses addresses.
    :param read_bytes: at once from a socket, at least.
    """

    def __init__(self, check: CheckAddress | None = None, read_bytes: int = 0) -> None:
        self._inner = httpcore.SyncBackend()
        self._check = check
        self._read_bytes = read_bytes

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        bounds = _bounds.get()
        end = time.monotonic() + bounds.allowed(timeout)
        failed: Exception = httpcore.ConnectError("the host has no address")
        with bounds.waiting():
            addresses = _addresses(host, port, bounds, bounds.allowed(timeout))
            for place, address in enumerate(addresses):
                if self._check is not None:
                    self._check(host, port, address)
                left = (end - time.monotonic()) / (len(addresses) - place)
                try:
                    inner = self._inner.connect_tcp(address, port, max(_SHORTEST, left), *args, **kwargs)
                    return _Stream(inner, self._read_bytes)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
        raise failed


def _addresses(host: str, port: int, bounds: Bounds, left: float) -> list[str]:
    """Look a host up, for so many seconds."""
    found, end = LOOK_UPS.begin(host, port), time.monotonic() + left
    while True:
        try:
            return found.result(max(_SHORTEST, min(SLICE, end - time.monotonic())))
        except TimeoutError:
            bounds.check()
            if not found.done() and time.monotonic() >= end:
                raise httpcore.ConnectTimeout(NOT_RESOLVED) from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from None


# -- names of hosts ------------------------------------------------------------------------------

NOT_RESOLVED: Final = "the host's name was not resolved in time"
_HANGS: Final = 30.0
"""Seconds after which a look-up is not joined any more, and another one may begin beside it."""
_MOST_HANGING: Final = 8


class LookUps:
    """
    Asks the resolver, which knows no timeout and no flag, in threads that are left behind where it hangs.

    Who asks for a host that is being looked up waits for the same thread. No other part of the process waits
    for these: an event loop's own threads would be used up, and waited for at its end.

    :param slow: seconds after which a look-up counts among those that hang; of these there are few.
    """

    def __init__(self, slow: float = 1.0) -> None:
        self._slow = slow
        self._guard = threading.Lock()
        self._running: dict[Future[list[str]], tuple[str, int, float]] = {}

    def begin(self, host: str, port: int) -> Future[list[str]]:
        """Return what becomes the addresses of a host, each once; it cannot be cancelled."""
        now = time.monotonic()
        with self._guard:
            for running, (name, number, begun) in self._running.items():
                if (name, number) == (host, port) and now - begun < _HANGS:
                    return running
            found: Future[list[str]] = Future()
            found.set_running_or_notify_cancel()
            if sum(now - begun > self._slow for *_, begun in self._running.values()) >= _MOST_HANGING:
                found.set_exception(OSError(f"{NOT_RESOLVED}: {_MOST_HANGING} look-ups hang"))
                return found
            self._running[found] = host, port, now
        ask = threading.Thread(target=self._ask, args=(found, host, port), name="rivya-resolve", daemon=True)
        try:
            ask.start()
        except RuntimeError as error:
            self._over(found, error=OSError(str(error)))
        return found

    def _ask(self, found: Future[list[str]], host: str, port: int) -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self._over(found, list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
        except Exception as error:
            # A TimeoutError would look like a look-up that goes on.
            self._over(found, error=OSError(str(error)) if isinstance(error, TimeoutError) else error)

    def _over(
        self, found: Future[list[str]], addresses: Sequence[str] = (), error: Exception | None = None
    ) -> None:
        with self._guard:
            del self._running[found]
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(list(addresses))


LOOK_UPS: Final = LookUps()
"""Of this process."""


async def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """
    Look a host up on an event loop.

    :raises TimeoutError: none was told within so many seconds.
    :raises OSError: it has no address.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(LOOK_UPS.begin(host, port))
    except TimeoutError:
        raise TimeoutError(NOT_RESOLVED) from None
    except UnicodeError as error:
        raise OSError(str(error)) from None


def as_httpcore(proxy: Proxy | None) -> httpcore.Proxy | None:
    """Return a proxy as httpcore wants it."""
    return httpcore.Proxy(proxy.url, auth=proxy.auth) if proxy else None


def downloading(check: CheckAddress | None) -> Backend:
    """Return the backend of downloads, which reads in large pieces."""
    return Backend(check, _DOWNLOAD_BYTES)
