"""What an observation means for whoever waits: look again, or the end; with a clock of plain numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.schemas import Generation, GenerationFailure
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.waiting.decide import PATIENCE, Finished, Patience, Sleep, Wait
from airflow_provider_rivya.waiting.schedule import Schedule

START = 1_000_000.0
SCHEDULE = Schedule(first=2.0, interval=5.0, maximum=10.0)
RUNNING = Generation(id="t", status="processing")
DONE = Generation(id="t", status="succeeded")
REVOKED = AuthenticationError("x", code="api_key_revoked")
MISSING = NotFoundError("x", code="not_found")


def wait(deadline: float = 3600.0) -> Wait:
    return Wait(SCHEDULE, START, START + deadline, seed="")


def test_the_first_look_comes_after_the_advised_pause() -> None:
    assert wait().first(START) == Sleep(2.0)
    assert wait().first(START + 1.5) == Sleep(0.5)
    assert wait().first(START - 50) == Sleep(2.0)


def test_a_generation_that_is_not_new_is_looked_at_right_away() -> None:
    assert wait().first(START + 2.0) == Sleep(0.0)
    assert wait().first(START + 9999.0) == Sleep(0.0)


def test_the_first_look_is_not_after_the_deadline() -> None:
    assert wait(deadline=1.0).first(START) == Sleep(1.0)
    assert wait(deadline=-5.0).first(START) == Sleep(0.0)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (DONE, Finished("succeeded")),
        (Generation(id="t", status="failed"), Finished("failed")),
        (
            Generation(id="t", status="failed", failure=GenerationFailure(code="generation_failed")),
            Finished("failed", "generation_failed"),
        ),
    ],
)
@pytest.mark.parametrize("at", [1.0, 3600.0, 99_999.0])
def test_the_gateways_verdict_ends_it_even_after_the_deadline(
    seen: Generation, outcome: Finished, at: float
) -> None:
    assert wait().after(START + at, seen) == outcome


@pytest.mark.parametrize("seen", [DONE, Generation(id="t", status="failed")])
def test_what_has_ended_comes_with_the_verdict(seen: Generation) -> None:
    """It need not be read a second time."""
    decided = wait().after(START, seen)
    assert isinstance(decided, Finished)
    assert decided.generation is seen
    assert Finished.of(seen) == decided
    assert "Generation" not in repr(decided)


@given(
    st.text(min_size=1).filter(lambda status: not Generation(id="t", status=status).ended), st.floats(0, 3599)
)
def test_no_other_status_is_an_end(status: str, elapsed: float) -> None:
    assert isinstance(wait().after(START + elapsed, Generation(id="t", status=status)), Sleep)


@pytest.mark.parametrize("status", ["processing", "something_new"])
def test_but_no_status_is_waited_for_without_end(status: str) -> None:
    seen = Generation(id="t", status=status)
    assert wait().after(START + 3600.0, seen) == Finished("timeout")


def test_the_last_look_is_at_the_deadline() -> None:
    waiting = wait()
    assert waiting.after(START + 3595.5, RUNNING) == Sleep(4.5)
    assert waiting.after(START + 3600.0, DONE) == Finished("succeeded")


def test_intervals_follow_the_schedule() -> None:
    assert wait().after(START + 3.0, RUNNING) == Sleep(5.0)
    assert wait().after(START + 48.0, RUNNING) == Sleep(8.0)
    assert wait().after(START + 1000.0, RUNNING) == Sleep(10.0)


@pytest.mark.parametrize(
    "error",
    [
        GatewayUnreachableError("x"),
        GatewayUnavailableError("x"),
        RateLimitedError("x"),
        UnexpectedAnswerError("x"),
        GatewayError("x"),
    ],
)
def test_passing_faults_are_waited_out_until_the_deadline(error: GatewayError) -> None:
    waiting = wait()
    for elapsed in (10.0, 1000.0, 3590.0):
        assert isinstance(waiting.after(START + elapsed, error), Sleep)
    assert waiting.after(START + 3600.0, error) == Finished("timeout")


def test_a_wait_that_was_asked_for_is_respected_up_to_the_deadline() -> None:
    error = RateLimitedError("x", retry_after=60.0)
    assert wait().after(START + 10.0, error) == Sleep(60.0)
    assert wait().after(START + 3580.0, error) == Sleep(20.0)


@pytest.mark.parametrize("error", [REVOKED, PermissionDeniedError("x", code="api_scope_denied")])
def test_a_refused_key_pauses_for_its_grace(error: GatewayError) -> None:
    waiting = wait()
    assert waiting.after(START + 100.0, error) == Sleep(10.0, refresh=True)
    assert waiting.after(START + 100.0 + PATIENCE.refused - 1, error) == Sleep(10.0, refresh=True)
    assert waiting.after(START + 100.0 + PATIENCE.refused, error) == Finished("refused", error.code)


def test_a_missing_id_is_tolerated_for_its_grace() -> None:
    waiting = wait()
    assert waiting.after(START + 3.0, MISSING) == Sleep(5.0)
    assert isinstance(waiting.after(START + 3.0 + PATIENCE.not_found - 1, MISSING), Sleep)
    assert waiting.after(START + 3.0 + PATIENCE.not_found, MISSING) == Finished("not_found", "not_found")


@pytest.mark.parametrize(("error", "grace"), [(REVOKED, PATIENCE.refused), (MISSING, PATIENCE.not_found)])
def test_a_recovery_gives_the_whole_grace_back(error: GatewayError, grace: float) -> None:
    waiting = wait()
    waiting.after(START, error)
    assert isinstance(waiting.after(START + grace - 1, RUNNING), Sleep)
    assert isinstance(waiting.after(START + grace, error), Sleep)
    assert isinstance(waiting.after(START + 2 * grace - 1, error), Sleep)
    assert isinstance(waiting.after(START + 2 * grace, error), Finished)


def test_the_graces_are_the_callers_choice() -> None:
    hasty = Wait(SCHEDULE, START, START + 3600.0, seed="", patience=Patience(refused=1.0, not_found=2.0))
    for error, grace in ((REVOKED, 1.0), (MISSING, 2.0)):
        assert isinstance(hasty.after(START, error), Sleep)
        assert isinstance(hasty.after(START + grace, error), Finished)


def test_another_fault_in_between_is_no_recovery() -> None:
    waiting = wait()
    waiting.after(START, REVOKED)
    assert waiting.after(START + 60, GatewayUnavailableError("x")) == Sleep(10.0, refresh=True)
    assert waiting.after(START + PATIENCE.refused, REVOKED) == Finished("refused", "api_key_revoked")


def test_the_deadline_is_not_prolonged_by_a_grace() -> None:
    assert wait(deadline=30.0).after(START + 30.0, REVOKED) == Finished("timeout")


@given(
    st.lists(
        st.tuples(
            st.floats(0, 300),
            st.sampled_from([RUNNING, REVOKED, MISSING, RateLimitedError("x", retry_after=120.0)]),
        ),
        max_size=30,
    )
)
def test_no_order_of_events_outlasts_the_deadline_or_stands_still(events: list[tuple[float, Any]]) -> None:
    waiting, now = wait(), START
    for late, seen in events:
        decided = waiting.after(now, seen)
        if isinstance(decided, Finished):
            break
        assert 0 < decided.seconds <= START + 3600.0 - now
        now += decided.seconds + late
    else:
        assert waiting.after(START + 3600.0, RUNNING) == Finished("timeout")
