"""Where a download may lead, over redirects and proxies, and where the key goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from airflow_provider_rivya.api.download import MAX_REDIRECTS
from airflow_provider_rivya.exceptions import DownloadError, DownloadRefusedError
from tests.unit.api.downloads import BYTES, ELSEWHERE, KEPT, KEY, downloader, fetch
from tests.unit.api.wire import Received, Wire, answer

pytestmark = pytest.mark.usefixtures("downloaders_closed")


def test_an_address_that_is_not_public_is_refused_before_a_byte_is_sent() -> None:
    with Wire(answer(200, BYTES)) as wire, pytest.raises(DownloadRefusedError, match=r"127\.0\.0\.1"):
        fetch(wire.url, downloader())
    assert wire.received == []


def test_a_name_that_leads_to_a_private_address_is_refused_by_the_address() -> None:
    with Wire(answer(200, BYTES)) as wire:
        url = f"http://localhost:{wire.port}/"
        with pytest.raises(DownloadRefusedError, match="localhost leads to"):
            fetch(url, downloader())
        assert wire.received == []
        assert fetch(url, downloader(ELSEWHERE, "localhost"))[1] == BYTES


def test_another_port_of_the_own_host_is_not_the_own_origin() -> None:
    with Wire(answer(200, BYTES)) as wire, Wire(answer(200)) as own, pytest.raises(DownloadRefusedError):
        fetch(wire.url, downloader(own.url))
    assert wire.received == []


def redirect(location: str, status: int = 302) -> bytes:
    return answer(status, location=location)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_relative_ones_resolved(status: int) -> None:
    with Wire(redirect("../c?d", status), answer(200, BYTES)) as wire:
        assert fetch(f"{wire.url}/a/b/", downloader(wire.url))[1] == BYTES
    assert [request.target for request in wire.received] == ["/a/b/", "/a/c?d"]


def test_every_hop_is_checked() -> None:
    with Wire(answer(200, BYTES)) as inside:
        for target in (inside.url, f"http://localhost:{inside.port}", f"//127.0.0.1:{inside.port}/"):
            with Wire(redirect(target)) as own, pytest.raises(DownloadRefusedError, match="public address"):
                fetch(own.url, downloader(own.url))
        assert inside.received == []


@pytest.mark.parametrize(
    "target",
    [
        *("file:///etc/passwd", "ftp://cdn.example/a", "https:///nowhere", "javascript:alert(1)"),
        *("data:image/png;base64,AA==", "http://[::1", "http://a.example:99999/"),
    ],
)
def test_a_redirect_to_another_kind_of_place(target: str) -> None:
    with Wire(redirect(target)) as own, pytest.raises(DownloadRefusedError, match=r"not a URL|not an http"):
        fetch(own.url, downloader(own.url))
    assert len(own.received) == 1


def test_two_that_lead_to_each_other_end() -> None:
    with Wire(lambda request: redirect(f"{back.url}{request.target}x")) as wire:
        with Wire(lambda request: redirect(f"{wire.url}{request.target}y")) as back:
            by = downloader(wire.url, "127.0.0.1")
            with pytest.raises(DownloadRefusedError, match="more than 5 redirects"):
                fetch(f"{wire.url}/", by)
        assert [len(wire.received), len(back.received)] == [3, 3]


def test_redirects_end() -> None:
    with Wire(redirect("/again")) as wire, pytest.raises(DownloadRefusedError, match="more than 5 redirects"):
        fetch(wire.url, downloader(wire.url))
    assert len(wire.received) == MAX_REDIRECTS + 1
    with Wire(*[redirect("/again")] * MAX_REDIRECTS, answer(200, b"end")) as wire:
        assert fetch(wire.url, downloader(wire.url))[1] == b"end"


def test_a_redirect_to_nowhere() -> None:
    with Wire(answer(302)) as wire, pytest.raises(DownloadError, match="HTTP 302"):
        fetch(wire.url, downloader(wire.url))


def with_key_only(request: Received) -> bytes:
    return answer(200, BYTES) if "authorization" in request.headers else answer(401)


@pytest.mark.parametrize("status", [401, 403])
def test_the_key_goes_to_the_own_origin_when_that_asks(status: int) -> None:
    with Wire(answer(status), answer(200, BYTES)) as wire:
        assert fetch(wire.url, downloader(wire.url))[1] == BYTES
    assert [request.headers.get("authorization") for request in wire.received] == [None, f"Bearer {KEY}"]


def test_the_key_is_offered_once() -> None:
    with Wire(answer(401)) as wire, pytest.raises(DownloadError, match="HTTP 401"):
        fetch(wire.url, downloader(wire.url))
    assert len(wire.received) == 2


def test_the_key_goes_nowhere_else() -> None:
    with Wire(with_key_only) as other, Wire(redirect(f"http://localhost:{other.port}/")) as own:
        by = downloader(own.url, "localhost")
        with pytest.raises(DownloadError, match="HTTP 401"):
            fetch(own.url, by)
        with pytest.raises(DownloadError, match="HTTP 401"):
            fetch(f"http://localhost:{other.port}/", by)
    assert all("authorization" not in request.headers for request in other.received + own.received)


def test_the_key_does_not_follow_a_redirect() -> None:
    with Wire(answer(200, BYTES)) as other:
        away = redirect(f"http://localhost:{other.port}/")
        with Wire(answer(401), away) as own:
            assert fetch(own.url, downloader(own.url, "localhost"))[1] == BYTES
    assert "authorization" in own.received[1].headers
    assert "authorization" not in other.received[0].headers


def test_a_host_name_with_such_characters_is_refused() -> None:
    with pytest.raises(DownloadRefusedError, match="host name"):
        fetch("https://b\u00fccher.example/x.png", downloader())


def test_a_trusted_connection_is_no_way_to_another_scheme_or_port() -> None:
    with Wire(KEPT, keep_alive=True) as own, Wire(KEPT, keep_alive=True) as other:
        by = downloader(own.url)
        fetch(own.url, by)
        with pytest.raises(DownloadRefusedError, match="not a public address"):
            fetch(other.url, by)
    assert other.received == []


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch.setenv


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
@pytest.mark.parametrize("with_scheme", [True, False])
def test_a_proxy_of_the_environment_is_used(
    proxied: Callable[[str, str], None], variable: str, with_scheme: bool
) -> None:
    with Wire(answer(200, BYTES)) as proxy:
        proxied(variable, proxy.url if with_scheme else proxy.url.removeprefix("http://"))
        assert fetch("http://cdn.example/a", downloader())[1] == BYTES
    assert proxy.received[0].target == "http://cdn.example/a"


def test_a_proxy_gets_its_own_credentials(proxied: Callable[[str, str], None]) -> None:
    with Wire(answer(200, BYTES)) as proxy:
        proxied("http_proxy", proxy.url.replace("http://", "http://us%40er:pw@"))
        assert fetch("http://cdn.example/a", downloader())[1] == BYTES
    assert proxy.received[0].headers["proxy-authorization"] == "Basic dXNAZXI6cHc="


def test_a_proxy_is_passed_by_where_the_environment_says(proxied: Callable[[str, str], None]) -> None:
    with Wire(answer(200, BYTES)) as wire, Wire(answer(500)) as proxy:
        proxied("http_proxy", proxy.url)
        proxied("no_proxy", "127.0.0.1")
        assert fetch(wire.url, downloader(wire.url))[1] == BYTES
    assert proxy.received == []
