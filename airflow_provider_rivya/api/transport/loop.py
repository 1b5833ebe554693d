"""
Exchanges on an event loop over aiohttp, whose compiled parser takes a third of httpcore's processor time.

It stands where an ``httpcore.AsyncConnectionPool`` would, and speaks of what goes wrong in its words, so that
one place says what that means. A SOCKS proxy, which aiohttp does not know, is left to httpcore.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import httpcore
from yarl import URL

from airflow_provider_rivya.api.transport.heads import Heads
from airflow_provider_rivya.api.transport.names import addresses_of
from airflow_provider_rivya.api.transport.sockets import Bounds, TooMuch, bounds

if TYPE_CHECKING:
    from airflow_provider_rivya.api.egress import Proxy

_CHUNK: Final = 16 * 1024
_OWN_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _Guarded(asyncio.Protocol):
    """
    Stands between a connection and aiohttp.

    Ends the connection when an answer brings too much, its head included, or goes on behind its end.
    """

    def __init__(self, inner: Any, transport: asyncio.Transport) -> None:
        self._inner = inner
        self._transport = transport
        self._of: Bounds | None = None
        self._heads = Heads()
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.connection_lost = inner.connection_lost  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]

    def begin(self, of: Bounds) -> None:
        """Expect an answer within these bounds."""
        self._of = of
        self._heads.begin()

    def data_received(self, data: bytes) -> None:
        try:
            answer, behind = self._heads.feed(data if self._of is None else self._of.came(data))
        except (TooMuch, httpcore.RemoteProtocolError) as error:
            self._inner.set_exception(error)
            self._transport.abort()
            return
        if behind:
            self._transport.close()
        if answer:
            self._inner.data_received(answer)


class _Connector(aiohttp.TCPConnector):
    """Makes connections that are guarded."""

    async def connect(self, *arguments: Any, **more: Any) -> Any:
        connection = await super().connect(*arguments, **more)
        if (transport := connection.transport) is not None:
            guarded = transport.get_protocol()
            if not isinstance(guarded, _Guarded):
                guarded = _Guarded(guarded, transport)
                transport.set_protocol(guarded)
            guarded.begin(bounds())
        return connection


class _Resolver(aiohttp.abc.AbstractResolver):
    """
    Looks hosts up beside the event loop's own threads.

    :param seconds: that it may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[aiohttp.abc.ResolveResult]:
        return [
            aiohttp.abc.ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await addresses_of(host, port, self._seconds)
        ]

    async def close(self) -> None: ...


class _BrokenOff(aiohttp.ClientError):
    """A connection broke off; aiohttp sends the request again after its own errors of this kind."""

    def __init__(self, error: aiohttp.ClientError) -> None:
        super().__init__(str(error))
        self.error = error


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: whoever makes a call knows whether it may be sent again."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokenOff(error) from None


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
    :param resolving: seconds that the look-up of a host may take.
    """

    def __init__(
        self, tls: ssl.SSLContext | None, proxy: Proxy | None, most: int, idle: float, resolving: float
    ) -> None:
        self._tls: ssl.SSLContext | bool = tls if tls is not None else True
        self._proxy = proxy
        self._most = most
        self._idle = idle
        self._resolving = resolving
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, which can be made on a running event loop only."""
        if self._session is None:
            connector = _Connector(
                limit=self._most,
                ssl=self._tls,
                keepalive_timeout=self._idle,
                resolver=_Resolver(self._resolving),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_OWN_HEADERS,
                trust_env=False,
                middlewares=(_once,),
            )
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
    if isinstance(error, _BrokenOff):
        error = error.error
    said = _said(error)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, TimeoutError):
        return httpcore.ConnectTimeout(said)
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
