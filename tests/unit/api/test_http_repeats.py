"""What the senders repeat, after which pauses, and what they do not."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall
from airflow_provider_rivya.api.http import SyncSender
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    InsufficientCreditsError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from tests.unit.api.senders import (
    BUSY,
    CONFLICT,
    CREATE,
    CREATE_AT_TOAPIS,
    DONE,
    GET,
    LIMITED,
    REFUSED,
    Send,
    send_sync,
    settings,
)
from tests.unit.api.wire import Pauses, Wire, answer


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_passing_fault_is_repeated_as_often_as_the_connection_says(send: Send, retries: int) -> None:
    with Wire(BUSY) as wire, pytest.raises(GatewayUnavailableError, match="later") as caught:
        send(wire.url, GET, retries=retries)
    assert len(wire.received) == retries + 1
    assert caught.value.conn_id == "rivya_test"
    assert caught.value.generation_id == "task_1"


@pytest.mark.parametrize("said", [REFUSED, answer(422), CONFLICT, answer(302, location="/login")])
def test_a_verdict_is_not_repeated(send: Send, said: bytes) -> None:
    with Wire(said) as wire, pytest.raises(GatewayError):
        send(wire.url, CREATE)
    assert len(wire.received) == 1


def test_one_attempt_where_the_caller_has_a_schedule_of_its_own(send: Send) -> None:
    with Wire(BUSY) as wire, pytest.raises(GatewayUnavailableError) as caught:
        send(wire.url, GET, repeat=False)
    assert len(wire.received) == 1
    assert caught.value.maybe_taken_in
    with Wire(DONE) as wire:
        assert send(wire.url, GET, repeat=False).id == "task_1"


@pytest.mark.parametrize(
    "lost",
    [None, BUSY, answer(200, b"<html>"), answer(504), answer(200, {})],
    ids=["hangs-up", "503", "html", "504", "no-task"],
)
def test_a_creation_without_replay_is_not_repeated_once_it_may_have_arrived(
    send: Send, paid_once: ApiCall[Any], lost: bytes | None
) -> None:
    with Wire(lost) as wire, pytest.raises(GatewayError) as caught:
        send(wire.url, paid_once)
    assert len(wire.received) == 1
    assert caught.value.maybe_taken_in


@pytest.mark.parametrize(("call", "requests"), [(CREATE_AT_TOAPIS, 1), (toapis.get_credits(), 3)])
def test_a_success_that_denies_itself_is_repeated_only_where_that_is_free(
    send: Send, call: ApiCall[Any], requests: int
) -> None:
    denied = answer(200, {"success": False, "message": "busy"}, retry_after="0")
    with Wire(denied) as wire, pytest.raises(UnexpectedAnswerError, match="busy") as caught:
        send(wire.url, call)
    assert len(wire.received) == requests
    assert caught.value.maybe_taken_in


def test_a_creation_without_replay_is_repeated_where_it_was_turned_away(
    send: Send, paid_once: ApiCall[Any]
) -> None:
    with Wire(LIMITED, DONE) as wire:
        assert send(wire.url, paid_once).id == "task_1"
    assert [request.body for request in wire.received] == [(paid_once.body or "").encode()] * 2


def test_a_quota_that_is_used_up_is_no_rate_limit(send: Send) -> None:
    said = answer(429, {"error": {"type": "insufficient_quota"}}, retry_after="0")
    with Wire(said) as wire, pytest.raises(InsufficientCreditsError) as caught:
        send(wire.url, CREATE_AT_TOAPIS)
    assert len(wire.received) == 1
    assert not caught.value.maybe_taken_in


def test_a_creation_without_replay_is_repeated_where_nobody_listened(
    closed_port: int, paid_once: ApiCall[Any]
) -> None:
    """The gateway comes up while the sender waits."""
    with ExitStack() as stack:
        gateways: list[Wire] = []

        def come_up(seconds: float) -> None:
            gateways.append(stack.enter_context(Wire(DONE, port=closed_port)))

        sender = stack.enter_context(SyncSender(settings(f"http://127.0.0.1:{closed_port}"), Pauses(come_up)))
        assert sender.send(paid_once).id == "task_1"
    assert [len(gateway.received) for gateway in gateways] == [1]


def test_with_a_key_a_lost_answer_is_asked_for_again(send: Send) -> None:
    with Wire(None, DONE) as wire:
        assert send(wire.url, CREATE).id == "task_1"
    assert len(wire.received) == 2


def test_a_refusal_after_a_loss_does_not_undo_the_loss(send: Send) -> None:
    with Wire(None, REFUSED) as wire, pytest.raises(AuthenticationError) as caught:
        send(wire.url, CREATE)
    assert len(wire.received) == 2
    assert caught.value.maybe_taken_in


@pytest.mark.parametrize(
    ("said", "taken_in"), [(REFUSED, False), (LIMITED, False), (BUSY, True), (None, True)]
)
def test_whether_it_may_have_been_taken_in(send: Send, said: bytes | None, taken_in: bool) -> None:
    for repeat in (True, False):
        with Wire(said) as wire, pytest.raises(GatewayError) as caught:
            send(wire.url, CREATE, repeat=repeat, retries=0)
        assert caught.value.maybe_taken_in is taken_in


def test_the_waits_are_the_gateways_where_it_names_them() -> None:
    pauses = Pauses()
    said = [answer(429, retry_after="7"), answer(503, retry_after="120"), answer(503), DONE]
    with Wire(*said) as wire, SyncSender(settings(wire.url, retries=3), pauses) as sender:
        sender.send(GET)
    assert pauses.waits[:2] == [7.0, 120.0]
    assert 0.0 <= pauses.waits[2] <= 30.0


@pytest.mark.parametrize("asked", ["121", "600", "9" * 400])
def test_a_longer_wait_than_a_call_may_take_ends_the_call(send: Send, asked: str) -> None:
    """It never shortens the wait."""
    with Wire(answer(429, retry_after=asked), DONE) as wire, pytest.raises(RateLimitedError) as caught:
        send(wire.url, GET, retries=3)
    told = caught.value.retry_after
    assert told == min(float(asked), 366 * 24 * 3600.0)
    assert f"It asks for a pause of {told:.0f} s, which is longer than a call waits." in str(caught.value)
    assert len(wire.received) == 1


def test_a_caller_with_a_schedule_of_its_own_gets_the_error_as_it_is(send: Send) -> None:
    with Wire(answer(429, retry_after="600")) as wire, pytest.raises(RateLimitedError) as caught:
        send(wire.url, GET, repeat=False)
    assert (caught.value.retry_after, caught.value.advice) == (600.0, None)


def test_a_task_that_is_asked_to_stop_makes_no_other_attempt() -> None:
    pauses = Pauses(stops=True)
    with (
        Wire(None, REFUSED) as wire,
        SyncSender(settings(wire.url, retries=3), pauses) as sender,
        pytest.raises(GatewayError) as caught,
    ):
        sender.send(CREATE)
    assert len(wire.received) == len(pauses.waits) == 1
    assert caught.value.maybe_taken_in


def test_no_cookie_is_kept(send: Send) -> None:
    said = answer(503).replace(b"\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n", 1)
    with Wire(said, DONE) as wire:
        send(wire.url, GET)
    assert len(wire.received) == 2
    assert [name for request in wire.received for name in request.headers if name.lower() == "cookie"] == []


def test_each_repeat_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Wire(LIMITED, DONE) as wire:
        send_sync(wire.url, GET)
    (record,) = caplog.records
    assert record.getMessage().endswith("Attempt 1 of 3; the next one in 0.0 s.")
    assert "rate_limited" in record.getMessage()
