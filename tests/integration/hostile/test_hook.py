"""A hook and odd answers to the paid call: an id, or an error of the tree that says what is not known."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.hooks.base import GatewayHook
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.hostile.answers import Odd, of_creations
from tests.integration.hostile.conftest import NewHook
from tests.integration.hostile.gateway import HostileGateway

CREATIONS = list(of_creations())
MEGABYTE = 1024 * 1024


def body_of(hook: GatewayHook, key: str) -> str:
    return hook.api.request_body("m", "a fox", {}, key=None if hook.api.capabilities.replays_keys else key)


def create(hook: GatewayHook, key: str) -> Generation:
    return hook.create_generation(body_of(hook, key), key)


def acreate(hook: GatewayHook, key: str) -> Generation:
    async def run() -> Generation:
        try:
            return await hook.acreate_generation(body_of(hook, key), key)
        finally:
            await hook.aclose()

    return asyncio.run(run())


Send = Callable[[GatewayHook, str], Generation]


@pytest.fixture
def send(gateway: TestedGateway) -> Send:
    """Each gateway one way; all answers the same for both."""
    return create if gateway.replays_keys else acreate


@at_each
@pytest.mark.parametrize("odd", CREATIONS, ids=[odd.name for odd in CREATIONS])
def test_the_paid_call(hostile: HostileGateway, new_hook: NewHook, odd: Odd, send: Send) -> None:
    hostile.creations = [odd.make]
    hook = new_hook(odd.patience)
    if odd.outcome == "taken":
        seen = send(hook, "key-1")
        assert seen.id == "task_1"
        assert not seen.ended
    else:
        with pytest.raises(GatewayError) as caught:
            send(hook, "key-1")
        assert caught.value.maybe_taken_in is (odd.outcome == "in doubt")
        assert caught.value.conn_id == hook.conn_id
        told = str(caught.value)
        assert told.isprintable()
        assert len(told) < 1000
    assert hostile.keys == ["key-1"]


@at_each
def test_no_answer_takes_much_memory(hostile: HostileGateway, new_hook: NewHook, send: Send) -> None:
    """Of four gigabytes, packed or not, no more is taken in than an answer may have."""
    names = ("gzip bomb", "announced large", "large", "many headers")
    made = [odd.make() for odd in CREATIONS if odd.name in names]  # what the server needs for it is not ours
    hostile.creations = [lambda raw=raw: raw for raw in made]  # type: ignore[misc]
    hook = new_hook(20.0)
    tracemalloc.start()
    try:
        for number in range(len(names)):
            with pytest.raises(GatewayError):
                send(hook, f"key-{number}")
        assert tracemalloc.get_traced_memory()[1] < 64 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert len(hostile.keys) == len(names)
