from __future__ import annotations

import pytest
from airflow_provider_rivya.sensors.watching import WatchedEnding, as_sensor_timeout, is_passing

from airflow_provider_rivya._compat import AirflowFailException, AirflowSensorTimeout
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
from airflow_provider_rivya.hooks.rivya import RivyaHook


@pytest.fixture
def ending() -> WatchedEnding:
    return WatchedEnding(RivyaHook("my_rivya"), "task_1", retries_left=2)


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


def test_a_timeout_is_airflows_own_as_well(ending: WatchedEnding) -> None:
    error = ending.unfinished(GenerationTimeoutError("too slow", retryable=True), seen=True)
    assert isinstance(error, GenerationTimeoutError)
    assert isinstance(error, AirflowSensorTimeout)
    assert error.generation_id == "task_1"
    assert str(error) == (
        "too slow [generation task_1]. This task only watches and has paid nothing. The generation goes on "
        "at the gateway; a timeout is a sensor's last word, so no retry is made: clear the task to watch it "
        "again."
    )
    assert as_sensor_timeout(error) is error


def test_an_unknown_id_is_final(ending: WatchedEnding) -> None:
    error = ending.unfinished(NotFoundError("no", http_status=404, code="not_found", request_id="req_1"))
    assert isinstance(error, NotFoundError)
    assert isinstance(error, AirflowFailException)
    assert str(error) == (
        "The gateway knows no generation 'task_1' in the account of this connection [connection my_rivya, "
        "code not_found, HTTP 404, request id req_1]. Check the id, and that the connection's key belongs to "
        "the account that submitted it. This task only watches and has paid nothing. A retry would not help, "
        "so none is made."
    )


def test_a_lost_id_that_was_just_seen_is_not(ending: WatchedEnding) -> None:
    error = ending.unfinished(NotFoundError("no"), seen=True)
    assert not isinstance(error, AirflowFailException)
    assert str(error).endswith("The next try (2 left) watches it again.")


def test_other_errors_are_retried(ending: WatchedEnding) -> None:
    error = ending.unfinished(GenerationError("the trigger died", retryable=True))
    assert not isinstance(error, AirflowFailException)
    assert (
        error.fate == "This task only watches and has paid nothing. The next try (2 left) watches it again."
    )


def test_a_refused_key_is_final(ending: WatchedEnding) -> None:
    error = ending.refused(AuthenticationError("no"))
    assert isinstance(error, AirflowFailException)
    assert isinstance(error, AuthenticationError)


@pytest.mark.parametrize("credits", [0.0, 5.0, None])
def test_a_failed_generation_is_final(ending: WatchedEnding, credits: float | None) -> None:
    generation = Generation(
        id="task_1",
        status="failed",
        credits_final=credits,
        failure=GenerationFailure(code="generation_failed", message="out of paint"),
    )
    error = ending.failed(generation)
    assert isinstance(error, GenerationFailedError)
    assert isinstance(error, AirflowFailException)
    assert error.credits_final == credits
    assert "out of paint" in str(error)
    assert str(error).endswith("The gateway's verdict stands, so no retry is made.")


def test_a_result_that_could_not_be_landed_is_not_lost(ending: WatchedEnding) -> None:
    assert ending.not_landed() == (
        "This task only watches and has paid nothing. The result is not lost. The next try (2 left) fetches "
        "it again, which costs nothing."
    )
