"""
The sockets of all calls and downloads, which keep to what an exchange may take in time and bytes.

httpcore bounds each read alone, so that an answer of one byte every few seconds would never end. Here an
exchange has a total, whatever it waits for: the connection, TLS, a proxy, header lines, ``103`` answers.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import httpcore

from airflow_provider_rivya.api.egress import Proxy
from airflow_provider_rivya.api.transport import names
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
            answer, behind = self._heads.feed(data)
            if answer or behind:
                return answer + behind  # the parser then lets go of the connection
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
                if bounds.stop is not None:
                    self._wait_for_room(bounds, timeout)
                self._inner.write(piece, bounds.allowed(timeout))
            bounds.moved(len(piece))

    def _wait_for_room(self, bounds: Bounds, timeout: float | None) -> None:
        """Wait until the other side has read enough, or the exchange has to end."""
        room, end = select.poll(), time.monotonic() + bounds.allowed(timeout)
        try:
            room.register(self._inner.get_extra_info("socket"), select.POLLOUT)
        except ValueError:  # it has none any more
            raise httpcore.WriteError("the connection was closed") from None
        while True:
            bounds.check()
            if room.poll(SLICE * 1000):
                return
            if time.monotonic() >= end:
                raise httpcore.WriteTimeout

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
    found, end = names.LOOK_UPS.begin(host, port), time.monotonic() + left
    while True:
        try:
            return found.result(max(_SHORTEST, min(SLICE, end - time.monotonic())))
        except TimeoutError:
            bounds.check()
            if not found.done() and time.monotonic() >= end:
                raise httpcore.ConnectTimeout(names.NOT_RESOLVED) from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from None


def as_httpcore(proxy: Proxy | None) -> httpcore.Proxy | None:
    """Return a proxy as httpcore wants it."""
    return httpcore.Proxy(proxy.url, auth=proxy.auth) if proxy else None


def downloading(check: CheckAddress | None) -> Backend:
    """Return the backend of downloads, which reads in large pieces."""
    return Backend(check, _DOWNLOAD_BYTES)
