"""
Which URLs and addresses a download may connect to.

Only http(s) is followed. The address *connected to* must be public, unless it is the connection's own origin
or a host that the connection allows.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from airflow_provider_rivya.exceptions import DownloadRefusedError
from airflow_provider_rivya.redaction import clean, host_of

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
