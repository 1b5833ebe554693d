from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import certifi
import pytest

from airflow_provider_rivya.api.egress import (
    Egress,
    EnvironmentFault,
    Origin,
    Proxy,
    address_of,
    check_environment,
    is_on_this_machine,
    proxy_for,
    tls_context,
)
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


# -- behind a proxy, which connects in this process's place ---------------------------------------------

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


# -- the environment ------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set variables in an environment that names neither proxies nor certificates."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    tls_context.cache_clear()
    yield put
    tls_context.cache_clear()


@pytest.mark.parametrize(
    ("value", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("http://proxy.example:3128", None)),
        ("proxy.example:3128", Proxy("http://proxy.example:3128", None)),
        ("https://proxy.example", Proxy("https://proxy.example", None)),
        ("http://us%40er:pw@proxy.example:1/", Proxy("http://proxy.example:1", ("us@er", "pw"))),
        ("http://user@[::1]:1", Proxy("http://[::1]:1", ("user", ""))),
    ],
)
def test_proxies(environment: Callable[..., None], value: str, proxy: Proxy) -> None:
    environment(https_proxy=value)
    assert proxy_for(CDN) == proxy
    assert proxy_for(Origin("http", "cdn.example", 80)) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("http://proxy.example:port", "not the URL of a proxy"),
        ("http://[::1", "not the URL of a proxy"),
        ("http://:3128", "expected http://host:port"),
        ("ftp://proxy.example:21", "of the kind 'ftp'"),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_none_is_told_by_its_variable(
    environment: Callable[..., None], variable: str, value: str, told: str
) -> None:
    environment(**{variable: value})
    with pytest.raises(EnvironmentFault, match=told) as caught:
        check_environment(ELSEWHERE)
    assert str(caught.value).startswith(variable)
    check_environment("http://127.0.0.1:8765")


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_needs_a_package(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    environment(ALL_PROXY=f"{scheme}://127.0.0.1:1080")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentFault, match=r"^ALL_PROXY names a SOCKS proxy.*'socksio'"):
        proxy_for(CDN)
    environment(NO_PROXY="cdn.example")
    assert proxy_for(CDN) is None


@pytest.mark.parametrize(
    ("value", "host", "passed"),
    [
        ("localhost,::1/128", "gateway.example", False),
        ("localhost,2001:db8::/32", "2001:db8::7", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        (" http://[bad , gateway.example", "gateway.example", True),
        (".example", "gateway.example", True),
        ("*", "gateway.example", True),
        ("", "gateway.example", False),
    ],
)
def test_no_entry_of_no_proxy_breaks_the_others(
    environment: Callable[..., None], value: str, host: str, passed: bool
) -> None:
    environment(http_proxy="http://proxy.example:3128", NO_PROXY=value)
    assert (proxy_for(Origin("http", host, 80)) is None) is passed


@pytest.mark.parametrize(
    "variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
)
def test_certificates_that_cannot_be_read_are_told_by_their_variable(
    environment: Callable[..., None], tmp_path: Path, variable: str
) -> None:
    no_certificate = tmp_path / "ca.pem"
    no_certificate.write_text("not one")
    for place in (tmp_path / "missing.pem", no_certificate):
        environment(**{variable: str(place)})
        with pytest.raises(EnvironmentFault, match=f"^{variable} names certificates at .*cannot be read"):
            check_environment(ELSEWHERE)
    check_environment("http://127.0.0.1:8765")  # which needs none


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_own_certificates_are_the_ones_that_are_trusted(
    environment: Callable[..., None], tmp_path: Path, variable: str
) -> None:
    one = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    (tmp_path / "ca.pem").write_text(one[0] + one[1])
    environment(**{variable: str(tmp_path / "ca.pem")})
    assert len(tls_context().get_ca_certs()) == 1


def test_one_tls_context_a_process_and_it_verifies(environment: Callable[..., None]) -> None:
    context = tls_context()
    assert context is tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) > 50
