"""
Where connections go: which addresses a download may connect to, and what the environment says of the way.

Only http(s) is followed. The address *connected to* must be public, unless it is the connection's own origin
or a host that the connection allows. Nothing on this machine is reached through a proxy, so that a key meant
for a sandbox never leaves it. A variable of the environment that cannot be used is told by its name.
"""

from __future__ import annotations

import functools
import importlib.util
import ipaddress
import os
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi

from airflow_provider_rivya.exceptions import DownloadRefusedError
from airflow_provider_rivya.redaction import clean, host_of

_PORTS: Final = {"http": 80, "https": 443}
_LOCAL_V6: Final = (ipaddress.IPv6Network("fec0::/10"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_EMBEDDING: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""An IPv4 address in the last four bytes: NAT64, compatible, translated (RFC 6052, 4291, 2765)."""

_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+(?:%[a-z0-9._-]+)?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Names that no public host has, and those under which clouds tell a machine its secrets.
_INWARD: Final = tuple(
    f".{name}"
    for name in (
        *("localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "home.arpa"),
        *("corp", "svc"),
    )
)
_METADATA: Final = frozenset(
    {"metadata.goog", "metadata.tencentyun.com", "metadata.packet.net", "metadata.platformequinix.com"}
)
_PLATFORM: Final = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Addresses that look public, at which a cloud answers its own machines alone (Azure's)."""


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
        host = host.rstrip(".")
        if scheme not in _PORTS or not host:
            raise DownloadRefusedError(
                f"The URL ({host_of(url)}) is not an http(s) URL; nothing else is followed."
            )
        if not _HOST.fullmatch(host):
            raise DownloadRefusedError(
                f"The URL ({host_of(url)}) has a host name with characters that it cannot have."
            )
        return cls(scheme, host, port or _PORTS[scheme])

    @property
    def own_port(self) -> int | None:
        """The port, where it is not the scheme's."""
        return None if self.port == _PORTS[self.scheme] else self.port


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
            raise _refused(origin, f"leads to {ip}, which is not a public address")

    def check_name(self, origin: Origin) -> None:
        """
        Refuse a host that a proxy, which connects to it in this process's place, would find inside.

        :raises DownloadRefusedError: it spells an address that is not public, or is a name of this machine,
            of a private network or of a cloud's metadata.
        """
        if self.trusts(origin):
            return
        host, address = origin.host, address_of(origin.host)
        if address is not None:
            self.check_address(origin, str(address))
        elif _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise _refused(origin, "is neither a name nor an address")
        elif "." not in host or host.endswith(_INWARD) or host in _METADATA:
            raise _refused(origin, "is not a public name")


_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(host: str) -> _Address | None:
    """Return the address that a host spells in any way: decimal, hexadecimal, octal, shortened."""
    name = host.rstrip(".").partition("%")[0]
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    try:
        # It would take anything behind a blank, which no host has.
        return ipaddress.IPv4Address(socket.inet_aton(name)) if _HOST.fullmatch(name.lower()) else None
    except OSError:
        return None


def is_on_this_machine(host: str) -> bool:
    """Whether a host is this machine, however that is spelled."""
    name, address = host.rstrip(".").lower(), address_of(host)
    if address is not None:
        return any(ip.is_loopback or ip.is_unspecified for ip in _reached(address))
    return name == "localhost" or name.endswith(".localhost")


def _refused(origin: Origin, why: str) -> DownloadRefusedError:
    return DownloadRefusedError(
        f"The host {clean(origin.host, 120)} {why}.",
        advice="If that is right, add the host to allowed_download_hosts of the connection.",
    )


def _is_public(ip: _Address) -> bool:
    # Python's own lists know neither site-local nor, before 3.11.9, translated private-use addresses.
    local = ip in _PLATFORM or any(ip in network for network in _LOCAL_V6)
    return ip.is_global and not ip.is_multicast and not local


def _reached(ip: _Address) -> list[_Address]:
    """Return the address and the IPv4 address in it, to which a translator would lead."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip.sixtofour is not None:
        return [ip, ip.sixtofour]
    embeds = any(ip in network for network in _EMBEDDING)
    return [ip, ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)] if embeds else [ip]


# -- what the environment says ------------------------------------------------------------------

_CA_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SCHEMES: Final = ("http", "https", "socks5", "socks5h")


class EnvironmentFault(Exception):
    """A variable of the environment cannot be used; the text names it and says what to do."""


class Proxy(NamedTuple):
    """
    A proxy.

    :param url: without credentials.
    :param auth: user and password.
    """

    url: str
    auth: tuple[str, str] | None


def check_environment(base_url: str) -> None:
    """
    Look whether a gateway can be reached with what the environment says, without sending anything.

    :raises EnvironmentFault: it cannot.
    """
    origin = Origin.of(base_url)
    proxy_for(origin)
    if origin.scheme == "https":
        tls_context()


def proxy_for(origin: Origin) -> Proxy | None:
    """
    Return the proxy for an origin; ``None``: it is reached directly.

    :raises EnvironmentFault: there is to be one, but it cannot be used.
    """
    if is_on_this_machine(origin.host) or _passed_by(origin.host):
        return None
    proxies = getproxies()
    scheme = origin.scheme if proxies.get(origin.scheme) else "all"
    url = proxies.get(scheme)
    if not url:
        return None
    variable = _variable(f"{scheme}_proxy")
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port, host = parts.port, parts.hostname
    except ValueError:
        raise EnvironmentFault(f"{variable} is not the URL of a proxy; expected http://host:port.") from None
    if parts.scheme not in _SCHEMES or not host:
        raise EnvironmentFault(
            f"{variable} names a proxy of the kind {clean(parts.scheme, 20)!r}; expected http://host:port."
        )
    if parts.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise EnvironmentFault(
            f"{variable} names a SOCKS proxy, for which the package 'socksio' has to be installed; or name "
            "an HTTP proxy, or the host in NO_PROXY."
        )
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    shown = f"[{host}]" if ":" in host else host
    return Proxy(f"{parts.scheme}://{shown}" + (f":{port}" if port else ""), auth)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """
    Return the one TLS context of this process: building one takes about 20 ms and blocks.

    :raises EnvironmentFault: the certificates that a variable names cannot be read.
    """
    variable = next((name for name in _CA_VARIABLES if os.environ.get(name)), None)
    place = os.environ[variable] if variable else certifi.where()
    try:
        if os.path.isdir(place):
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place)
    except OSError as error:  # ssl.SSLError is one
        raise EnvironmentFault(
            f"{variable} names certificates at {clean(place, 120)}, which cannot be read "
            f"({clean(error.strerror or type(error).__name__, 80)})."
        ) from None


def _passed_by(host: str) -> bool:
    """Whether ``NO_PROXY`` names a host: by name, as urllib reads it, or as an address in a network."""
    if proxy_bypass(host):
        return True
    address = address_of(host)
    if address is None:
        return False
    for entry in getproxies().get("no", "").split(","):
        with suppress(ValueError):  # a name, or no entry at all
            if address in ipaddress.ip_network(entry.strip(), strict=False):
                return True
    return False


def _variable(name: str) -> str:
    """Return a variable as it is spelled in the environment."""
    spelled = (name, name.upper())
    return next((each for each in spelled if each in os.environ), "The proxy of this machine's settings")
