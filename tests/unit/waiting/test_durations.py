"""What is learnt of how long generations take, and what it changes in when they are looked at."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.waiting.decide import Sleep, Wait
from airflow_provider_rivya.waiting.durations import ENOUGH, Durations, Likely, took
from airflow_provider_rivya.waiting.schedule import FEW, JITTER, MOST, NEARLY_ALL, schedule_for

PLACE = "https://api.example.com"
START = 1_000_000.0
IMAGE = Likely(math.log(40.0), 0.4)
CREATED = datetime(2026, 5, 11, tzinfo=UTC)


def learnt(*seconds: float, model: str = "z-image") -> Durations:
    durations = Durations()
    for value in seconds:
        durations.note(PLACE, model, "image", value)
    return durations


def test_too_few_tell_nothing() -> None:
    assert learnt(*[20.0] * (ENOUGH - 1)).likely(PLACE, "z-image", "image") is None
    assert learnt(*[20.0] * ENOUGH).likely(PLACE, "z-image", "image") is not None


def test_models_and_gateways_are_told_apart() -> None:
    durations = learnt(*[20.0] * ENOUGH)
    assert durations.likely(PLACE, "another", "image") is None
    assert durations.likely("https://other.example.com", "z-image", "image") is None
    assert durations.likely(PLACE, None, "image") is not None  # of any model of the category
    assert durations.likely(PLACE, None, "video") is None


def test_what_is_kept_is_bounded_and_the_latest() -> None:
    durations = learnt(*[20.0] * 100, *[60.0] * 100)
    likely = durations.likely(PLACE, "z-image", "image")
    assert likely is not None
    assert likely.usual == pytest.approx(60.0)
    for number in range(1000):
        durations.note(PLACE, f"model-{number}", "image", 1.0)
    assert len(durations._seen) <= 200


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_nonsense_is_not_learnt(seconds: float) -> None:
    assert learnt(*[seconds] * 10).likely(PLACE, "z-image", "image") is None


def test_a_distribution_is_found_again() -> None:
    dice = random.Random(3)  # noqa: S311
    likely = Likely.of([20.0 * math.exp(dice.gauss(0.0, 0.5)) for _ in range(64)])
    assert likely.usual == pytest.approx(20.0, rel=0.2)
    assert likely.deviation == pytest.approx(0.5, rel=0.3)
    assert likely.ended_by(0.5) == pytest.approx(likely.usual)


@given(st.floats(0, 1e6), st.floats(0.01, 0.99))
def test_the_rest_ends_later_than_now(elapsed: float, share: float) -> None:
    assert IMAGE.ended_by(share, elapsed) >= elapsed
    assert math.isfinite(IMAGE.ended_by(share, elapsed))


@pytest.mark.parametrize(
    ("updated", "elapsed", "interval", "seconds"),
    [
        (20.0, 23.0, 5.0, 20.0),
        (20.0, 21.0, 30.0, 20.0),
        (None, 23.0, 6.0, 20.0),
        (500.0, 23.0, 6.0, 20.0),  # the gateway's clock, or its field, is no use
        (-3.0, 23.0, 6.0, 20.0),
        (None, 100.0, 90.0, None),
    ],
)
def test_how_long_one_took(
    updated: float | None, elapsed: float, interval: float, seconds: float | None
) -> None:
    ended = None if updated is None else CREATED + timedelta(seconds=updated)
    seen = Generation(id="t", status="succeeded", created_at=CREATED, updated_at=ended)
    assert took(seen, elapsed, interval, None, 0.5) == seconds


@given(st.floats(0, 500), st.floats(0.01, 500), st.floats(0, 1), st.floats(0.15, 2.0))
def test_an_end_between_two_looks_is_learnt_as_one_between_them(
    begin: float, interval: float, share: float, deviation: float
) -> None:
    seen, likely = Generation(id="t", status="succeeded"), Likely(math.log(40.0), deviation)
    seconds = took(seen, begin + interval, interval, likely, share)
    assert seconds is not None
    assert begin - 1e-6 <= seconds <= begin + interval


# -- what it changes -------------------------------------------------------------------------------


def waiting(likely: Likely | None, **explicit: Any) -> Wait:
    schedule = schedule_for("image", RIVYA.polling, **explicit)
    return Wait(schedule, START, START + 3600, "", likely=likely)


def test_the_first_look_is_when_one_is_likely_done() -> None:
    schedule = schedule_for("image", RIVYA.polling)
    early = schedule.early(IMAGE)
    assert early == pytest.approx(IMAGE.ended_by(FEW) + schedule.interval)
    assert waiting(IMAGE).first(START) == Sleep(early)
    assert waiting(None).first(START) == Sleep(2.5)
    assert waiting(IMAGE).first(START + 3.0).seconds == pytest.approx(early - 3.0)


def test_of_short_ones_most_have_ended_at_the_first_look() -> None:
    likely = Likely(math.log(4.0), 0.2)
    first = waiting(likely).first(START).seconds
    assert likely.ended_by(0.8) < first < likely.ended_by(0.02) + 5.0


def test_until_nearly_all_have_ended_looks_are_at_the_shortest_interval_and_grow_after_it() -> None:
    schedule, late = schedule_for("image", RIVYA.polling), IMAGE.ended_by(NEARLY_ALL)
    for elapsed in (schedule.early(IMAGE), 40.0, 80.0, late - 0.1):
        assert schedule.delay(elapsed, seed="task", likely=IMAGE) == schedule.interval
        assert schedule.delay(elapsed, seed="task", likely=IMAGE, queued=True) == schedule.interval
    for elapsed in (late, 200.0, 9e9):
        assert schedule.delay(elapsed, likely=IMAGE) == schedule.delay(elapsed) == schedule.maximum


def test_what_the_connection_says_goes_before_what_was_learnt() -> None:
    assert waiting(IMAGE, first=4.0).first(START) == Sleep(4.0)
    assert waiting(IMAGE, maximum=9.0).first(START) == Sleep(9.0)


@given(st.floats(0, 600), st.floats(0.05, 2.0), st.floats(1.0, 200.0))
def test_never_below_the_guidance_and_never_for_ever(elapsed: float, deviation: float, usual: float) -> None:
    schedule = schedule_for("image", RIVYA.polling)
    likely = Likely(math.log(usual), deviation)
    delay = schedule.delay(elapsed, seed="task", likely=likely)
    if elapsed >= schedule.first:
        assert delay >= schedule.interval
    latest = max(elapsed + schedule.maximum, likely.ended_by(MOST), schedule.first)
    assert elapsed + delay <= latest * (1 + JITTER) + JITTER * schedule.interval


def test_the_first_looks_after_a_restart_are_spread() -> None:
    schedule = schedule_for("image", RIVYA.polling)
    waits = [Wait(schedule, START, START + 3600, f"task_{number}") for number in range(500)]
    looks = sorted(wait.first_of_many(START + 100.0).seconds for wait in waits)
    assert looks[0] < 0.1
    assert looks[-1] > schedule.interval - 0.1
    assert looks[-1] <= schedule.interval
    assert abs(looks[250] - schedule.interval / 2) < 0.5
    assert waits[0].first_of_many(START + 3.0) == Sleep(0.0)  # only just deferred
    assert waits[0].first_of_many(START + 5000.0) == Sleep(0.0)  # past its deadline
