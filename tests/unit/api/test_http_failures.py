"""How an exchange with a gateway breaks off, and what the error says of it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_rivya.api.call import SMALL, ApiCall
from airflow_provider_rivya.api.http import SyncSender
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.exceptions import GatewayUnreachableError, UnexpectedAnswerError
from tests.unit.api.senders import CREATE, CREATE_AT_TOAPIS, DONE, GET, Send, settings
from tests.unit.api.wire import Received, Wire, answer


@pytest.mark.parametrize("call", [CREATE, CREATE_AT_TOAPIS])
def test_nobody_listens(send: Send, closed_port: int, call: ApiCall[Any]) -> None:
    with pytest.raises(GatewayUnreachableError, match="could not be reached") as caught:
        send(f"http://127.0.0.1:{closed_port}", call, retries=0)
    assert not caught.value.sent
    assert not caught.value.maybe_taken_in
    assert caught.value.retryable


@pytest.mark.parametrize(
    "raw",
    [None, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"no http at all\r\n\r\n"],
    ids=["hangs-up", "cut", "garbage"],
)
def test_an_answer_that_breaks_off(send: Send, raw: bytes | None) -> None:
    with Wire(raw) as wire, pytest.raises(GatewayUnreachableError, match="broke off") as caught:
        send(wire.url, CREATE, retries=0)
    assert caught.value.sent
    assert caught.value.__suppress_context__


def test_the_address_is_named_that_could_not_be_reached(send: Send, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(GatewayUnreachableError, match=f"^The gateway at {url} could not be reached"):
        send(url, GET, retries=0)


def test_plain_http_where_https_was_assumed_is_told(send: Send) -> None:
    with Wire(DONE) as wire, pytest.raises(GatewayUnreachableError) as caught:
        send(wire.url.replace("http:", "https:"), GET, retries=0)
    assert not caught.value.sent
    assert (
        f"https was assumed, which this port does not speak. For plain http, which only a gateway on this "
        f"machine may speak, write {wire.url} as the host of the connection." in str(caught.value)
    )


def test_a_faulty_environment_is_an_error_of_the_tree(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:none")
    with pytest.raises(GatewayUnreachableError, match="ALL_PROXY is not the URL of a proxy") as caught:
        send("http://gateway.example", CREATE)
    assert not caught.value.sent


def test_a_key_for_this_machine_goes_to_no_proxy(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    with Wire(answer(500)) as proxy, Wire(DONE) as wire:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert send(wire.url, GET).id == "task_1"
    assert proxy.received == []


def test_a_task_that_is_to_stop_waits_for_no_answer_but_that_to_the_paid_call() -> None:
    stop, released = threading.Event(), threading.Event()

    def hold(request: Received) -> bytes:
        stop.set()
        if request.method == "GET":
            released.wait(30)
        return DONE

    with Wire(hold) as wire, SyncSender(settings(wire.url, read_timeout=20.0), stop) as sender:
        with pytest.raises(GatewayUnreachableError, match="when the task was asked to stop"):
            sender.send(GET)
        released.set()
        assert sender.send(CREATE).id == "task_1"
    assert len(wire.received) == 2


def test_a_call_may_be_given_less_time_than_the_connection_says(send: Send) -> None:
    released = threading.Event()

    def hold(request: Received) -> bytes:
        released.wait(30)
        return DONE

    with Wire(hold) as wire, ExitStack() as stack:
        stack.callback(released.set)
        with pytest.raises(GatewayUnreachableError, match="did not answer in time"):
            send(wire.url, GET, repeat=False, within=0.05, read_timeout=60.0)


def test_an_answer_that_does_not_come(send: Send) -> None:
    released = threading.Event()

    def hold(request: Received) -> bytes:
        released.wait(30)
        return DONE

    with Wire(hold) as wire:
        try:
            with pytest.raises(GatewayUnreachableError, match="did not answer in time") as caught:
                send(wire.url, CREATE, retries=0, read_timeout=0.05)
        finally:
            released.set()
    assert caught.value.sent


def test_a_url_that_cannot_be_used_is_an_error_of_the_tree(send: Send) -> None:
    with pytest.raises(GatewayUnreachableError):
        send("http://127.0.0.1:9", rivya.get_generation("x" * 70_000), retries=0)


def test_an_encoding_that_is_not_what_it_says(send: Send) -> None:
    with (
        Wire(answer(200, b"no gzip", content_encoding="gzip")) as wire,
        pytest.raises(UnexpectedAnswerError, match="encoded as gzip") as caught,
    ):
        send(wire.url, CREATE, retries=0)
    assert caught.value.maybe_taken_in
    assert caught.value.retryable
    assert wire.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "", "Identity,", "aws-chunked", "utf-8"])
def test_what_is_no_coding_says_nothing(send: Send, coding: str) -> None:
    said = answer(200, {"id": "task_1", "status": "queued"}, content_encoding=coding)
    with Wire(said) as wire:
        assert send(wire.url, GET, retries=0).id == "task_1"


@pytest.mark.parametrize(
    "raw",
    [
        answer(200, b"[" + b" " * 5_000_000 + b"]"),
        b"HTTP/1.1 103 Early\r\n\r\n" * 200_000 + DONE,
    ],
    ids=["body", "103"],
)
def test_an_answer_beyond_all_measure_is_not_read_to_its_end(send: Send, raw: bytes) -> None:
    with (
        Wire(raw) as wire,
        pytest.raises(UnexpectedAnswerError, match=f"larger than {SMALL} bytes") as caught,
    ):
        send(wire.url, CREATE, retries=0)
    assert caught.value.maybe_taken_in
    assert caught.value.conn_id == "rivya_test"


def test_a_list_may_be_large(send: Send) -> None:
    models = [{"id": f"model-{number}", "notes": "n" * 1000} for number in range(500)]
    with Wire(answer(200, models)) as wire:
        assert len(send(wire.url, rivya.list_models(), retries=0)) == 500
