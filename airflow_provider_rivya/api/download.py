"""
Downloads result URLs, which come from outside and are not trusted.

Each connection, after every redirect too, is checked by :mod:`~airflow_provider_rivya.api.egress` once it
stands and before a byte is sent, so that a name that resolves differently the second time gains nothing.
The API key goes to the connection's own origin alone, and only when that asks for it.
"""

from __future__ import annotations

import re
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, Self, TypeAlias
from urllib.parse import quote, urljoin, urlsplit

import httpcore

from airflow_provider_rivya.api.call import retry_after
from airflow_provider_rivya.api.egress import Egress, EnvironmentFault, Origin, Proxy, proxy_for, tls_context
from airflow_provider_rivya.api.exchange import CODINGS, USER_AGENT, ClientSettings, told_by
from airflow_provider_rivya.api.transport.coding import unpacked
from airflow_provider_rivya.api.transport.sockets import (
    Bounds,
    Stopped,
    TooMuch,
    as_httpcore,
    downloading,
    exchange,
    quiet,
)
from airflow_provider_rivya.exceptions import DownloadError, DownloadRefusedError
from airflow_provider_rivya.redaction import clean, host_of
from airflow_provider_rivya.stop import Stop

MAX_REDIRECTS: Final = 5
_IDLE_CONNECTIONS: Final = 8
_IDLE_SECONDS: Final = 15.0
_HEAD_BYTES: Final = 256 * 1024
"""That the lines in front of a body may take, those of all redirects together."""
_CODING: Final = re.compile(r"gzip|deflate")
_MOST_CODINGS: Final = 3
_RANGE: Final = re.compile(r"bytes 0-([0-9]{1,18})/([0-9]{1,18})")
_NOT_UNDONE: Final = CODINGS - {"gzip", "x-gzip", "deflate"}


class ByteStream(Protocol):
    """The body of a result, being received."""

    @property
    def length(self) -> int | None:
        """How many bytes come; ``None``: that was not told, and a cut may not show."""

    @property
    def coding(self) -> str:
        """What the bytes are said to be encoded as, where that is not undone; empty for nothing."""

    def chunks(self) -> Iterator[bytes]:
        """
        Yield the bytes as they come.

        :raises DownloadRefusedError: they are more than may be fetched.
        :raises DownloadError: the transfer broke off, or was given up.
        """


OpenUrl: TypeAlias = Callable[..., AbstractContextManager[ByteStream]]
"""Begins to fetch a URL; leaving the context ends the transfer, finished or not."""

Follow: TypeAlias = Callable[[str], None]
"""Told of each URL that one redirects to; raises :class:`DownloadRefusedError` where that is not gone to."""


@dataclass(frozen=True, slots=True)
class _Body:
    """A :class:`ByteStream` over the wire."""

    response: httpcore.Response = field(repr=False)
    host: str
    length: int | None
    max_bytes: int | None
    bounds: Bounds
    codings: int = 0
    coding: str = ""

    def chunks(self) -> Iterator[bytes]:
        self._check_size(self.length or 0)
        self.bounds.received = None  # the body has a bound of its own
        chunks, size = self._received(), 0
        for _ in range(self.codings):
            chunks = unpacked(chunks, self.host)
        for chunk in chunks:
            size += len(chunk)
            self._check_size(size)
            yield chunk

    def _received(self) -> Iterator[bytes]:
        received, stream = 0, iter(self.response.iter_stream())
        while True:
            # Only around the receiving: what the consumer does in between is its own.
            with _transfer(self.host, self.bounds):
                chunk = next(stream, None)
            if chunk is None:
                return
            received += len(chunk)
            self.bounds.moved(len(chunk))
            self._check_size(received)
            yield chunk

    def _check_size(self, size: int) -> None:
        if self.max_bytes is not None and size > self.max_bytes:
            raise DownloadRefusedError(
                f"The file from {self.host} has at least {size} bytes; "
                f"max_output_bytes of the connection allows {self.max_bytes}.",
                advice="Raise max_output_bytes in the connection's extra fields to fetch it.",
            )


def _close(pools: dict[tuple[str, Proxy | None], httpcore.ConnectionPool]) -> None:
    while pools:  # without quiet(), see the one in api/http.py
        pools.popitem()[1].close()


