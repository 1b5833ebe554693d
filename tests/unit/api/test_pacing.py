"""What the senders make of a gateway that asks to be left alone. Every test is run with both of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall, Kind, Quota, quota_of
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.http import AsyncSender, SyncSender
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import GatewayError, GatewayUnreachableError, RateLimitedError
from airflow_provider_rivya.stop import StopFlag
from tests.unit.api.wire import Wire, answer

GET = rivya.get_generation("task_1")
LIMITED = {"error": {"code": "rate_limited"}}
DONE = answer(200, {"id": "task_1", "status": "queued"})


class Heard:
    """Lets calls wait as it is told to, and keeps what it hears."""

    def __init__(self, *waits: float) -> None:
        self.waits = list(waits)
        self.said: list[tuple[Any, ...]] = []

    def acquire(self, kind: Kind, now: float) -> float:
        return self.waits.pop(0) if self.waits else 0.0

    def heard(self, kind: Kind, now: float, quota: Quota) -> None:
        self.said.append(("heard", kind, quota.remaining, quota.reset and round(quota.reset)))

    def refused(self, kind: Kind, now: float, retry_after: float | None) -> None:
        self.said.append(("refused", kind, retry_after and round(retry_after)))

    def pause(self, kind: Kind, now: float, seconds: float) -> None:
        self.said.append(("pause", kind, seconds))


def send_sync(url: str, call: ApiCall[Any], pace: Heard, *, within: float | None = None) -> Any:
    with SyncSender(ClientSettings(url, "a-key"), pace=pace) as sender:
        return sender.send(call, repeat=False, within=within)


def send_async(url: str, call: ApiCall[Any], pace: Heard, *, within: float | None = None) -> Any:
    async def run() -> Any:
        sender = AsyncSender(ClientSettings(url, "a-key"), pace)
        try:
            return await sender.send(call, repeat=False, within=within)
        finally:
            await sender.aclose()

    return asyncio.run(run())


both = pytest.mark.parametrize("send", [send_sync, send_async], ids=["sync", "async"])
Send = Callable[..., Any]


@both
@pytest.mark.parametrize(
    ("response", "said"),
    [
        (DONE, ("heard", "status", None, None)),
        (
            answer(
                200, {"id": "task_1", "status": "queued"}, x_ratelimit_remaining="7", x_ratelimit_reset="9"
            ),
            ("heard", "status", 7, 9),
        ),
        (answer(429, {"error": {"code": "rate_limited"}}, retry_after="30"), ("refused", "status", 30)),
        (answer(429, {"error": {"code": "rate_limited"}}), ("refused", "status", None)),
        (
            answer(
                429, {"error": {"code": "rate_limited"}}, x_ratelimit_remaining="0", x_ratelimit_reset="40"
            ),
            ("refused", "status", 40),
        ),
        (answer(503, {"error": {"code": "busy"}}, retry_after="5"), ("pause", "status", 5)),
    ],
    ids=["answer", "quota", "429", "429 of its own accord", "429 with a reset", "503"],
)
def test_what_the_pace_hears_of_an_answer(send: Send, response: bytes, said: tuple[Any, ...]) -> None:
    pace = Heard()
    with Wire(response) as wire, suppress(GatewayError):
        send(wire.url, GET, pace)
    assert pace.said == [said]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (rivya.create_generation("{}", "key"), "submission"),
        (toapis.create_generation("{}", "key"), "submission"),
        (toapis.get_generation("task_1"), "status"),
        (toapis.get_credits(), "other"),
    ],
    ids=["a creation", "another", "a status", "a balance"],
)
def test_kinds_of_calls(call: ApiCall[Any], kind: str) -> None:
    assert call.kind == kind


@both
def test_a_call_waits_for_its_turn(send: Send) -> None:
    pace = Heard(0.01, 0.02)
    with Wire(DONE) as wire:
        assert send(wire.url, GET, pace).id == "task_1"
    assert pace.waits == []


@both
@pytest.mark.parametrize(("within", "pause"), [(30.0, 31.0), (None, 121.0)])
def test_a_call_whose_turn_comes_too_late_is_not_sent(send: Send, within: float | None, pause: float) -> None:
    with Wire(DONE) as wire, pytest.raises(RateLimitedError, match="was not sent") as caught:
        send(wire.url, GET, Heard(pause), within=within)
    assert wire.received == []
    assert caught.value.retry_after == pause
    assert caught.value.generation_id == "task_1"
    assert not caught.value.maybe_taken_in


def test_a_task_that_is_asked_to_stop_waits_for_no_turn() -> None:
    stop = StopFlag()
    stop.set()
    with Wire(DONE) as wire, SyncSender(ClientSettings(wire.url, "a-key"), stop, Heard(60.0)) as sender:
        with pytest.raises(GatewayUnreachableError, match="asked to stop") as caught:
            sender.send(rivya.create_generation("{}", "key"), repeat=False)
        assert wire.received == []
    assert not caught.value.maybe_taken_in


@pytest.mark.parametrize(
    ("remaining", "reset", "quota"),
    [
        ("0", "30", Quota(0, 30.0)),
        ("0", "1790000060", Quota(0, 60.0)),
        ("0", "1790000060000", Quota(0, 60.0)),
        ("0", "1789999999", Quota(0, None)),
        ("0", "1799999999", Quota(0, None)),
        ("0", "soon", Quota(0, None)),
        ("12.0", "", Quota(12, None)),
        ("", "30", Quota()),
        ("-1", "30", Quota()),
        ("nan", "30", Quota()),
        ("9" * 40, "30", Quota()),
        ("0", "9" * 400, Quota(0, None)),
    ],
)
def test_what_is_read_of_a_quota(remaining: str, reset: str, quota: Quota) -> None:
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    assert quota_of(headers, 1790000000.0) == quota
