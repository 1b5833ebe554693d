"""How long a look may take: as long as the waiting may, and a moment longer for the one at its end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import GatewayUnreachableError
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.decide import Finished
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
