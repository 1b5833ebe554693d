"""All files of a generation, fetched over real sockets."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.schemas import SUCCEEDED, Generation
from airflow_provider_rivya.exceptions import DownloadError, NotMediaError, OutputError
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.landing.land import FILES_AT_ONCE, land
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.api.wire import Received, Wire
from tests.unit.media.samples import encoded

PICTURES = [encoded(50 + index, 40, "PNG") for index in range(8)]


def whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


class Client:
    """As much of a gateway's client as a landing needs; its files are at ``/0``, ``/1`` ..."""

    def __init__(self, answers: dict[int, Callable[[], bytes]]) -> None:
        self.answers = answers
        self.wire = Wire(self._answer, keep_alive=True)
        settings = ClientSettings(self.wire.url, "rvya_sk_x", connect_timeout=5.0, read_timeout=20.0)
        self._downloader = Downloader(settings)

    def downloader(self) -> Downloader:
        return self._downloader

    def land(self, count: int, place: str | None, **options: Any) -> list[Output]:
        urls = tuple(f"{self.wire.url}/{index}?secret" for index in range(count))
        generation = Generation(id="task_1", status=SUCCEEDED, urls=urls)
        client: Any = self
        options = {"retries": Retries(pause=0.0), **options}
        return land(client, generation, None if place is None else OutputPlace(place), **options)

    def _answer(self, request: Received) -> bytes:
        index = int(request.target.strip("/").partition("?")[0])
        return self.answers.get(index, lambda: whole(PICTURES[index]))()


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client({})
    with client.wire, client.downloader():
        yield client


def test_several_files_land_at_once_and_in_order(client: Client, tmp_path: Path) -> None:
    meeting = threading.Barrier(FILES_AT_ONCE, timeout=60)

    def meet(index: int) -> Callable[[], bytes]:
        def answer() -> bytes:
            meeting.wait()
            return whole(PICTURES[index])

        return answer

    client.answers = {index: meet(index) for index in range(8)}
    outputs = client.land(8, f"{tmp_path}/")
    assert [(output.index, output.width) for output in outputs] == [(index, 50 + index) for index in range(8)]
    assert [(tmp_path / f"task_1-{index}.png").read_bytes() for index in range(8)] == PICTURES
    assert client.wire.most_open == client.wire.connections == FILES_AT_ONCE


def test_connections_outlive_a_generation(client: Client, tmp_path: Path) -> None:
    for number in range(3):
        client.land(1, f"{tmp_path}/{number}/")
    assert client.wire.connections == 1


def test_without_a_place_the_urls_are_handed_on(client: Client) -> None:
    outputs = client.land(2, None)
    assert [(output.uri, output.source_url) for output in outputs] == [
        (None, f"{client.wire.url}/{index}?secret") for index in range(2)
    ]
    assert client.wire.received == []


def test_a_generation_without_results_is_looked_at_again(client: Client) -> None:
    with pytest.raises(OutputError, match="lists no result") as caught:
        client.land(0, None)
    assert caught.value.retryable


def test_a_fixed_name_is_one_files(client: Client, tmp_path: Path) -> None:
    client.land(1, f"{tmp_path}/cover.png")
    assert os.listdir(tmp_path) == ["cover.png"]
    client.land(2, f"{tmp_path}/more/cover.png")
    assert sorted(os.listdir(tmp_path / "more")) == ["task_1-0.png", "task_1-1.png"]


def test_when_some_fail_all_is_told_and_the_others_stay(client: Client, tmp_path: Path) -> None:
    client.answers = {1: lambda: whole(b"<html>"), 3: lambda: whole(PICTURES[3][:77])}
    with pytest.raises(OutputError, match="2 of 5 outputs could not be stored") as caught:
        client.land(5, f"{tmp_path}/")
    assert f"output 1: The file from {client.wire.url}/... is not" in caught.value.message
    assert f"output 3: The file from {client.wire.url}/... is a damaged image/png" in caught.value.message
    assert caught.value.retryable
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert "secret" not in str(caught.value)
    landed = [f"task_1-{index}.png" for index in (0, 2, 4)]
    assert sorted(os.listdir(tmp_path)) == sorted([*landed, "task_1-3.png.damaged"])

    client.answers = {}
    assert len(client.land(5, f"{tmp_path}/", if_exists="fail")) == 5


def test_a_single_failure_keeps_its_kind(client: Client, tmp_path: Path) -> None:
    client.answers = {1: lambda: whole(b"<html>")}
    with pytest.raises(NotMediaError):
        client.land(3, f"{tmp_path}/")


def stalled(body: bytes, begun: threading.Event) -> Callable[[], bytes]:
    def answer() -> bytes:
        begun.set()
        return whole(body)[:-20]

    return answer


def test_stop_ends_transfers_that_stall_and_those_that_wait_for_their_turn(
    client: Client, tmp_path: Path
) -> None:
    begun, stop = threading.Event(), threading.Event()
    client.answers = {index: stalled(PICTURES[index], begun) for index in range(6)}

    def stop_then() -> None:
        begun.wait(60)
        stop.set()

    stopper = threading.Thread(target=stop_then)
    stopper.start()
    at = time.monotonic()
    with pytest.raises(OutputError, match="given up, because the task is ending"):
        client.land(6, f"{tmp_path}/", stop=stop)
    stopper.join()
    assert time.monotonic() - at < 10  # a read waits for 20 seconds
    assert os.listdir(tmp_path) == []


def test_stop_ends_the_wait_between_two_attempts(client: Client, tmp_path: Path) -> None:
    stop = threading.Event()

    def refuse() -> bytes:
        stop.set()
        return b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"

    client.answers = {0: refuse}
    with pytest.raises(DownloadError):
        client.land(1, f"{tmp_path}/", stop=stop, retries=Retries(pause=60.0))
    assert len(client.wire.received) == 1


def test_an_interruption_gives_up_the_transfers_in_flight(client: Client, tmp_path: Path) -> None:
    begun = threading.Event()
    client.answers = {0: stalled(PICTURES[0], begun)}

    class Interrupted(BaseException):
        pass

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted

    def send() -> None:
        begun.wait(60)
        os.kill(os.getpid(), signal.SIGUSR1)

    earlier = signal.signal(signal.SIGUSR1, interrupt)
    sender = threading.Thread(target=send)
    try:
        sender.start()
        with pytest.raises(Interrupted):
            client.land(1, f"{tmp_path}/")
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, earlier)
    # A signal between the start of a pool's thread and its registration leaves one that nobody waits for.
    for thread in threading.enumerate():
        if thread.name.startswith("rivya-land"):
            thread.join(60)
    assert os.listdir(tmp_path) == []
