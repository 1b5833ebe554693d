"""
Downloads result URLs, which come from outside and are not trusted.

Each connection, after every redirect too, is checked by :mod:`~airflow_provider_rivya.api.egress` once it
stands and before a byte is sent, so that a name that resolves differently the second time gains nothing.
The API key goes to the connection's own origin alone, and only when that asks for it.
"""

from __future__ import annotations

import ipaddress
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, Self, TypeAlias
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from airflow_provider_rivya.api.egress import Egress, Origin
from airflow_provider_rivya.api.encoding import codings, undone
from airflow_provider_rivya.api.http import USER_AGENT, ClientSettings, quiet, tls_context
from airflow_provider_rivya.api.transfer import Backend, transfer
from airflow_provider_rivya.exceptions import DownloadError, DownloadRefusedError
from airflow_provider_rivya.redaction import host_of

MAX_REDIRECTS: Final = 5
_IDLE_CONNECTIONS: Final = 8
_IDLE_SECONDS: Final = 15.0


class ByteStream(Protocol):
    """The body of a result, being received."""

    @property
    def length(self) -> int | None:
        """How many bytes come; ``None``: that was not told, and a cut may not show."""

    def chunks(self) -> Iterator[bytes]:
        """
        Yield the bytes as they come.

        :raises DownloadRefusedError: they are more than may be fetched.
        :raises DownloadError: the transfer broke off, or was given up.
        """


OpenUrl: TypeAlias = Callable[[str], AbstractContextManager[ByteStream]]
"""Begins to fetch a URL; leaving the context ends the transfer, finished or not."""


@dataclass(frozen=True, slots=True)
class _Body:
    """A :class:`ByteStream` over the wire."""

    response: httpcore.Response = field(repr=False)
    host: str
    length: int | None
    max_bytes: int | None
    stop: threading.Event | None
    codings: tuple[str, ...] = ()

    def chunks(self) -> Iterator[bytes]:
        self._check_size(self.length or 0)
        chunks = self._received()
        for coding in self.codings:
            chunks = undone(chunks, coding, self.host)
        came = 0
        for chunk in chunks:
            came += len(chunk)
            self._check_size(came)
            yield chunk

    def _received(self) -> Iterator[bytes]:
        stream = iter(self.response.iter_stream())
        while True:
            # Only around the receiving: what the consumer does in between is its own.
            with transfer(self.host, self.stop):
                chunk = next(stream, None)
            if chunk is None:
                return
            yield chunk

    def _check_size(self, size: int) -> None:
        if self.max_bytes is not None and size > self.max_bytes:
            raise DownloadRefusedError(
                f"The file from {self.host} has at least {size} bytes; "
                f"max_output_bytes of the connection allows {self.max_bytes}.",
                advice="Raise max_output_bytes in the connection's extra fields to fetch it.",
            )


def _close(pools: dict[tuple[str, str | None], httpcore.ConnectionPool]) -> None:
    with quiet():
        while pools:
            pools.popitem()[1].close()


