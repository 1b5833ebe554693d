from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_provider_rivya.api.gateway import Pace, PollGuidance
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.waiting import schedule as schedules
from airflow_provider_rivya.waiting.schedule import JITTER, Schedule

POLLING = {"rivya": RIVYA.polling, "toapis": TOAPIS.polling}


def as_schedule(guidance: PollGuidance) -> Schedule:
    return Schedule(guidance.first, guidance.interval, guidance.maximum, guidance.queued)


def schedule_for(category: str, *, gateway: str = "rivya", **explicit: Any) -> Schedule:
    return schedules.schedule_for(category, POLLING[gateway], **explicit)


GUIDANCE = {
    gateway: {name: as_schedule(guidance) for name, guidance in polling.guidance.items()}
    for gateway, polling in POLLING.items()
}
FLOORS = {
    gateway: {name: as_schedule(floor) for name, floor in polling.floors.items()}
    for gateway, polling in POLLING.items()
}

CATEGORIES = st.sampled_from(["image", "audio", "video", "hologram"])
ELAPSED = st.floats(0, 100_000)
SECONDS = st.one_of(st.none(), st.floats(0, 3600))
GATEWAYS = st.sampled_from(sorted(GUIDANCE))
RIVYAS_FLOOR = FLOORS["rivya"]["video"]
SCHEDULES = st.builds(schedule_for, CATEGORIES, first=SECONDS, interval=SECONDS, maximum=SECONDS)
SEEDS = st.text(max_size=20)


@given(SCHEDULES, ELAPSED, SEEDS)
def test_never_below_the_guidance(schedule: Schedule, elapsed: float, seed: str) -> None:
    """Wait 2-3 s after submission, then every 5-10 s (https://rivya.ai/docs/api-generation-status)."""
    assert schedule.first >= RIVYAS_FLOOR.first == 2.0
    delay = schedule.delay(elapsed, seed=seed)
    if elapsed < schedule.first:
        assert elapsed + delay >= RIVYAS_FLOOR.first
    else:
        assert delay >= RIVYAS_FLOOR.interval == 5.0


@given(SCHEDULES, ELAPSED, SEEDS)
def test_within_its_own_bounds(schedule: Schedule, elapsed: float, seed: str) -> None:
    assume(elapsed >= schedule.first)
    longest = max(schedule.interval, schedule.maximum) * (1 + JITTER)
    assert schedule.interval <= schedule.delay(elapsed, seed=seed) <= longest


@given(SCHEDULES, ELAPSED, ELAPSED)
def test_intervals_never_shrink(schedule: Schedule, one: float, other: float) -> None:
    early, late = sorted((one, other))
    assume(early >= schedule.first)
    assert schedule.delay(early) <= schedule.delay(late)


@given(GATEWAYS, CATEGORIES, SECONDS, SECONDS)
def test_explicit_values_bound_the_schedule(
    gateway: str, category: str, interval: float | None, maximum: float | None
) -> None:
    schedule = schedule_for(category, gateway=gateway, interval=interval, maximum=maximum)
    floor = FLOORS[gateway].get(category, FLOORS[gateway]["video"])
    assert schedule.interval <= schedule.maximum
    if maximum is not None:
        assert schedule.maximum == max(maximum, floor.maximum)
    if interval is not None and maximum is None:
        assert schedule.interval == max(interval, floor.interval)


@given(SCHEDULES, ELAPSED, SEEDS)
def test_a_restart_changes_nothing(schedule: Schedule, elapsed: float, seed: str) -> None:
    """Another process, which has counted nothing, comes to the same delay."""
    again = Schedule(schedule.first, schedule.interval, schedule.maximum, schedule.queued)
    assert again.delay(elapsed, seed=seed) == schedule.delay(elapsed, seed=seed)


@given(SCHEDULES, st.floats(-1000, 100_000), st.floats(0, 500))
def test_never_earlier_than_the_gateway_asks(schedule: Schedule, elapsed: float, hint: float) -> None:
    assert schedule.delay(elapsed, hint=hint) == max(schedule.delay(elapsed), hint)


def test_tasks_do_not_ask_in_step() -> None:
    schedule = GUIDANCE["rivya"]["image"]
    delays = {schedule.delay(100.0, seed=f"task_{number}") for number in range(200)}
    assert len(delays) > 190
    assert max(delays) - min(delays) > 0.8 * JITTER * schedule.maximum
    first = {schedule.delay(0.0, seed=f"task_{number}") for number in range(200)}
    assert len(first) > 190
    assert max(first) - min(first) > 0.8 * JITTER * schedule.interval
    assert max(first) <= schedule.first + JITTER * schedule.interval


def test_a_clock_that_is_behind_does_not_stretch_the_first_wait() -> None:
    assert GUIDANCE["rivya"]["image"].delay(-3600.0) == 2.5


@pytest.mark.parametrize(
    ("elapsed", "delay"),
    [(0.0, 2.5), (1.0, 1.5), (2.5, 5.0), (30.0, 5.0), (48.0, 8.0), (60.0, 10.0), (9e9, 10.0)],
)
def test_the_guidance_for_images(elapsed: float, delay: float) -> None:
    assert schedule_for("image").delay(elapsed) == pytest.approx(delay)


def test_the_guidance_per_category() -> None:
    for gateway, guidance in GUIDANCE.items():
        assert {name: schedule_for(name, gateway=gateway) for name in guidance} == guidance
    assert schedule_for("hologram") == GUIDANCE["rivya"]["video"]
    assert (
        GUIDANCE["rivya"]["image"].maximum
        < GUIDANCE["rivya"]["audio"].maximum
        < GUIDANCE["rivya"]["video"].maximum
    )


def test_a_gateway_on_loopback_may_be_asked_at_any_pace() -> None:
    schedule = schedule_for("video", first=0.0, interval=0.01, maximum=0.1, loopback=True)
    assert schedule == Schedule(0.0, 0.05, 0.1)
    assert schedule_for("video", first=0.0, interval=0.01, maximum=0.1) == FLOORS["rivya"]["video"]
    assert schedule_for("video", loopback=True) == GUIDANCE["rivya"]["video"]


def test_a_short_maximum_shortens_the_interval_down_to_the_floor() -> None:
    assert schedule_for("video", maximum=6.0).interval == 6.0
    assert schedule_for("video", maximum=1.0).interval == 5.0
    assert schedule_for("image", interval=60.0) == Schedule(2.5, 60.0, 60.0)


@pytest.mark.parametrize(
    ("category", "queued", "running"), [("image", (5, 10), (5, 10)), ("video", (5, 10), (10, 15))]
)
def test_toapis_advises_a_pace_for_each_status(
    category: str, queued: tuple[float, float], running: tuple[float, float]
) -> None:
    schedule = schedule_for(category, gateway="toapis")
    for status, (shortest, longest) in ((True, queued), (False, running)):
        assert schedule.delay(schedule.first, queued=status) == shortest
        assert schedule.delay(3600.0, queued=status) == longest


def test_explicit_intervals_hold_in_every_status() -> None:
    schedule = schedule_for("video", gateway="toapis", interval=12.0)
    assert schedule.queued is None
    assert schedule.delay(6.0, queued=True) == schedule.delay(6.0) == 12.0
    assert Schedule(0.0, 5.0, 9.0, Pace(1.0, 2.0)).delay(60.0, queued=True) == 2.0
