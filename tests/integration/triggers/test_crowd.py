"""A thousand triggers on one event loop, as in a triggerer."""

from __future__ import annotations

import asyncio
import contextvars
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.triggers import shared_hook
from tests.integration.conftest import Connect, Listener
from tests.integration.gateways import TestedGateway, at_each, refreshing
from tests.sandbox_process import SandboxProcess

pytestmark = at_each

TRIGGERS = 1000
AT_ONCE = 6

waiter: contextvars.ContextVar[str] = contextvars.ContextVar("waiter", default="nobody")


def sockets_to(url: str) -> int:
    """Established TCP connections of this process to the gateway."""
    port = f"{urlsplit(url).port or 80:04X}"
    ours = {os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()}
    found = 0
    for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[2].endswith(f":{port}") and fields[3] == "01" and f"socket:[{fields[9]}]" in ours:
            found += 1
    return found


class Counted:
    """What the hooks of one kind did."""

    def __init__(self) -> None:
        self.look_ups = 0
        self.clients: set[int] = set()


def counting(hook: type[GatewayHook], counted: Counted) -> type[GatewayHook]:
    """Return a hook that looks connections up as ever, and counts how often."""

    class CountingHook(hook):  # type: ignore[misc, valid-type]  # the class is the gateway's
        kept_unused = 0.1

        @classmethod
        def get_connection(cls, conn_id: str) -> Any:
            counted.look_ups += 1
            return super().get_connection(conn_id)

        @classmethod
        async def aget_connection(cls, conn_id: str) -> Any:
            counted.look_ups += 1
            return await super().aget_connection(conn_id)

        async def aget_conn(self) -> Any:
            client = await super().aget_conn()
            counted.clients.add(id(client))
            return client

    return CountingHook


def submit(gateway: TestedGateway, count: int) -> list[str]:
    hook = gateway.hook()
    body = hook.api.request_body(gateway.model, "A bicycle", {})
    made = [hook.create_generation(body).id for _ in range(count)]
    hook.close()
    return made


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="counts sockets as Linux shows them")
async def test_thousand_triggers(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted()
    monkeypatch.setattr(gateway.trigger, "hook_class", counting(gateway.hook, counted))
    connect(max_in_flight=AT_ONCE, poll_interval=1, poll_max=2)
    sandbox.reset(credits=10 * TRIGGERS, speed=1)
    generation_ids = submit(gateway, 20) * (TRIGGERS // 20)
    now = time.time()
    most = 0
    polling = asyncio.Event()

    async def one(generation_id: str) -> Any:
        trigger = gateway.trigger(generation_id, gateway.conn_id, "image", now, now + 110)
        return [event.payload async for event in trigger.run()]

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, sockets_to(sandbox.url))
            if most == AT_ONCE:
                polling.set()
            await asyncio.sleep(0.02)

    watching = asyncio.ensure_future(watch())
    waiting = [asyncio.ensure_future(one(generation_id)) for generation_id in generation_ids]
    await polling.wait()
    watching.cancel()  # the test's own call is one connection more
    await asyncio.to_thread(sandbox.advance, 30)
    watching = asyncio.ensure_future(watch())
    events = await asyncio.gather(*waiting)
    watching.cancel()
    assert [event[0]["status"] for event in events] == ["succeeded"] * TRIGGERS
    assert [event[0]["task_id"] for event in events] == generation_ids
    assert counted.look_ups == 1
    assert len(counted.clients) == 1
    assert most == AT_ONCE
    await asyncio.gather(
        *(lease.ending for lease in shared_hook._leases[asyncio.get_running_loop()].values() if lease.ending)
    )
    assert sockets_to(sandbox.url) == 0  # a while after the last one has gone the client is closed


async def test_one_429_is_learnt_by_all(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    """Nobody asks during the pause, and only the one who was refused tells of it."""
    connect(max_in_flight=1)
    sandbox.reset(speed=1)
    generation_ids = submit(gateway, 5) * 10
    before = len(sandbox.requests())
    sandbox.fault(method="GET", path=gateway.status, kind="rate_limit", retry_after=2)
    sandbox.advance(30)
    now = begun = time.time()
    triggers = [
        gateway.trigger(known_as, gateway.conn_id, "image", now, now + 60) for known_as in generation_ids
    ]

    async def one(trigger: Any) -> Any:
        return [event.payload["status"] async for event in trigger.run()]

    assert await asyncio.gather(*map(one, triggers)) == [["succeeded"]] * len(triggers)
    assert time.time() - begun >= 2
    assert len(sandbox.requests()) - before == len(triggers) + 1
    assert len([text for text in logs.warned if "status unknown" in text]) == 1


async def test_lines_stay_with_their_waiter(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    """Airflow routes a trigger's log lines by context: no line of one may come in another's."""
    sandbox.reset(speed=1)
    generation_ids = submit(gateway, 20)
    now = time.time()

    async def one(generation_id: str) -> None:
        waiter.set(generation_id)
        trigger = gateway.trigger(generation_id, gateway.conn_id, "image", now, now + 60)
        async for _ in trigger.run():
            pass

    waiting = [asyncio.create_task(one(generation_id)) for generation_id in generation_ids]
    async with asyncio.timeout(30):
        await logs.said("Generation ", times=len(generation_ids))  # each has been seen waiting
    sandbox.advance(30)
    await asyncio.gather(*waiting)
    lines = [(text, context.get(waiter)) for text, context in logs.contexts if text.startswith("Generation ")]
    assert len(lines) >= 2 * len(generation_ids)
    for text, owner in lines:
        assert f"Generation {owner}:" in text


async def test_a_key_is_replaced_while_many_wait_behind_the_gate(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    logs: Listener,
) -> None:
    """The client of the old key is closed only when nobody sends with it any more."""
    often = refreshing(gateway.hook, 0.1)
    connect(max_in_flight=2)
    sandbox.reset(speed=1)
    generation_ids = submit(gateway, 5) * 12
    now = time.time()
    sandbox.control("POST", "keys", {"key": gateway.key, "state": "revoked"})

    async def one(generation_id: str) -> Any:
        trigger = gateway.trigger(generation_id, gateway.conn_id, "image", now, now + 60)
        trigger.hook_class = often  # type: ignore[misc, assignment]  # of this one alone
        return [event.payload["status"] async for event in trigger.run()]

    waiting = [asyncio.create_task(one(generation_id)) for generation_id in generation_ids]
    await logs.said("api_key_revoked" if gateway.name == "rivya" else "unauthorized")
    sandbox.control("POST", "keys", {"key": gateway.replaced, "account": gateway.account})
    connect(key=gateway.replaced, max_in_flight=2)
    await asyncio.to_thread(sandbox.advance, 30)
    assert await asyncio.gather(*waiting) == [["succeeded"]] * len(generation_ids)
