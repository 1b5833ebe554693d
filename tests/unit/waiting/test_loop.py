"""How long a look may take; and what is concluded from the age of a generation."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import GatewayUnreachableError
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.decide import Finished, Sleep
from airflow_provider_rivya.waiting.durations import Durations
from airflow_provider_rivya.waiting.loop import LAST_LOOK, Target, awatch, watch
from tests.unit.quick_gateway import QuickGateway


def target(timeout: float) -> Target:
    return Target.of("task_1", RIVYA, QuickGateway().settings, "image", timeout, submitted_at=0.0)


@pytest.mark.parametrize(("timeout", "least", "most"), [(1000.0, 900.0, 1000.0), (0.0, LAST_LOOK, LAST_LOOK)])
def test_a_look_is_bounded_by_the_deadline(timeout: float, least: float, most: float) -> None:
    given: list[float] = []

    class Gateway(QuickGateway):
        def get_generation(self, generation_id: str, **more: Any) -> Generation:
            given.append(more["within"])
            return super().get_generation(generation_id)

        async def aget_generation(self, generation_id: str, **more: Any) -> Generation:
            return self.get_generation(generation_id, **more)

    client: Any = Gateway()
    assert watch(client, target(timeout), StopFlag()).outcome == "succeeded"
    assert asyncio.run(awatch(client, target(timeout))).outcome == "succeeded"
    assert len(given) == 2
    assert all(least <= seconds <= most for seconds in given)


def test_a_task_that_is_asked_to_stop_during_a_look_waits_no_longer() -> None:
    stop = StopFlag()

    class Gateway(QuickGateway):
        def get_generation(self, generation_id: str, **more: Any) -> Generation:
            stop.set()
            raise GatewayUnreachableError("x", retryable=True)

    client: Any = Gateway()
    assert watch(client, target(1000.0), stop) == Finished("stopped")


def seen(status: str, created: float | None = None) -> Generation:
    return Generation(id="task_1", status=status, model="z-image", created_at=created)  # type: ignore[arg-type]


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> Durations:
    """Let generations take forty seconds."""
    durations = Durations()
    monkeypatch.setattr("airflow_provider_rivya.waiting.loop.DURATIONS", durations)
    for _ in range(64):
        durations.note(QuickGateway().settings.base_url, "z-image", "image", 40.0)
    return durations


def test_of_an_unknown_age_nothing_is_concluded_and_nothing_learnt(learnt: Durations) -> None:
    before, now = learnt.known(), time.time()
    old = Target.of("task_1", RIVYA, QuickGateway().settings, "image", 1000.0)
    assert 2.5 <= old.wait.first(now).seconds < 3.1
    step = old.observe(seen("processing"))
    assert isinstance(step, Sleep)
    assert step.seconds < 6.0  # one that was submitted now would be left alone for half a minute
    assert isinstance(old.observe(seen("succeeded")), Finished)
    assert learnt.known() == before


def test_the_age_is_what_the_gateway_tells(learnt: Durations) -> None:
    now = time.time()
    old = Target.of("task_1", RIVYA, QuickGateway().settings, "image", 1000.0)
    step = old.observe(seen("processing", now - 10.0))
    assert isinstance(step, Sleep)
    assert 15.0 < step.seconds < 30.0
    assert isinstance(old.observe(seen("succeeded", now - 10.0)), Finished)
    assert 0.0 < learnt.known()[0][2][-1] <= 11.0  # type: ignore[index]


def test_a_gateway_whose_clock_goes_before_ours_tells_no_age(learnt: Durations) -> None:
    old = Target.of("task_1", RIVYA, QuickGateway().settings, "image", 1000.0)
    step = old.observe(seen("processing", time.time() + 3600.0))
    assert isinstance(step, Sleep)
    assert step.seconds < 6.0
