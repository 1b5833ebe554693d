"""A resolver that hangs outlasts neither the bound of an exchange nor a task that is to end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.http import SyncSender
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.exceptions import DownloadError, GatewayUnreachableError

URL = "https://gateway.example"


class Resolver:
    """Answers only when the test is over; ``asked`` is set when somebody waits for it."""

    def __init__(self) -> None:
        self.asked, self.over = threading.Event(), threading.Event()

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.asked.set()
        self.over.wait()
        raise OSError("too late")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    hanging = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    yield hanging
    hanging.over.set()


def settings(patience: float) -> ClientSettings:
    return ClientSettings(
        base_url=URL, api_key="rvya_sk_test", connect_timeout=patience, read_timeout=1.0, retries=0
    )


@pytest.mark.usefixtures("resolver")
def test_a_call_ends_at_its_bound() -> None:
    with (
        SyncSender(settings(0.05), threading.Event()) as client,
        pytest.raises(GatewayUnreachableError) as caught,
    ):
        client.send(RIVYA.create_generation("{}", "key-1"))
    assert "could not be reached in time" in caught.value.message
    assert not caught.value.maybe_taken_in


@pytest.mark.usefixtures("resolver")
def test_a_download_ends_at_its_bound() -> None:
    with Downloader(settings(0.05)) as downloader, pytest.raises(DownloadError) as caught:
        downloader.open(f"{URL}/a.png").__enter__()
    assert "the host's name was not resolved in time" in caught.value.message
    assert caught.value.retryable


def test_a_download_ends_when_the_task_is_asked_to(resolver: Resolver) -> None:
    stop = threading.Event()

    def end() -> None:
        resolver.asked.wait()
        stop.set()

    ending = threading.Thread(target=end)
    ending.start()
    with Downloader(settings(300.0)) as downloader, pytest.raises(DownloadError) as caught:
        downloader.open(f"{URL}/a.png", stop=stop).__enter__()
    ending.join()
    assert "given up, because the task is ending" in caught.value.message
