"""What the end of a generation means to a sensor: what it says, what is final, what is waited out."""

from __future__ import annotations

import pytest

from airflow_provider_rivya._compat import AirflowSensorTimeout
from airflow_provider_rivya.api.schemas import Generation, GenerationFailure
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.operators.airflow_errors import as_sensor_timeout
from airflow_provider_rivya.sensors.outcome import WatchedOutcome, is_passing
from airflow_provider_rivya.waiting.decide import Patience


@pytest.fixture
def outcome() -> WatchedOutcome:
    return WatchedOutcome("my_rivya", "task_1", retries_left=2)


@pytest.mark.parametrize(
    ("error", "passing_at"),
    [
        (AuthenticationError("no"), {1.0, 599.0}),
        (PermissionDeniedError("no"), {1.0, 599.0}),
        (NotFoundError("no"), {0.0, 1.0, 59.0}),
        (RequestRejectedError("no"), set()),
        (GatewayUnavailableError("no"), {0.0, 1.0, 59.0, 60.0, 599.0, 600.0}),
        (GatewayUnreachableError("no"), {0.0, 1.0, 59.0, 60.0, 599.0, 600.0}),
        (RateLimitedError("no"), {0.0, 1.0, 59.0, 60.0, 599.0, 600.0}),
        (UnexpectedAnswerError("no"), {0.0, 1.0, 59.0, 60.0, 599.0, 600.0}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_waited_out(error: GatewayError, passing_at: set[float]) -> None:
    expected = set(passing_at)
    if isinstance(error, AuthenticationError | PermissionDeniedError):
        expected |= {59.0, 60.0}
    assert {at for at in (0.0, 1.0, 59.0, 60.0, 599.0, 600.0) if is_passing(error, at)} == expected


def test_how_long_something_is_waited_out_is_the_callers_choice() -> None:
    hasty = Patience(refused=10.0, not_found=5.0)
    assert is_passing(AuthenticationError("no"), 9.0, hasty)
    assert not is_passing(AuthenticationError("no"), 10.0, hasty)
    assert not is_passing(NotFoundError("no"), 5.0, hasty)


def test_a_timeout_is_airflows_own_as_well(outcome: WatchedOutcome) -> None:
    slow = GenerationTimeoutError("too slow", retryable=True)
    error = outcome.unfinished(slow, seen=True)
    assert (slow.generation_id, slow.fate) == (None, None)
    assert isinstance(error, GenerationTimeoutError)
    assert isinstance(error, AirflowSensorTimeout)
    assert error.generation_id == "task_1"
    assert str(error) == (
        "too slow [generation task_1]. This task only watches and has paid nothing. The generation goes on "
        "at the gateway; a sensor is not retried after a timeout: clear the task to watch it again."
    )
    assert not error.final
    assert as_sensor_timeout(error) is error


def test_an_unknown_id_is_final(outcome: WatchedOutcome) -> None:
    error = outcome.unfinished(NotFoundError("no", http_status=404, code="not_found", request_id="req_1"))
    assert isinstance(error, NotFoundError)
    assert error.final
    assert str(error) == (
        "The gateway knows no generation 'task_1' in the account of this connection [connection my_rivya, "
        "code not_found, HTTP 404, request id req_1]. Check the id, and that the connection's key belongs to "
        "the account that submitted it. This task only watches and has paid nothing. A retry would not help, "
        "so none is made."
    )


def test_a_lost_id_that_was_just_seen_is_not(outcome: WatchedOutcome) -> None:
    error = outcome.unfinished(NotFoundError("no"), seen=True)
    assert not error.final
    assert str(error).endswith("The next try (2 left) watches it again.")


def test_other_errors_are_retried(outcome: WatchedOutcome) -> None:
    error = outcome.unfinished(GenerationError("the trigger died", retryable=True))
    assert not error.final
    assert (
        error.fate == "This task only watches and has paid nothing. The next try (2 left) watches it again."
    )


def test_a_refused_key_is_final(outcome: WatchedOutcome) -> None:
    error = outcome.refused(AuthenticationError("no"))
    assert error.final
    assert isinstance(error, AuthenticationError)
    assert str(error) == (
        "no [generation task_1]. This task only watches and has paid nothing. A retry would not help, so "
        "none is made."
    )


@pytest.mark.parametrize("credits", [0.0, 5.0, None])
def test_a_failed_generation_is_final(outcome: WatchedOutcome, credits: float | None) -> None:
    generation = Generation(
        id="task_1",
        status="failed",
        credits_final=credits,
        failure=GenerationFailure(code="generation_failed", message="out of paint"),
    )
    error = outcome.failed(generation, "my_rivya")
    assert isinstance(error, GenerationFailedError)
    assert error.final
    assert (error.credits_final, error.conn_id) == (credits, "my_rivya")
    assert "out of paint" in str(error)
    assert str(error).endswith("The gateway's result is final, so no retry is made.")


SUCCEEDED = Generation(id="task_1", status="succeeded")


def test_a_result_that_could_not_be_landed_is_not_lost(outcome: WatchedOutcome) -> None:
    assert outcome.not_landed(SUCCEEDED) == (
        "This task only watches and has paid nothing. The result is not lost. The next try (2 left) fetches "
        "it again, which costs nothing."
    )


def test_a_result_that_nobody_can_fetch_any_more(outcome: WatchedOutcome) -> None:
    assert outcome.expired(SUCCEEDED) == (
        "This task only watches and has paid nothing. The time for which the gateway keeps the result is "
        "over, so no retry is made; its support may still have it."
    )


def test_the_last_try_says_who_comes_next() -> None:
    last = WatchedOutcome("my_rivya", "task_1", retries_left=0)
    assert last.not_landed(SUCCEEDED).endswith(
        "No retry is left: clear the task, and the next try fetches it again, which costs nothing."
    )
