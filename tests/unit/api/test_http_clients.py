"""The senders themselves: both alike, their bound, their logs, proxies, secrets, and their end."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from airflow_provider_rivya.api.http import AsyncSender, SyncSender
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.transport import sockets
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    UnexpectedAnswerError,
)
from tests.unit.api.senders import (
    BUSY,
    CONFLICT,
    CREATE,
    DONE,
    GET,
    KEY,
    LIMITED,
    REFUSED,
    Send,
    send_async,
    send_sync,
    settings,
)
from tests.unit.api.wire import Received, Wire, answer


def test_both_senders_say_the_same() -> None:
    script = [DONE, REFUSED, BUSY, LIMITED, CONFLICT, None, answer(200, b"x"), answer(404), answer(200, [])]

    def outcome(send: Send, said: bytes | None) -> Any:
        with Wire(said) as wire:
            try:
                return send(wire.url, CREATE, retries=0)
            except GatewayError as error:
                return type(error), str(error), error.retryable, error.maybe_taken_in, error.retry_after

    assert [outcome(send_sync, said) for said in script] == [outcome(send_async, said) for said in script]


@pytest.mark.parametrize("bound", [1, 3])
async def test_no_more_requests_at_once_than_the_connection_says(bound: int) -> None:
    """Every answer waits for the others, as far as the bound lets them come."""
    together = threading.Barrier(bound)

    def hold(request: Received) -> bytes:
        with suppress(threading.BrokenBarrierError):
            together.wait(10)
        return DONE

    with Wire(hold) as wire:
        sender = AsyncSender(settings(wire.url, max_in_flight=bound))
        found = await asyncio.gather(*(sender.send(GET) for _ in range(bound * 4)))
        await sender.aclose()
    assert len(found) == len(wire.received) == bound * 4
    assert wire.most_open == bound


async def test_an_answer_that_says_the_same_is_not_read_again() -> None:
    ended = answer(200, {"id": "task_1", "status": "failed"})
    script = [DONE, DONE, BUSY, DONE, DONE, answer(200, b""), answer(200, {"id": "task_1"}), ended, ended]
    with Wire(*script) as wire:
        sender = AsyncSender(settings(wire.url))
        seen: list[Any] = []
        for _ in script:
            try:
                seen.append(await sender.send(GET, repeat=False))
            except GatewayError as error:
                seen.append(type(error))
        other = rivya.get_generation("task_2")
        with pytest.raises(UnexpectedAnswerError, match="another generation"):
            await sender.send(other, repeat=False)
        await sender.aclose()
    assert seen[0] is seen[1]
    assert seen[3] is seen[4]
    assert seen[3] is not seen[0]  # a fault came in between
    assert [each if isinstance(each, type) else each.status for each in seen] == [
        "queued",
        "queued",
        GatewayUnavailableError,
        "queued",
        "queued",
        UnexpectedAnswerError,
        "unknown",
        "failed",
        "failed",
    ]
    assert seen[-1] is not seen[-2]  # nobody asks for it again


async def test_a_cancelled_request_gives_its_place_back() -> None:
    arrived, released = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(request: Received) -> bytes:
        loop.call_soon_threadsafe(arrived.set)
        released.wait(30)
        return DONE

    with Wire(hold, DONE) as wire:
        sender = AsyncSender(settings(wire.url, max_in_flight=1))
        waiting = asyncio.create_task(sender.send(GET))
        await arrived.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await sender.send(GET)).id == "task_1"
        released.set()
        await sender.aclose()


def test_the_http_librarys_own_lines_stay_out_of_the_logs(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    said = answer(200, {"id": "task_not_to_be_shown", "status": "queued"})
    with caplog.at_level(logging.DEBUG), Wire(said) as wire:
        send(wire.url, rivya.get_generation("task_not_to_be_shown"))
    shown = [record.getMessage() for record in caplog.records if record.name.startswith("http")]
    assert shown == []
    assert "task_not_to_be_shown" not in caplog.text
    assert KEY not in caplog.text


def test_the_lines_of_others_who_use_the_library_are_kept() -> None:
    logger = logging.getLogger("httpcore.connection")
    record = logger.makeRecord("httpcore.connection", logging.INFO, "", 0, "a line", (), None)
    with sockets.quiet():
        assert not logger.filter(record)
    assert logger.filter(record)


def test_a_proxy_of_the_environment_is_used(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(DONE) as proxy:
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert send("http://gateway.example", GET).id == "task_1"
    assert proxy.received[0].target == "http://gateway.example/api/v1/generations/task_1"


def test_the_key_is_in_no_repr_and_in_no_error(send: Send) -> None:
    assert KEY not in repr(settings("http://127.0.0.1:9"))
    with Wire(REFUSED) as wire, pytest.raises(AuthenticationError) as caught:
        send(wire.url, GET)
    assert KEY not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


def test_a_client_that_is_let_go_of_is_closed_by_its_last_user() -> None:
    arrived, released = threading.Event(), threading.Event()

    def hold(request: Received) -> bytes:
        arrived.set()
        released.wait(30)
        return DONE

    with Wire(hold) as wire, ThreadPoolExecutor(1) as pool:
        sender = SyncSender(settings(wire.url))
        closed, sockets_of_it = weakref.ref(sender), sender._pool
        answered = pool.submit(sender.send, GET)
        assert arrived.wait(30)
        del sender
        assert len(sockets_of_it.connections) == 1
        released.set()
        assert answered.result(30).id == "task_1"
        del answered
    assert closed() is None
    assert sockets_of_it.connections == []
