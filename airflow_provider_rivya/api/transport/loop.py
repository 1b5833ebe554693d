"""
Exchanges on an event loop over aiohttp, whose compiled parser takes a third of httpcore's processor time.

It stands where an ``httpcore.AsyncConnectionPool`` would, and speaks of what goes wrong in its words, so that
one place says what that means. A SOCKS proxy, which aiohttp does not know, is left to httpcore.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import httpcore
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from airflow_provider_rivya.api.sockets import Bounds, TooMuch, bounds

if TYPE_CHECKING:
    from airflow_provider_rivya.api.egress import Proxy

_CHUNK: Final = 16 * 1024
_HEAD: Final = b"\nHTTP/1."
_MOST_HEADS: Final = 32
"""Of interim answers that come at once: the parser would hold the event loop up with thousands of them."""
_OWN_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _Counting(ResponseHandler):
    """A connection that ends when an answer brings more than it may, its head included."""

    of: Bounds | None = None

    def data_received(self, data: bytes) -> None:
        try:
            if self.of is not None:
                if data.count(_HEAD) > _MOST_HEADS:
                    self.of.received = 0
                self.of.came(data)
        except TooMuch:
            if self.transport is not None:
                self.transport.abort()
            return
        super().data_received(data)


class _Connector(aiohttp.TCPConnector):
    """Makes connections that count."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory: Any = partial(_Counting, loop=self._loop)

    async def connect(self, *arguments: Any, **more: Any) -> Any:
        connection = await super().connect(*arguments, **more)
        if isinstance(connection.protocol, _Counting):
            connection.protocol.of = bounds()
        return connection


@dataclass(slots=True)
class Response:
    """What an ``httpcore.Response`` would tell."""

    status: int
    headers: list[tuple[bytes, bytes]]
    _inner: aiohttp.ClientResponse = field(repr=False)

    async def aiter_stream(self) -> AsyncIterator[bytes]:
        with _told():
            async for chunk in self._inner.content.iter_chunked(_CHUNK):
                yield chunk


class LoopPool:
    """
    The connections of one sender.

    :param tls: for https; ``None``: plain http.
    :param most: connections at once.
    :param idle: seconds that one is kept which nobody uses.
    """

    def __init__(self, tls: ssl.SSLContext | None, proxy: Proxy | None, most: int, idle: float) -> None:
        self._tls: ssl.SSLContext | bool = tls if tls is not None else True
        self._proxy = proxy
        self._most = most
        self._idle = idle
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, which can be made on a running event loop only."""
        if self._session is None:
            connector = _Connector(limit=self._most, ssl=self._tls, keepalive_timeout=self._idle)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_OWN_HEADERS,
                trust_env=False,
            )
            # A call is sent once: whoever makes it knows whether it may be sent again.
            self._session._retry_connection = False
        return self._session

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: httpcore.URL,
        *,
        headers: list[tuple[bytes, bytes]],
        content: bytes | None,
        extensions: dict[str, Any],
    ) -> AsyncIterator[Response]:
        port = "" if url.port is None else f":{url.port}"
        host = url.host.decode()
        where = f"{url.scheme.decode()}://{f'[{host}]' if ':' in host else host}{port}{url.target.decode()}"
        single = extensions["timeout"]
        auth = self._proxy.auth if self._proxy else None
        with _told():
            async with (
                asyncio.timeout(bounds().seconds),
                self._open().request(
                    method,
                    URL(where, encoded=True),
                    headers=[(name.decode(), value.decode()) for name, value in headers],
                    data=content,
                    allow_redirects=False,
                    proxy=self._proxy.url if self._proxy else None,
                    proxy_auth=aiohttp.BasicAuth(*auth) if auth else None,
                    timeout=aiohttp.ClientTimeout(
                        total=None, sock_connect=single["connect"], sock_read=single["read"]
                    ),
                ) as response,
            ):
                yield Response(response.status, list(response.raw_headers), response)

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


@contextmanager
def _told() -> Iterator[None]:
    """Tell what goes wrong as httpcore does; nothing has left where no connection was made."""
    try:
        yield
    except aiohttp.ClientError as error:
        raise _as_httpcore(error) from None
    except aiohttp.http_exceptions.HttpProcessingError as error:
        raise httpcore.RemoteProtocolError(_said(error)) from None


def _as_httpcore(error: aiohttp.ClientError) -> Exception:
    if (bounds().received or 0) < 0:
        return TooMuch()
    said = _said(error)
    for kind, meaning in _MEANINGS:
        if isinstance(error, kind):
            return meaning(said)
    return httpcore.RemoteProtocolError(said)


# The first that fits. Nothing has left where no connection was made.
_MEANINGS: Final[tuple[tuple[type[Exception], type[Exception]], ...]] = (
    (aiohttp.ClientHttpProxyError, httpcore.ProxyError),
    (aiohttp.ClientProxyConnectionError, httpcore.ProxyError),
    (aiohttp.ConnectionTimeoutError, httpcore.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpcore.ConnectError),
    (aiohttp.ClientConnectorCertificateError, httpcore.ConnectError),
    (aiohttp.ServerTimeoutError, httpcore.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpcore.RemoteProtocolError),
    (aiohttp.ClientConnectionError, httpcore.ReadError),
    (aiohttp.InvalidURL, httpcore.LocalProtocolError),
)


def _said(error: Exception) -> str:
    """Return why, without the URL that aiohttp names in some of its errors."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "Server disconnected without sending a response."
    if isinstance(error, aiohttp.ClientPayloadError):
        return "peer closed connection without sending complete message body"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{error.status}: {error.message}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    return str(error) or type(error).__name__
