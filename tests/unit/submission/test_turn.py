"""For how long a submission waits that is told to."""

from __future__ import annotations

import heapq
import random

import pytest

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    RateLimitedError,
)
from airflow_provider_rivya.submission.turn import SHORT, pause_after, told_to_wait


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (RateLimitedError("x", retry_after=30.0), 30.0),
        (RateLimitedError("x", retry_after=0.0), 0.0),
        (RateLimitedError("x"), 1.0),
        (GatewayUnavailableError("x", refused=True, retry_after=7.0), 7.0),
        (GatewayUnavailableError("x", refused=True), None),
        (GatewayUnavailableError("x", retry_after=7.0), None),  # it may have been taken in
        (GatewayUnreachableError("x", sent=False), None),
        (RateLimitedError("x", retry_after=30.0, maybe_taken_in=True), None),
        (GatewayError("x"), None),
    ],
    ids=str,
)
def test_who_is_told_to_wait(error: GatewayError, pause: float | None) -> None:
    assert told_to_wait(error, 0, 0.0) == pause


def test_those_who_were_told_the_same_are_spread_the_more_often_the_further() -> None:
    error = RateLimitedError("x", retry_after=30.0)
    assert [told_to_wait(error, times, 1.0) for times in (0, 1, 3, 20)] == [
        30.0 + SHORT,
        30.0 + 2 * SHORT,
        30.0 + 8 * SHORT,
        30.0 + 60.0,
    ]


def test_pauses_of_our_own_grow_up_to_a_minute() -> None:
    assert [pause_after(RateLimitedError("x"), times) for times in (0, 1, 5, 6, 50)] == [1, 2, 32, 60, 60]
    assert pause_after(RateLimitedError("x", retry_after=600.0), 1) == 600.0


@pytest.mark.parametrize("retry_after", ["until there is one", "until the minute is over"])
def test_five_hundred_tasks_on_an_account_of_three_hundred_a_minute(retry_after: str) -> None:
    """All of them ask at once, each of its own process; none asks earlier than it was told to."""
    dice = random.Random(5)  # noqa: S311
    due = [(dice.uniform(0.0, 5.0), 0, task) for task in range(500)]
    heapq.heapify(due)
    tokens, at, done, waits = 50.0, 0.0, {}, [0] * 500
    while due:
        now, times, task = heapq.heappop(due)
        tokens, at = min(50.0, tokens + (now - at) * 5.0), now
        if tokens >= 1.0:
            tokens -= 1.0
            done[task] = now
            continue
        asked = 1.0 if retry_after == "until there is one" else 60.0 - now % 60.0
        pause = told_to_wait(RateLimitedError("x", retry_after=asked), times, dice.random())
        assert pause is not None
        assert pause >= asked
        waits[task] += 1
        heapq.heappush(due, (now + pause, times + 1, task))
    assert len(done) == 500
    assert max(done.values()) < 15 * 60
    assert sum(waits) / 500 < 6
