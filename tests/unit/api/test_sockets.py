"""A resolver that hangs outlasts neither the bound of an exchange nor a task that is to end."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpcore
import pytest

from airflow_provider_rivya.api.call import FilePart
from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.http import AsyncSender, SyncSender
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.transport import names
from airflow_provider_rivya.api.transport.names import LookUps
from airflow_provider_rivya.api.transport.sockets import Backend, Bounds, exchange
from airflow_provider_rivya.api.transport.socks import AsyncBackend
from airflow_provider_rivya.exceptions import DownloadError, GatewayUnreachableError

URL = "https://gateway.example"


class Resolver:
    """Answers only when the test is over; ``asked`` is set when somebody waits for it."""

    def __init__(self) -> None:
        self.asked, self.over = threading.Event(), threading.Event()
        self.hosts: list[str] = []

    def __call__(self, host: str, *_: Any, **__: Any) -> Any:
        self.hosts.append(host)
        self.asked.set()
        self.over.wait()
        raise OSError("too late")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    hanging = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    monkeypatch.setattr(names, "LOOK_UPS", LookUps())
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


async def test_on_an_event_loop_one_thread_waits_for_all(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one of the loop's own, of which there are a few, and which are waited for at its end."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "run_in_executor", lambda *_: pytest.fail("the loop's own threads are used"))
    senders = [AsyncSender(settings(0.05)) for _ in range(3)]
    calls = [sender.send(RIVYA.get_generation("task_1")) for sender in senders for _ in range(5)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    for error in ends:
        assert isinstance(error, GatewayUnreachableError)
        assert "could not be reached in time" in error.message
        assert not error.sent
    assert len(resolver.hosts) == 1
    for sender in senders:
        await sender.aclose()
    with exchange(Bounds(0.05)), pytest.raises(httpcore.ConnectTimeout, match="not resolved in time"):
        await AsyncBackend().connect_tcp("gateway.example", 443)  # a SOCKS proxy's name
    assert len(resolver.hosts) == 1


def test_threads_that_hang_are_few(resolver: Resolver) -> None:
    look_ups = LookUps(slow=-1.0)
    first = look_ups.begin("a.example", 443)
    assert look_ups.begin("a.example", 443) is first
    assert not first.cancel(), "others may be waiting for it"
    more = [look_ups.begin(f"{number}.example", 443) for number in range(30)]
    refused = [found for found in more if found.done()]
    assert len(more) - len(refused) == 7
    assert "look-ups hang" in str(refused[0].exception())
    resolver.over.set()
    with pytest.raises(OSError, match="too late"):
        first.result()
    assert look_ups.begin("a.example", 443) is not first


def test_an_upload_that_nobody_reads_ends_when_the_task_is_asked_to() -> None:
    stop, size = threading.Event(), 64 * 1024 * 1024
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def accept() -> None:
            connection, _ = server.accept()
            connection.recv(1)
            stop.set()
            over.wait()
            connection.close()

        over = threading.Event()
        deaf = threading.Thread(target=accept)
        deaf.start()
        part = FilePart("a.png", "image/png", lambda: io.BytesIO(bytes(size)))
        whole = ClientSettings(url, "rvya_sk_test", connect_timeout=5.0, read_timeout=200.0, retries=0)
        with SyncSender(whole, stop) as client, pytest.raises(GatewayUnreachableError) as caught:
            client.send(RIVYA.upload_file(part, "image"))
        over.set()
        deaf.join()
    assert "when the task was asked to stop" in caught.value.message


def test_a_connection_that_another_thread_has_closed_is_told_in_the_words_of_httpcore() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, exchange(Bounds(5.0, stop=threading.Event())):
        stream = Backend().connect_tcp("127.0.0.1", server.getsockname()[1])
        stream.close()
        with pytest.raises(httpcore.WriteError):
            stream.write(b"GET")
