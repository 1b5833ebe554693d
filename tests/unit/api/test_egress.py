from __future__ import annotations

import pytest

from airflow_provider_rivya.api.egress import Egress, Origin
from airflow_provider_rivya.exceptions import DownloadRefusedError

ELSEWHERE = "https://gateway.example"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://CDN.example/a?b#c", Origin("https", "cdn.example", 443)),
        ("HTTP://cdn.example:8080", Origin("http", "cdn.example", 8080)),
        ("http://user:pass@cdn.example/", Origin("http", "cdn.example", 80)),
        ("https://[2001:db8::1]:8443/", Origin("https", "2001:db8::1", 8443)),
    ],
)
def test_the_origin_of_a_url(url: str, origin: Origin) -> None:
    assert Origin.of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://h/a",
        "data:image/png;base64,AA",
        "gopher://h",
        "//h/a",
        "/a",
        "",
        "https://",
        "https:///a",
        "http://h:99999/",
        "http://[::1/",
        "javascript:alert(1)",
        "s3://bucket/key",
    ],
)
def test_nothing_but_http_is_followed(url: str) -> None:
    with pytest.raises(DownloadRefusedError, match="not an http"):
        Origin.of(url)


CDN = Origin("https", "cdn.example", 443)
EGRESS = Egress(Origin.of(ELSEWHERE))


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450::5"],
)
def test_public_addresses(address: str) -> None:
    EGRESS.check_address(CDN, address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse, not one to listen on
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:224.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:db8::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(DownloadRefusedError, match="not a public address") as caught:
        EGRESS.check_address(CDN, address)
    assert "allowed_download_hosts" in str(caught.value)
    EGRESS.check_address(Origin.of(ELSEWHERE), address)


@pytest.mark.parametrize(
    ("rule", "host", "trusted"),
    [
        ("cdn.example", "cdn.example", True),
        ("cdn.example", "a.cdn.example", False),
        ("cdn.example", "notcdn.example", False),
        ("*.cdn.example", "a.cdn.example", True),
        ("*.cdn.example", "a.b.cdn.example", True),
        ("*.cdn.example", "cdn.example", False),
        ("*.cdn.example", "evilcdn.example", False),
        ("*.cdn.example", "a.cdn.example.evil", False),
    ],
)
def test_allowed_hosts(rule: str, host: str, trusted: bool) -> None:
    assert Egress(EGRESS.own, ("other", rule)).trusts(Origin("https", host, 443)) is trusted


@pytest.mark.parametrize(
    "url", ["http://gateway.example", "https://gateway.example:444", "https://sub.gateway.example"]
)
def test_another_scheme_port_or_name_is_not_the_connections_own_origin(url: str) -> None:
    assert not EGRESS.trusts(Origin.of(url))
