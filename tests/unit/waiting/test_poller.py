"""One poller for all waiters of a client: places, those who leave, errors, and whose log a line is in."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_rivya.api.rivya import RivyaApi
from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import (
    ConnectionConfigError,
    GatewayError,
    GatewayUnreachableError,
    NotFoundError,
)
from airflow_provider_rivya.waiting.poller import Poller, Seen, joined

waiter: contextvars.ContextVar[str] = contextvars.ContextVar("waiter", default="nobody")


class Gateway:
    """
    Answers when it is let.

    :ivar asked: the ids, in the order in which they were asked for.
    :ivar most: how many were asked for at the same time.
    """

    conn_id = "a_conn"
    away = ConnectionConfigError("there is no connection")
    api: RivyaApi = RivyaApi()

    def __init__(self, places: int = 2, held: Callable[[str], bool] = lambda known_as: False) -> None:
        self.settings: Any = type("Settings", (), {"max_in_flight": places})
        self.asked: list[str] = []
        self.whose: set[str] = set()
        self.most = self._now = 0
        self.begun, self.released = asyncio.Event(), asyncio.Event()
        self._held = held

    async def aget_generation(self, generation_id: str, **more: Any) -> Generation:
        self.asked.append(generation_id)
        self.whose.add(waiter.get())
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            self.begun.set()
            if self._held(generation_id):
                await self.released.wait()
            await asyncio.sleep(0)
            if generation_id.startswith("wrong"):
                raise GatewayError("no", generation_id=generation_id)
            if generation_id.startswith("away"):
                raise self.away
            if generation_id.startswith("odd"):
                raise ZeroDivisionError(generation_id)
            return Generation(id=generation_id, status="queued")
        finally:
            self._now -= 1


def look(poller: Poller, generation_id: str, after: float = 0.0, within: float = 60.0) -> asyncio.Task[Seen]:
    return asyncio.create_task(poller.look(generation_id, "image", after=after, within=within))


def together(gateway: Any) -> Any:
    return joined(gateway)


def poller_of(gateway: Any, **limits: Any) -> Poller:
    return Poller(gateway, **limits)


async def test_no_more_are_asked_for_at_once_than_there_are_places() -> None:
    gateway = Gateway(places=3)
    with together(gateway) as poller:
        seen = await asyncio.gather(*(look(poller, f"task_{number}") for number in range(50)))
    assert [getattr(one, "id", None) for one in seen] == [f"task_{number}" for number in range(50)]
    assert gateway.most == 3


async def test_who_is_due_first_is_asked_for_first() -> None:
    gateway = Gateway(places=1)
    with together(gateway) as poller:
        looks = [look(poller, name, after) for name, after in (("late", 0.03), ("soon", 0.01), ("now", 0.0))]
        await asyncio.gather(*looks)
    assert gateway.asked == ["now", "soon", "late"]


@pytest.mark.parametrize("when", ["before it is due", "while it is asked for", "while it waits for a place"])
async def test_one_that_leaves_disturbs_no_other(when: str) -> None:
    gateway = Gateway(places=1, held=lambda known_as: known_as == "first")
    with together(gateway) as poller:
        first = look(poller, "first")
        second, third = look(poller, "second", 0.01 if when == "before it is due" else 0.0), look(poller, "3")
        await gateway.begun.wait()
        leaving = first if when == "while it is asked for" else second
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        gateway.released.set()
        others = [one for one in (first, second, third) if one is not leaving]
        assert [getattr(one, "id", None) for one in await asyncio.gather(*others)] == [
            name for name, one in (("first", first), ("second", second), ("3", third)) if one is not leaving
        ]
    if leaving is second:
        assert "second" not in gateway.asked


async def test_many_that_leave_are_not_kept() -> None:
    with closing(poller_of(Gateway(), left_to_sweep=4)) as poller:
        looks = [look(poller, f"task_{number}", after=1000.0) for number in range(20)]
        await asyncio.sleep(0)
        for one in looks[:19]:
            one.cancel()
        await asyncio.gather(*looks[:19], return_exceptions=True)
        assert len(poller._due) < 10
        assert not looks[19].done()
        looks[19].cancel()


async def test_errors_are_each_waiters_own() -> None:
    with together(Gateway()) as poller:
        looks = [look(poller, name) for name in ("wrong", "wrong", "odd", "good", "away", "away")]
        one, other, odd, good, *away = await asyncio.gather(*looks, return_exceptions=True)
    assert isinstance(one, GatewayError)
    assert isinstance(other, GatewayError)
    assert one is not other
    assert [type(error) for error in away] == [ConnectionConfigError] * 2
    assert away[0] is not away[1]
    assert isinstance(odd, RuntimeError)
    assert "ZeroDivisionError" in str(odd)
    assert getattr(good, "id", None) == "good"


async def test_a_look_that_gets_no_place_in_time_is_an_error_of_its_own() -> None:
    gateway = Gateway(places=1, held=lambda known_as: True)
    with together(gateway) as poller:
        first = look(poller, "first")
        seen = await poller.look("second", "image", after=0.0, within=-1.0)
        assert isinstance(seen, GatewayUnreachableError)
        assert (seen.sent, seen.generation_id) == (False, "second")
        gateway.released.set()
        assert getattr(await first, "id", None) == "first"


async def test_slow_ones_do_not_take_all_places() -> None:
    gateway = Gateway(places=4)
    with closing(poller_of(gateway, slow=0.0)) as poller:
        await asyncio.gather(*(look(poller, f"slow_{number}") for number in range(8)))
        gateway._held = lambda known_as: known_as.startswith("slow")
        gateway.begun.clear()
        slow = [look(poller, f"slow_{number}") for number in range(8)]
        await gateway.begun.wait()
        quick = await asyncio.gather(*(look(poller, f"quick_{number}") for number in range(20)))
        assert len(quick) == 20
        assert not any(one.done() for one in slow)
        gateway.released.set()
        assert len(await asyncio.gather(*slow)) == 8


async def test_what_is_asked_for_all_belongs_to_no_waiters_log() -> None:
    """Airflow routes lines by context: a task would else inherit that of whoever came first."""
    gateway = Gateway()

    async def one(poller: Poller, name: str) -> None:
        waiter.set(name)
        await poller.look(name, "image", after=0.0, within=9.0)
        await poller.look(name, "image", after=0.001, within=9.0)
        assert waiter.get() == name

    with together(gateway) as poller:
        await asyncio.gather(*(one(poller, f"task_{number}") for number in range(5)))
    assert gateway.whose == {"nobody"}


async def test_who_wait_together_share_it_and_the_last_to_leave_ends_it() -> None:
    gateway: Any = Gateway(held=lambda known_as: True)
    with joined(gateway) as poller:
        with joined(gateway) as same:
            assert same is poller
        left = look(poller, "left")
        await gateway.begun.wait()
        (asking,) = poller._asking
        left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with joined(gateway) as another:
        assert another is not poller


class Many(RivyaApi):
    """A gateway that tells of three generations by one call."""

    capabilities = replace(RivyaApi.capabilities, statuses_at_once=3)


class GatewayOfMany(Gateway):
    api = Many()

    async def aget_generations(self, ids: Sequence[str], **more: Any) -> Mapping[str, Generation]:
        self.asked.append("+".join(ids))
        if "wrong" in ids:
            raise GatewayError("no")
        return {known_as: Generation(id=known_as, status="queued") for known_as in ids if known_as != "gone"}


async def test_one_call_for_many_where_the_gateway_has_one() -> None:
    gateway = GatewayOfMany(places=1)
    with together(gateway) as poller:
        a, b, gone, c = await asyncio.gather(*(look(poller, name) for name in ("a", "b", "gone", "c")))
        assert gateway.asked == ["a+b+gone", "c"]
        assert [getattr(one, "id", None) for one in (a, b, c)] == ["a", "b", "c"]
        assert isinstance(gone, NotFoundError)
        errors = await asyncio.gather(*(look(poller, name) for name in ("wrong", "d")))
    assert [getattr(error, "generation_id", None) for error in errors] == ["wrong", "d"]
    assert errors[0] is not errors[1]
