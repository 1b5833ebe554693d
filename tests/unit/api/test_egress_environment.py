"""What the environment says of proxies and certificates."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest

from airflow_provider_rivya.api.egress import (
    EnvironmentFault,
    Origin,
    Proxy,
    check_environment,
    proxy_for,
    tls_context,
)

ELSEWHERE = "https://gateway.example"
CDN = Origin("https", "cdn.example", 443)


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
