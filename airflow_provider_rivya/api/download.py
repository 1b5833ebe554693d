"""
Opens result URLs, which come from outside and are not trusted.

Only http(s) is followed. The address *connected to*, after every redirect too, must be public,
unless it is the connection's own origin or a host the connection allows; it is looked at after
the TCP connection stands and before a byte is sent, so that a name that resolves differently the
second time gains nothing. The API key goes to the connection's own origin alone, and only when
that asks for it.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from airflow_provider_rivya.api.http import USER_AGENT, ClientSettings, quiet, tls_context
from airflow_provider_rivya.exceptions import DownloadError, DownloadRefusedError
from airflow_provider_rivya.redaction import clean, host_of

MAX_REDIRECTS: Final = 5
#: More at once means fresh memory for every chunk, which costs more than it saves.
_READ_BYTES: Final = 96 * 1024
_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_V6: Final = (ipaddress.IPv6Network("fec0::/10"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """
        Take the origin of a URL.

        :raises DownloadRefusedError: it is not an http(s) URL with a host.
        """
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
        except ValueError:
            scheme, host, port = "", "", None
        if scheme not in _PORTS or not host:
            raise DownloadRefusedError(
                f"The URL ({host_of(url)}) is not an http(s) URL; nothing else is followed."
            )
        return cls(scheme, host, port or _PORTS[scheme])


@dataclass(frozen=True, slots=True)
class Egress:
    """
    Which places a download may connect to.

    :param own: origin of the connection.
    :param allowed_hosts: host names the connection names in ``allowed_download_hosts``;
        ``*.example.com`` stands for every name below example.com.
    """

    own: Origin
    allowed_hosts: tuple[str, ...] = ()

    def trusts(self, origin: Origin) -> bool:
        """Whether this origin may be at any address."""
        if origin == self.own:
            return True
        return any(
            origin.host.endswith(rule[1:]) if rule.startswith("*.") else origin.host == rule
            for rule in self.allowed_hosts
        )

    def check_address(self, origin: Origin, address: str) -> None:
        """
        Refuse an address that is not public.

        :param address: the IP address that the socket is connected to.
        :raises DownloadRefusedError: it is loopback, private, link-local, reserved or multicast.
        """
        if self.trusts(origin):
            return
        ip = ipaddress.ip_address(address.partition("%")[0])
        if not all(map(_is_public, _reached(ip))):
            raise DownloadRefusedError(
                f"The host {clean(origin.host, 120)} leads to {ip}, which is not a public address.",
                advice="If that is right, add the host to allowed_download_hosts of the connection.",
            )


_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def _is_public(ip: _Address) -> bool:
    # Python's own lists know neither site-local nor, before 3.11.9, translated private-use addresses.
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _LOCAL_V6)


def _reached(ip: _Address) -> list[_Address]:
    """Return the address and the IPv4 address in it, to which a translator would lead."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip.sixtofour is not None:
        return [ip, ip.sixtofour]
    embeds = ip in _NAT64 or ip in _V4_COMPATIBLE
    return [ip, ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)] if embeds else [ip]


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects as httpcore does, then looks where it got to before anything is sent."""

    def __init__(self, egress: Egress, origin: Origin) -> None:
        self._inner = httpcore.SyncBackend()
        self._egress = egress
        self._origin = origin

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, *args, **kwargs)
        try:
            self._egress.check_address(self._origin, stream.get_extra_info("server_addr")[0])
        except BaseException:
            stream.close()
            raise
        return stream


@dataclass(frozen=True, slots=True)
class ByteStream:
    """
    The body of a result, being received.

    :param length: declared ``Content-Length`` in bytes, or ``None``.
    """

    length: int | None
    _response: httpcore.Response = field(repr=False)
    _host: str
    _read_timeout: float | None = None

    def chunks(self) -> Iterator[bytes]:
        """
        Yield the bytes as they come.

        :raises DownloadError: the transfer broke off.
        """
        stream = self._plain() if self._is_plain else iter(self._response.iter_stream())
        while True:
            # Only around the receiving: what the consumer does in between is its own.
            with _broken_off(self._host), quiet():
                chunk = next(stream, None)
            if chunk is None:
                return
            yield chunk

    @property
    def _is_plain(self) -> bool:
        """Whether the body is nothing but ``length`` bytes: no transfer coding, no frames."""
        return (
            self.length is not None
            and self._response.extensions.get("http_version") in (b"HTTP/1.0", b"HTTP/1.1")
            and not _header(self._response, b"transfer-encoding")
        )

    def _plain(self) -> Iterator[bytes]:
        """
        Take what came along with the header from the parser, and the rest from the socket.

        The parser hands out all it holds at once, and would copy every later chunk three times.
        """
        left = self.length or 0
        parsed = iter(self._response.iter_stream())  # closes the connection when it is dropped
        chunk = next(parsed, b"")
        while chunk:
            yield chunk
            left -= len(chunk)
            if not left:
                return
            network: httpcore.NetworkStream = self._response.extensions["network_stream"]
            chunk = network.read(min(left, _READ_BYTES), timeout=self._read_timeout)
        if left:
            raise httpcore.RemoteProtocolError(f"{left} of {self.length} bytes did not come")


class Downloader:
    """
    Opens result URLs for one connection.

    :param settings: the connection's settings.
    :param allowed_hosts: see :class:`Egress`.
    """

    def __init__(self, settings: ClientSettings, allowed_hosts: tuple[str, ...] = ()) -> None:
        self._settings = settings
        self._egress = Egress(Origin.of(settings.base_url), allowed_hosts)

    @contextmanager
    def open(self, url: str) -> Iterator[ByteStream]:
        """
        Open a result URL.

        :raises DownloadRefusedError: it leads where it must not.
        :raises DownloadError: it cannot be fetched now; ``retryable`` tells whether it may later.
        """
        with_key = False
        for _ in range(MAX_REDIRECTS + 1):
            origin = Origin.of(url)
            with self._request(url, origin, with_key) as response:
                if 300 <= response.status < 400 and (location := _header(response, b"location")):
                    url, with_key = _joined(url, location), False
                    continue
                if response.status in (401, 403) and origin == self._egress.own and not with_key:
                    with_key = True
                    continue
                if response.status != 200:
                    raise _not_fetched(response, url)
                if (encoding := _header(response, b"content-encoding")) not in ("", "identity"):
                    raise DownloadError(
                        f"{host_of(url)} sent the file encoded as {clean(encoding, 40)}, "
                        "which was not asked for."
                    )
                length = _header(response, b"content-length")
                yield ByteStream(
                    int(length) if length.isascii() and length.isdigit() else None,
                    response,
                    host_of(url),
                    self._settings.read_timeout,
                )
                return
        raise DownloadRefusedError(
            f"The URL ({host_of(url)}) leads through more than {MAX_REDIRECTS} redirects."
        )

    @contextmanager
    def _request(self, url: str, origin: Origin, with_key: bool) -> Iterator[httpcore.Response]:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        headers["Host"] = urlsplit(url).netloc.rpartition("@")[2]
        if with_key:
            headers["Authorization"] = f"Bearer {self._settings.api_key}"
        timeouts = {
            "connect": self._settings.connect_timeout,
            "read": self._settings.read_timeout,
            "write": self._settings.read_timeout,
            "pool": self._settings.connect_timeout,
        }
        request = httpcore.Request(
            "GET", _ascii(url), headers=list(headers.items()), extensions={"timeout": timeouts}
        )
        with self._pool(origin) as pool:
            with quiet(), _broken_off(host_of(url)):
                response = pool.handle_request(request)
            try:
                yield response
            finally:
                with quiet():
                    response.close()

    def _pool(self, origin: Origin) -> httpcore.ConnectionPool:
        context = tls_context() if origin.scheme == "https" else None
        proxy = _proxy_for(origin)
        if proxy:
            # The proxy, not this process, connects to the result's host: its own rules apply to a name.
            with suppress(ValueError):
                self._egress.check_address(origin, str(ipaddress.ip_address(origin.host)))
            return httpcore.ConnectionPool(ssl_context=context, proxy=proxy)
        return httpcore.ConnectionPool(
            ssl_context=context, network_backend=_GuardedBackend(self._egress, origin)
        )


def _proxy_for(origin: Origin) -> httpcore.Proxy | None:
    if proxy_bypass(origin.host):
        return None
    proxies: Mapping[str, str] = getproxies()
    url = proxies.get(origin.scheme) or proxies.get("all")
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
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


@contextmanager
def _broken_off(host: str) -> Iterator[None]:
    try:
        yield
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
