"""Senders, downloaders and an environment for the tests of what goes over a wire."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall
from airflow_provider_rivya.api.egress import tls_context
from tests.unit.api import downloads
from tests.unit.api.senders import CREATE_WITHOUT_REPLAY, Send, send_async, send_sync


@pytest.fixture
def downloaders_closed() -> Iterator[None]:
    yield
    downloads.close_all()


@pytest.fixture(params=[send_sync, send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    chosen: Send = request.param
    return chosen


@pytest.fixture(params=CREATE_WITHOUT_REPLAY.values(), ids=list(CREATE_WITHOUT_REPLAY))
def paid_once(request: pytest.FixtureRequest) -> ApiCall[Any]:
    """A creation that the gateway would take for a second one if it came again."""
    chosen: ApiCall[Any] = request.param
    return chosen


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


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