class Downloader:
    """
    Opens result URLs for one connection, from any thread; sockets are used again for later files.

    As a context manager it closes them at the end, as it does when nobody has it any more. After
    :meth:`close` it may be used again.

    :param settings: the connection's settings.
    :param allowed_hosts: see :class:`~airflow_provider_rivya.api.egress.Egress`.
    :param max_bytes: the most that is fetched of one URL.
    """

    def __init__(
        self, settings: ClientSettings, allowed_hosts: tuple[str, ...] = (), max_bytes: int | None = None
    ) -> None:
        self._settings = settings
        self._egress = Egress(Origin.of(settings.base_url), allowed_hosts)
        self._max_bytes = max_bytes
        self._pools: dict[tuple[str, str | None], httpcore.ConnectionPool] = {}
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
    def open(self, url: str, *, stop: threading.Event | None = None) -> Iterator[ByteStream]:
        """
        Open a result URL.

        :param stop: when it is set, the transfer is given up at once, also while nothing comes.
        :raises DownloadRefusedError: it leads where it must not.
        :raises DownloadError: it cannot be fetched now; ``retryable`` tells whether it may later.
        """
        with_key = False
        for _ in range(MAX_REDIRECTS + 1):
            origin = Origin.of(url)
            with self._request(url, origin, with_key, stop) as response:
                if 300 <= response.status < 400 and (location := _header(response, b"location")):
                    url, with_key = _joined(url, location), False
                    continue
                if response.status in (401, 403) and origin == self._egress.own and not with_key:
                    with_key = True
                    continue
                if response.status != 200:
                    raise _not_fetched(response, url)
                named = codings(_header(response, b"content-encoding"))
                length = None if named else _length(response)
                yield _Body(response, host_of(url), length, self._max_bytes, stop, named)
                return
        raise DownloadRefusedError(
            f"The URL ({host_of(url)}) leads through more than {MAX_REDIRECTS} redirects."
        )

    @contextmanager
    def _request(
        self, url: str, origin: Origin, with_key: bool, stop: threading.Event | None
    ) -> Iterator[httpcore.Response]:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        headers["Host"] = urlsplit(url).netloc.rpartition("@")[2]
        if with_key:
            headers["Authorization"] = f"Bearer {self._settings.api_key}"
        timeouts = {
            "connect": self._settings.connect_timeout,
            "read": self._settings.read_timeout,
            "write": self._settings.read_timeout,
        }
        request = httpcore.Request(
            "GET", _ascii(url), headers=list(headers.items()), extensions={"timeout": timeouts}
        )
        with transfer(host_of(url), stop):
            response = self._pool(origin).handle_request(request)
        try:
            yield response
        finally:
            with quiet():
                response.close()

    def _pool(self, origin: Origin) -> httpcore.ConnectionPool:
        proxy = _proxy_for(origin)
        if proxy:
            # The proxy, not this process, connects to the result's host: its own rules apply to a name.
            with suppress(ValueError):
                self._egress.check_address(origin, str(ipaddress.ip_address(origin.host)))
        key = (origin.scheme, proxy)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = httpcore.ConnectionPool(
                    ssl_context=tls_context() if origin.scheme == "https" else None,
                    proxy=_with_credentials(proxy) if proxy else None,
                    max_connections=None,  # as many as there are threads
                    max_keepalive_connections=_IDLE_CONNECTIONS,
                    keepalive_expiry=_IDLE_SECONDS,
                    network_backend=Backend(self._egress, None if proxy else origin.scheme),
                )
            return self._pools[key]


def _proxy_for(origin: Origin) -> str | None:
    """Return the URL of the proxy that the environment names for an origin."""
    if proxy_bypass(origin.host):
        return None
    proxies: Mapping[str, str] = getproxies()
    url = proxies.get(origin.scheme) or proxies.get("all")
    return url if not url or "://" in url else f"http://{url}"


def _with_credentials(url: str) -> httpcore.Proxy:
    parts = urlsplit(url)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore.Proxy(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), auth=auth)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise DownloadRefusedError(f"{host_of(url)} redirects to something that is no URL.") from None


def _ascii(url: str) -> bytes:
    """Percent-encode what a URL cannot hold as it is; a host name with such characters is refused."""
    parts = urlsplit(url)
    if not parts.netloc.isascii():
        raise DownloadRefusedError(
            f"The URL ({host_of(url)}) has a host name with characters that it cannot have."
        )
    try:
        path, query = (quote(part, safe="%/:=&?+!$,;'@()*[]~") for part in (parts.path, parts.query))
    except UnicodeEncodeError:
        raise DownloadRefusedError(f"The URL ({host_of(url)}) is not valid Unicode.") from None
    return parts._replace(path=path, query=query, fragment="").geturl().encode("ascii")


def _header(response: httpcore.Response, name: bytes) -> str:
    for key, value in response.headers:
        if key.lower() == name:
            return value.decode("latin-1").strip()
    return ""


def _length(response: httpcore.Response) -> int | None:
    """Return ``Content-Length``, a number by now, where no transfer coding overrules it."""
    length = _header(response, b"content-length")
    return int(length) if length and not _header(response, b"transfer-encoding") else None


def _not_fetched(response: httpcore.Response, url: str) -> DownloadError:
    status = response.status
    return DownloadError(
        f"{host_of(url)} answered HTTP {status} instead of the file",
        http_status=status,
        advice="Result URLs may expire; the generation is read again for a fresh one on the next try."
        if status in (401, 403, 404, 410)
        else None,
        retryable=status >= 500 or status in (408, 425, 429),
    )
