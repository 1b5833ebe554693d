"""The sockets of a download: checked as soon as they stand, and given up when the transfer is to stop."""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore

from airflow_provider_rivya.api.egress import Egress, Origin
from airflow_provider_rivya.api.http import quiet
from airflow_provider_rivya.exceptions import DownloadError
from airflow_provider_rivya.redaction import clean

#: At once from a socket; the 64 KiB that httpcore asks for cost twice the time on a fast line.
_READ_BYTES: Final = 256 * 1024
#: Seconds after which a read that waits looks whether the transfer is to stop.
_LOOK_UP: Final = 0.1


class _Stopped(Exception):
    """The caller gave the transfer up."""


#: Ends the transfer that the running code waits for: httpcore hands nothing of its caller's on to a read.
_stop: ContextVar[threading.Event | None] = ContextVar("rivya_stop_transfer", default=None)


class _Stream(httpcore.NetworkStream):
    """A socket that is read in large pieces, and given up at once when the transfer is to stop."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        stop, deadline = _stop.get(), time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            if stop is not None and stop.is_set():
                raise _Stopped
            left = max(0.0, deadline - time.monotonic())
            try:
                return self._inner.read(max(max_bytes, _READ_BYTES), min(left, _LOOK_UP))
            except httpcore.ReadTimeout:
                if left <= _LOOK_UP:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """
    Connects as httpcore does, then looks where it got to before anything is sent.

    :param scheme: of the URLs; ``None``: it connects to a proxy, which the deployment itself has chosen.
    """

    def __init__(self, egress: Egress, scheme: str | None) -> None:
        self._inner = httpcore.SyncBackend()
        self._egress = egress
        self._scheme = scheme

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, *args, **kwargs)
        try:
            if self._scheme is not None:
                origin = Origin(self._scheme, host.lower(), port)
                self._egress.check_address(origin, stream.get_extra_info("server_addr")[0])
        except BaseException:
            stream.close()
            raise
        return _Stream(stream)


@contextmanager
def transfer(host: str, stop: threading.Event | None) -> Iterator[None]:
    """Surround whatever waits for the network: without a log line, to be stopped, its errors translated."""
    token = _stop.set(stop)
    try:
        if stop is not None and stop.is_set():
            raise _Stopped
        with quiet():
            yield
    except _Stopped:
        raise DownloadError("The transfer was given up, because the task is ending.") from None
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.ProxyError,
        ssl.SSLError,
        OSError,
        UnicodeError,  # a host name that cannot be one
    ) as error:
        reason = clean(error, 120) or type(error).__name__
        raise DownloadError(f"The transfer from {host} broke off ({reason})", retryable=True) from None
    finally:
        _stop.reset(token)
