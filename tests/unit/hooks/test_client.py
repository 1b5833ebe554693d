"""A hook among threads and event loops: what is looked up and made once, and what follows a new key."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    ConnectionConfigError,
    DownloadError,
    GatewayError,
    GatewayUnavailableError,
)
from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.hooks.rivya import RivyaHook
from tests.unit.api.wire import Received, Wire, answer

THREADS = 8
BALANCE = answer(200, {"current_credits": 5})

Connect = Callable[..., None]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set the connection, or set it anew."""

    def make(host: str, key: str = "key-1", **extra: Any) -> None:
        connection = {"conn_type": "rivya", "host": host, "password": key, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", json.dumps(connection))

    return make


@pytest.mark.parametrize("text", ["{not json", "rivya://[", "not a uri", "{}"])
def test_a_variable_that_is_no_connection_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", text)
    with RivyaHook() as hook, pytest.raises(ConnectionConfigError) as caught:
        _ = hook.settings
    assert "AIRFLOW_CONN_RIVYA_DEFAULT is set, but cannot be read" in str(caught.value)
    assert 'JSON such as {"conn_type": "rivya", "password": "YOUR_API_KEY"}' in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("extra", ["not json", "{'retries': 3}"])
@pytest.mark.parametrize("on_a_loop", [False, True])
def test_an_extra_that_is_not_json_is_told_without_airflows_traceback(
    extra: str, on_a_loop: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    document = {"conn_type": "rivya", "password": "key-1", "extra": f"{extra} key-2"}
    monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", json.dumps(document))
    with RivyaHook() as hook, pytest.raises(ConnectionConfigError) as caught:
        _ = asyncio.run(hook.asettings()) if on_a_loop else hook.settings
    # Airflow 3.1 takes nothing from such a variable.
    told = "extra: not JSON; expected an object", "AIRFLOW_CONN_RIVYA_DEFAULT is set, but cannot be read"
    assert any(text in str(caught.value) for text in told)
    assert not any(record.exc_info for record in caplog.records)
    assert "key-2" not in f"{caught.value} {caplog.text}"
    airflows = logging.getLogger("airflow.sdk.definitions.connection")
    error = ValueError, ValueError(), None
    record = airflows.makeRecord(
        airflows.name, logging.ERROR, "", 0, "Failed to deserialize extra", (), error
    )
    assert airflows.filter(record), "what others read is not our business"


class CountedHook(RivyaHook):
    """Counts the look-ups of its connection, which take until all threads have come."""

    def __init__(self) -> None:
        super().__init__()
        self.look_ups = 0
        self.all_there = threading.Event()

    def get_connection(self, conn_id: str) -> Any:  # type: ignore[override]  # a class method, called on a hook
        self.look_ups += 1
        assert self.all_there.wait(30)
        return super().get_connection(conn_id)


def test_threads_make_one_look_up_and_one_client(connect: Connect) -> None:
    with Wire(BALANCE) as wire, CountedHook() as hook, ThreadPoolExecutor(THREADS) as pool:
        connect(wire.url)
        coming = threading.Barrier(THREADS, action=hook.all_there.set)

        def ask(_: int) -> tuple[int, int, float]:
            coming.wait(30)
            return id(hook.get_conn()), id(hook.downloader()), hook.get_credits().credits

        found = set(pool.map(ask, range(THREADS)))
        assert len(found) == 1
        assert hook.look_ups == 1
        assert len(wire.received) == THREADS


def test_a_new_key_takes_no_client_from_a_thread_that_is_sending(connect: Connect) -> None:
    arrived, released = threading.Event(), threading.Event()

    def hold(request: Received) -> bytes:
        arrived.set()
        released.wait(10)
        return BALANCE

    with Wire(hold, BALANCE) as wire, RivyaHook() as hook, ThreadPoolExecutor(1) as pool:
        connect(wire.url, "old")
        before = hook.get_conn(), hook.downloader()
        answered = pool.submit(hook.get_credits)
        assert arrived.wait(30)
        hook.refresh()
        assert (hook.get_conn(), hook.downloader()) == before
        connect(wire.url, "new")
        hook.refresh()
        assert hook.get_credits().credits == 5
        assert before[0] is not hook.get_conn()
        assert before[1] is not hook.downloader()
        released.set()
        assert answered.result(30).credits == 5
    assert [request.headers["authorization"] for request in wire.received] == ["Bearer old", "Bearer new"]


def test_a_connection_that_cannot_be_read_again_stays_as_it_was(connect: Connect) -> None:
    with Wire(BALANCE) as wire, RivyaHook() as hook:
        connect(wire.url)
        before = hook.settings
        connect("not a host")
        hook.refresh()
        assert hook.settings is before


async def test_a_new_key_reaches_the_clients_of_an_event_loop(connect: Connect) -> None:
    with Wire(BALANCE) as wire:
        connect(wire.url, "old")
        hook = RivyaHook()
        await hook.aget_credits()
        connect(wire.url, "new")
        hook.refresh()  # not by the loop itself
        await asyncio.gather(hook.aget_credits(), hook.aget_credits())
        await hook.aclose()
    keys = [request.headers["authorization"] for request in wire.received]
    assert keys == ["Bearer old", "Bearer new", "Bearer new"]


class SlowHook(RivyaHook):
    """Lets others have a turn while it looks its connection up."""

    async def aget_connection(self, conn_id: str) -> Any:  # type: ignore[override]  # as above
        await asyncio.sleep(0)
        return await super().aget_connection(conn_id)


def test_event_loops_share_a_hook(connect: Connect) -> None:
    """Each loop has its own client and lock: two callers that meet at a lock bind it to their loop."""
    with Wire(BALANCE) as wire:
        connect(wire.url)
        hook = SlowHook()

        async def ask() -> list[float]:
            async with asyncio.timeout(20):
                await asyncio.gather(hook.arefresh(), hook.arefresh(), hook.arefresh())
                found = await asyncio.gather(hook.aget_credits(), hook.aget_credits())
                await hook.aclose()
            return [balance.credits for balance in found]

        with ThreadPoolExecutor(2) as pool:
            together = threading.Barrier(2)

            def run(_: int) -> list[float]:
                together.wait(30)
                return asyncio.run(ask())

            assert list(pool.map(run, range(2))) == [[5.0, 5.0]] * 2
        assert len(wire.received) == 4


def test_a_task_that_is_asked_to_stop_fetches_no_reference(connect: Connect) -> None:
    stop, silent = threading.Event(), threading.Event()

    def go_silent(request: Received) -> bytes | None:
        stop.set()
        silent.wait(60)
        return None

    with Wire(go_silent) as wire, RivyaHook(stop=stop) as hook:
        connect(wire.url)
        opened = hook.downloader().open(f"{wire.url}/photo.png")
        with pytest.raises(DownloadError, match="because the task is ending") as caught, opened:
            pass
        silent.set()
    assert caught.value.retryable


def test_a_task_that_is_asked_to_stop_waits_for_no_other_attempt(connect: Connect) -> None:
    stop = threading.Event()

    def busy(request: Received) -> bytes:
        stop.set()
        return answer(503, retry_after="100")

    with Wire(busy) as wire, RivyaHook(stop=stop) as hook:
        connect(wire.url, retries=3)
        with pytest.raises(GatewayUnavailableError) as caught:
            hook.get_credits()
    assert caught.value.retry_after == 100.0
    assert len(wire.received) == 1


def test_what_cannot_be_looked_up_is_not_taken_for_absent(connect: Connect) -> None:
    with Wire(BALANCE) as wire, RivyaHook() as hook:
        connect(wire.url)
        with pytest.raises(GatewayError, match="no call that finds"):
            hook.find_generation("key-1")
    assert wire.received == []


def test_airflow_3_1_finds_the_form_on_the_very_class_of_a_hook() -> None:
    class Own(GatewayHook):
        conn_type = "rivya"

        @classmethod
        def get_ui_field_behaviour(cls) -> dict[str, Any]:
            return {"own": True}

    class Further(Own):
        """Has the form of the class above it."""

    for hook_class in (RivyaHook, Own, Further):
        assert {"get_connection_form_widgets", "get_ui_field_behaviour"} <= set(vars(hook_class))
    assert RivyaHook.get_ui_field_behaviour()["relabeling"] == {"password": "API key"}
    assert Own.get_ui_field_behaviour() == Further.get_ui_field_behaviour() == {"own": True}
