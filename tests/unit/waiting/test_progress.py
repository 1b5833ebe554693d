"""What is logged while a generation is waited for: changes, and a line now and then."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    RateLimitedError,
)
from airflow_provider_rivya.waiting.progress import FRESH_FOR, QUIET_FOR, Narrator, watched_late

START = 1_000_000.0


def seen(status: str) -> Generation:
    return Generation(id="task_1", status=status)


def test_only_changes_are_told() -> None:
    narrator = Narrator("task_1", START)
    assert narrator.tell(START + 2.4, seen("queued")) == (
        logging.INFO,
        "Generation task_1: queued after 2 s.",
    )
    assert narrator.tell(START + 7, seen("queued")) is None
    told = narrator.tell(START + 12, seen("processing"))
    assert told == (logging.INFO, "Generation task_1: processing after 12 s.")
    assert narrator.tell(START + 20, seen("processing")) is None
    assert narrator.tell(START + 30, seen("queued")) is not None


def test_a_long_wait_is_told_now_and_then() -> None:
    narrator = Narrator("task_1", START)
    narrator.tell(START, seen("processing"))
    assert narrator.tell(START + QUIET_FOR - 1, seen("processing")) is None
    assert narrator.tell(START + QUIET_FOR, seen("processing")) is not None
    assert narrator.tell(START + QUIET_FOR + 1, seen("processing")) is None
    assert narrator.tell(START + 2 * QUIET_FOR, seen("processing")) is not None


def test_an_unknown_status_is_a_warning() -> None:
    told = Narrator("task_1", START).tell(START, seen("rendering"))
    assert told is not None
    assert told[0] == logging.WARNING
    assert "rendering (a status this release does not know; taken as not ended)" in told[1]


def test_a_fault_is_told_once_with_what_goes_on() -> None:
    narrator = Narrator("task_1", START)
    told = narrator.tell(START + 9, GatewayUnreachableError("The gateway broke off"))
    assert told is not None
    assert told[0] == logging.WARNING
    assert "status unknown after 9 s. The gateway broke off. The generation itself goes on" in told[1]
    assert narrator.tell(START + 10, GatewayUnreachableError("The gateway broke off again")) is None


@pytest.mark.parametrize("other", [GatewayUnavailableError("x"), RateLimitedError("x"), seen("queued")])
def test_another_fault_or_a_recovery_is_a_change(other: Generation | GatewayError) -> None:
    narrator = Narrator("task_1", START)
    narrator.tell(START, GatewayUnreachableError("x"))
    assert narrator.tell(START + 1, other) is not None


def test_another_code_is_a_change() -> None:
    narrator = Narrator("task_1", START)
    assert narrator.tell(START, GatewayError("x", code="a")) is not None
    assert narrator.tell(START, GatewayError("x", code="a")) is None
    assert narrator.tell(START, GatewayError("x", code="b")) is not None


def test_a_clock_that_is_behind_shows_no_negative_time() -> None:
    told = Narrator("task_1", START).tell(START - 5, seen("queued"))
    assert told is not None
    assert "after 0 s" in told[1]


@pytest.mark.parametrize("age", [-3.0, 0.0, FRESH_FOR - 0.1])
def test_the_first_watcher_says_nothing(age: float) -> None:
    assert watched_late("task_1", START, START + age, START + 900, 5) is None


@pytest.mark.parametrize(
    ("age", "left", "says"),
    [
        (FRESH_FOR, 600.0, "submitted 15 s ago"),
        (312.4, 587.6, "submitted 312 s ago"),
        (312.4, 587.6, "for at most 588 s more"),
        (900.0, 0.0, "once more, as its deadline has passed"),
        (900.0, -40.0, "once more, as its deadline has passed"),
    ],
)
def test_a_later_watcher_names_the_generation_and_its_fate(age: float, left: float, says: str) -> None:
    line = watched_late("task_1", START, START + age, START + age + left, 5)
    assert line is not None
    assert line.startswith("Watching generation task_1, ")
    assert " ago (5 credits are reserved), perhaps not for the first time. It went on at the" in line
    assert "nothing is submitted or paid by this" in line
    assert says in line


def test_how_far_it_is_and_what_is_usual() -> None:
    told = Narrator("task_1", START)
    told.usual = 20.4
    running = Generation(id="task_1", status="processing", progress=40)
    assert told.tell(START + 5, running) == (
        logging.INFO,
        "Generation task_1: processing after 5 s (40 % done; its model usually takes 20 s).",
    )
    further = running.model_copy(update={"progress": 60})
    assert told.tell(START + 10, further) is None  # no line for each step
    assert "60 % done" in (told.tell(START + 5 + QUIET_FOR, further) or (0, ""))[1]
    assert told.tell(START + 400, Generation(id="task_1", status="succeeded", progress=100)) == (
        logging.INFO,
        "Generation task_1: succeeded after 400 s.",
    )