class Downloader:
    """
    Opens result URLs for one connection, from any thread; sockets are used again for later files.

    As a context manager it closes them at the end, as it does when nobody has it any more. After
    :meth:`close` it may be used again.

    :param settings: the connection's settings.
    :param allowed_hosts: see :class:`~airflow_provider_rivya.api.egress.Egress`.
    :param max_bytes: the most that is fetched of one URL.
    :param stop: ends transfers that are given no other one.
    """

    def __init__(
        self,
        settings: ClientSettings,
        allowed_hosts: tuple[str, ...] = (),
        max_bytes: int | None = None,
        stop: Stop | None = None,
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._egress = Egress(Origin.of(settings.base_url), allowed_hosts)
        self._max_bytes = max_bytes
        self._pools: dict[tuple[str, Proxy | None], httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._pools).atexit = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all sockets; a transfer that is under way breaks off."""
        with self._lock:
            _close(self._pools)

    @contextmanager
    def open(
        self, url: str, *, stop: Stop | None = None, follow: Follow | None = None
    ) -> Iterator[ByteStream]:
        """
        Open a result URL.

        :param stop: when it is set, the transfer is given up at once, also while nothing comes.
        :param follow: is asked before a redirect is followed.
        :raises DownloadRefusedError: it leads where it must not.
        :raises DownloadError: it cannot be fetched now; ``retryable`` tells whether it may later.
        """
        bounds, with_key = Bounds(self._settings.total, _HEAD_BYTES, stop or self._stop), False
        for _ in range(MAX_REDIRECTS + 1):
            origin = Origin.of(url)
            with self._request(url, origin, with_key, bounds) as response:
                headers = told_by(response.headers)
                if 300 <= response.status < 400 and (location := headers.get("location")):
                    url, with_key = _joined(url, location), False
                    if follow is not None:
                        follow(url)
                    continue
                if response.status in (401, 403) and origin == self._egress.own and not with_key:
                    with_key = True
                    continue
                # 203: as 200, but a proxy in between has had a look (RFC 9110, 15.3.4).
                if not (response.status in (200, 203) or (response.status == 206 and _is_whole(headers))):
                    raise _not_fetched(response.status, headers, url)
                coding = headers.get("content-encoding", "").lower()
                codings = min(_MOST_CODINGS, len(_CODING.findall(coding)))
                length = None if codings else _length(headers)
                others = [part for each in coding.split(",") if (part := each.strip()) in _NOT_UNDONE]
                yield _Body(
                    response, host_of(url), length, self._max_bytes, bounds, codings, ", ".join(others)
                )
                return
        raise DownloadRefusedError(
            f"The URL ({host_of(url)}) leads through more than {MAX_REDIRECTS} redirects."
        )

    @contextmanager
    def _request(
        self, url: str, origin: Origin, with_key: bool, bounds: Bounds
    ) -> Iterator[httpcore.Response]:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        headers["Host"] = urlsplit(url).netloc.rpartition("@")[2]
        if with_key:
            headers["Authorization"] = f"Bearer {self._settings.api_key}"
        request = httpcore.Request(
            "GET",
            _on_the_wire(url, origin),
            headers=list(headers.items()),
            extensions={"timeout": self._settings.timeouts},
        )
        with _transfer(host_of(url), bounds):
            response = self._pool(origin).handle_request(request)
        try:
            yield response
        finally:
            with quiet():
                response.close()

    def _pool(self, origin: Origin) -> httpcore.ConnectionPool:
        proxy = proxy_for(origin)
        if proxy:
            # The proxy, not this process, connects to the result's host: its own rules apply, too.
            self._egress.check_name(origin)
        key = (origin.scheme, proxy)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = httpcore.ConnectionPool(
                    ssl_context=tls_context() if origin.scheme == "https" else None,
                    proxy=as_httpcore(proxy),
                    max_connections=None,  # as many as there are threads
                    max_keepalive_connections=_IDLE_CONNECTIONS,
                    keepalive_expiry=_IDLE_SECONDS,
                    # The deployment itself has chosen the proxy.
                    network_backend=downloading(None if proxy else self._check(origin.scheme)),
                )
            return self._pools[key]

    def _check(self, scheme: str) -> Callable[[str, int, str], None]:
        def check(host: str, port: int, address: str) -> None:
            self._egress.check_address(Origin(scheme, host.lower().rstrip("."), port), address)

        return check


@contextmanager
def _transfer(host: str, bounds: Bounds) -> Iterator[None]:
    """Surround whatever waits for the network: to be stopped, and its errors translated."""
    try:
        bounds.check()
        with exchange(bounds):
            yield
    except Stopped:
        raise DownloadError(
            "The transfer was given up, because the task is ending.", retryable=True
        ) from None
    except TooMuch:
        raise DownloadError(
            f"{host} sent more data before the file than is allowed", retryable=True
        ) from None
    except EnvironmentFault as fault:
        raise DownloadError(
            f"{host} cannot be reached from this environment", advice=str(fault), retryable=True
        ) from None
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.ProxyError,
        ssl.SSLError,
        OSError,
    ) as error:
        slow = isinstance(error, httpcore.TimeoutException) and bounds.seconds <= 0
        reason = "too slow" if slow else clean(error, 120) or type(error).__name__
        raise DownloadError(f"The transfer from {host} broke off ({reason})", retryable=True) from None


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise DownloadRefusedError(f"{host_of(url)} redirects to something that is not a URL.") from None


def _on_the_wire(url: str, origin: Origin) -> httpcore.URL:
    """Percent-encode what a URL cannot hold as it is."""
    parts = urlsplit(url)
    try:
        path, query = (quote(part, safe="%/:=&?+!$,;'@()*[]~") for part in (parts.path, parts.query))
    except UnicodeEncodeError:
        raise DownloadRefusedError(f"The URL ({host_of(url)}) is not valid Unicode.") from None
    target = (path or "/") + (f"?{query}" if query else "")
    return httpcore.URL(
        scheme=origin.scheme.encode(), host=origin.host.encode(), port=origin.own_port, target=target.encode()
    )


def _length(headers: Mapping[str, str]) -> int | None:
    """Return ``Content-Length``, a number by now, where no transfer coding overrules it."""
    length = headers.get("content-length")
    return int(length) if length and not headers.get("transfer-encoding") else None


def _is_whole(headers: Mapping[str, str]) -> bool:
    """Whether the part that came, which nobody asked for, is all there is."""
    part = _RANGE.fullmatch(headers.get("content-range", ""))
    return part is not None and int(part[1]) + 1 == int(part[2])


def _not_fetched(status: int, headers: Mapping[str, str], url: str) -> DownloadError:
    pause = retry_after(headers)
    asked = "" if pause is None else f", and asks to be left alone for {pause:.0f} s"
    return DownloadError(
        f"{host_of(url)} answered HTTP {status} instead of the file{asked}",
        http_status=status,
        advice="Result URLs may expire; the generation is read again for a fresh one on the next try."
        if status in (401, 403, 404, 410)
        else None,
        # What is no refusal is a cache or a server in between that has gone wrong.
        retryable=status < 400 or status >= 500 or status in (408, 425, 429),
        retry_after=pause,
    )
