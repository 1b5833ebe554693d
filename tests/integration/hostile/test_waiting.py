"""Odd answers while generations are waited for: a success is known, all else ends at the deadline."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.decide import Finished
from airflow_provider_rivya.waiting.loop import Target, awatch, watch
from tests.integration.gateways import at_each
from tests.integration.hostile.answers import of_states
from tests.integration.hostile.conftest import NewHook
from tests.integration.hostile.gateway import HostileGateway

OUTCOMES = {"delivered": "succeeded", "goes on": "timeout"}
# A pause that one is asked for is everybody's.
STATES = {f"task_{number}": odd for number, odd in enumerate(of_states()) if not odd.name.startswith("429")}
AT_ONCE = 40
PATIENCE = 0.6


def target(hook: GatewayHook, generation_id: str, timeout: float) -> Target:
    return Target.of(generation_id, hook.api, hook.settings, "image", timeout, time.time() - 5)


def told(finished: dict[str, Finished]) -> dict[str, str]:
    return {STATES[known_as].name: end.outcome for known_as, end in finished.items()}


EXPECTED = {odd.name: OUTCOMES[odd.outcome] for odd in STATES.values()}


def test_the_table_is_a_table() -> None:
    assert len(EXPECTED) == len(STATES)
    assert len(EXPECTED) >= 120


@at_each
async def test_all_at_once_on_an_event_loop(hostile: HostileGateway, new_hook: NewHook) -> None:
    """Those that never answer to the end do not keep the others from being asked for."""
    hook = new_hook(PATIENCE)
    hostile.states = {known_as: odd.make for known_as, odd in STATES.items()}
    waits = (awatch(hook, target(hook, known_as, 4.0)) for known_as in STATES)
    finished = dict(zip(STATES, await asyncio.gather(*waits), strict=True))
    await hook.aclose()
    assert told(finished) == EXPECTED


@at_each
def test_on_a_worker(hostile: HostileGateway, new_hook: NewHook) -> None:
    hook = new_hook(PATIENCE)
    hostile.states = {known_as: odd.make for known_as, odd in STATES.items()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waits = [pool.submit(watch, hook, target(hook, known_as, 2.0), StopFlag()) for known_as in STATES]
        finished = {known_as: wait.result() for known_as, wait in zip(STATES, waits, strict=True)}
    assert told(finished) == EXPECTED
