"""By how many requests, and how soon, ends are known, against asking every five seconds: plain values."""

from __future__ import annotations

import heapq
import itertools
import math
import random

import pytest

from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.waiting.decide import Sleep, Wait
from airflow_provider_rivya.waiting.durations import Durations, took
from airflow_provider_rivya.waiting.schedule import schedule_for, share

FIXED = 5.0
RUNNING, ENDED = (Generation(id="t", status=status) for status in ("processing", "succeeded"))


def drawn(usual: float, sigma: float, count: int = 400) -> list[float]:
    dice = random.Random(14)  # noqa: S311 - the same every time
    return [usual * math.exp(dice.gauss(0.0, sigma)) for _ in range(count)]


def watched(takes: list[float], category: str, durations: Durations) -> tuple[float, float]:
    """Return the requests of a generation, and the p95 of seconds from its end to the look that sees it."""
    late, looks, numbers = list[float](), 0, itertools.count()
    schedule, left = schedule_for(category, RIVYA.polling), iter(takes)
    due: list[tuple[float, int, Wait, float, float]] = []

    def begin(now: float, seconds: float) -> None:
        likely = durations.likely("there", "model", category)
        wait = Wait(schedule, now, now + 1e6, f"task_{len(late)}_{seconds}", likely=likely)
        heapq.heappush(due, (now + wait.first(now).seconds, next(numbers), wait, now, seconds))

    for each in itertools.islice(left, 10):
        begin(1.0, each)
    while due:
        now, _, wait, begun, seconds = heapq.heappop(due)
        looks += 1
        ended = now >= begun + seconds
        wait.likely = durations.likely("there", "model", category)
        step = wait.after(now, ENDED if ended else RUNNING)
        if isinstance(step, Sleep):
            heapq.heappush(due, (now + step.seconds, next(numbers), wait, begun, seconds))
            continue
        late.append(now - begun - seconds)
        found = took(ENDED, now - begun, wait.interval, wait.likely, share(f"{seconds}", now))
        if found is not None:
            durations.note("there", "model", category, found)
        for each in itertools.islice(left, 1):
            begin(now, each)
    return looks / len(takes), sorted(late)[int(len(late) * 0.95)]


def asked_every(interval: float, takes: list[float]) -> tuple[float, float]:
    looks = [math.ceil(each / interval) for each in takes]
    late = sorted(count * interval - each for count, each in zip(looks, takes, strict=True))
    return sum(looks) / len(looks), late[int(len(late) * 0.95)]


@pytest.mark.parametrize(
    ("category", "usual", "sigma", "requests", "lateness"),
    [
        ("image", 20.0, 0.4, 0.70, 1.06),
        ("image", 20.0, 0.8, 0.90, 1.06),
        ("image", 60.0, 0.4, 0.65, 1.06),
        ("video", 90.0, 0.4, 0.40, 2.2),  # the guidance leaves ten seconds between two looks
        ("video", 90.0, 0.8, 0.50, 2.2),
    ],
)
def test_fewer_requests_and_no_later(
    category: str, usual: float, sigma: float, requests: float, lateness: float
) -> None:
    takes = drawn(usual, sigma)
    ours, fixed = watched(takes, category, Durations()), asked_every(FIXED, takes)
    assert ours[0] < requests * fixed[0]
    assert ours[1] < lateness * fixed[1]


@pytest.mark.parametrize(("usual", "sigma"), [(20.0, 0.4), (20.0, 0.2), (60.0, 0.3)])
def test_what_looks_find_has_the_distribution_of_the_ends(usual: float, sigma: float) -> None:
    """Ends that the first look sees are learnt as well: they are the early ones."""
    takes, durations, truth = drawn(usual, sigma), Durations(), Durations()
    watched(takes, "image", durations)
    for each in takes[-64:]:
        truth.note("there", "model", "image", each)
    likely, true = (found.likely("there", "model", "image") for found in (durations, truth))
    assert likely is not None
    assert true is not None
    assert likely.usual == pytest.approx(true.usual, rel=0.1)
    assert likely.deviation == pytest.approx(true.deviation, rel=0.3)
