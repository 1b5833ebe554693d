"""Which origins and addresses may be reached, directly and through a proxy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from airflow_provider_rivya.api.egress import Egress, Origin, address_of, is_on_this_machine, proxy_for
from airflow_provider_rivya.exceptions import DownloadRefusedError

ELSEWHERE = "https://gateway.example"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://CDN.example/a?b#c", Origin("https", "cdn.example", 443)),
        ("HTTP://cdn.example:8080", Origin("http", "cdn.example", 8080)),
        ("http://user:pass@cdn.example/", Origin("http", "cdn.example", 80)),
        ("https://[2001:db8::1]:8443/", Origin("https", "2001:db8::1", 8443)),
        ("https://cdn.example./", Origin("https", "cdn.example", 443)),
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
        "::ffff:0:127.0.0.1",
        "168.63.129.16",
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


@pytest.mark.parametrize(
    "host", ["%31%32%37.0.0.1", "b\u00fccher.example", "\uff11\uff12\uff17.0.0.1", "a,b", "a*b"]
)
def test_a_host_that_somebody_might_read_in_another_way(host: str) -> None:
    with pytest.raises(DownloadRefusedError, match="characters that it cannot have"):
        Origin.of(f"https://{host}/a")


LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "0",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not one to listen on
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[::ffff:0:7f00:1]",
    "[::127.0.0.1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.b.localhost",
]
INSIDE = [
    "10.1",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.169.254.",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "kubernetes.default.svc",
    "wiki.corp",
    "nas.home",
    "METADATA.google.internal.",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.tencentyun.com",
    "intranet",
    "printer.local",
    "db.corp.lan",
    "ip6-localhost",
    "localhost.localdomain",
    "127.0.0.1.0",
    "4294967297",
    "0x7f000001000",
    "1.2.3.4.5",
]


@pytest.mark.parametrize("host", [*LOOPBACK, *INSIDE])
def test_no_spelling_of_a_place_inside_is_handed_to_a_proxy(host: str) -> None:
    origin = Origin.of(f"http://{host}/a")
    with pytest.raises(DownloadRefusedError, match=r"not a public|neither a name nor an address"):
        EGRESS.check_name(origin)
    Egress(EGRESS.own, (origin.host,)).check_name(origin)


@pytest.mark.parametrize(
    "host", ["cdn.example.com", "8.8.8.8", "0x8.8.8.8", "134744072", "[2a00:1450::5]", "1.fm"]
)
def test_public_places_may_be_fetched_through_a_proxy(host: str) -> None:
    EGRESS.check_name(Origin.of(f"http://{host}/a"))


@pytest.mark.parametrize("host", LOOPBACK)
def test_nothing_on_this_machine_is_reached_through_a_proxy(
    environment: Callable[..., None], host: str
) -> None:
    """A key that is meant for a sandbox would go there."""
    environment(ALL_PROXY="http://proxy.example:3128", HTTP_PROXY="http://proxy.example:3128")
    origin = Origin.of(f"http://{host}/a")
    assert is_on_this_machine(origin.host)
    assert proxy_for(origin) is None


@pytest.mark.parametrize("host", ["127.0.0.1.example", "localhost.example", "notlocalhost", "128.0.0.1", "a"])
def test_other_machines(host: str) -> None:
    assert not is_on_this_machine(host)
    assert address_of("a b") is None
