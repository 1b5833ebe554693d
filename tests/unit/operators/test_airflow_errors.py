"""Errors of the core become Airflow's: no retry where none helps, and nothing else of them changes."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException, AirflowSensorTimeout
from airflow_provider_rivya.exceptions import (
    Fault,
    GatewayError,
    GenerationError,
    GenerationTimeoutError,
    InvalidRequestError,
)
from airflow_provider_rivya.operators.airflow_errors import (
    FAILURE_KEY,
    as_airflow,
    as_sensor_timeout,
    leave_failure,
)

Recast = Callable[[GenerationError], GenerationError]


def test_what_a_retry_may_mend_is_raised_as_it_is() -> None:
    error = GatewayError("x", retryable=True)
    assert as_airflow(error) is error


def test_an_error_without_retry_stays_what_it_is() -> None:
    original = GatewayError("x", conn_id="c", retry_after=3.0, final=True)
    final = as_airflow(original)
    assert isinstance(final, GatewayError)
    assert isinstance(final, AirflowFailException)
    assert type(final).__name__ == "GatewayError"
    assert type(final).__doc__ == GatewayError.__doc__
    assert (str(final), final.args) == ("x [connection c].", ("x",))
    assert vars(final) == vars(original)
    assert as_airflow(final) is final
    assert type(as_airflow(GatewayError("y", final=True))) is type(final)


def test_the_original_is_unchanged() -> None:
    original = GatewayError("x", final=True)
    as_airflow(original)
    assert type(original) is GatewayError
    assert not isinstance(original, AirflowFailException)


def test_a_wrong_request_keeps_its_faults() -> None:
    final = as_airflow(InvalidRequestError([Fault("prompt", "is missing")]))
    assert isinstance(final, AirflowFailException)
    assert final.faults == (Fault("prompt", "is missing"),)
    assert "  - prompt: is missing" in str(final)


def test_the_end_of_a_sensors_patience_is_airflows_own() -> None:
    slow = GenerationTimeoutError("too slow", generation_id="task_1", retryable=True)
    error = as_sensor_timeout(slow)
    assert isinstance(error, GenerationTimeoutError)
    assert isinstance(error, AirflowSensorTimeout)
    assert type(error).__name__ == "GenerationTimeoutError"
    assert str(error) == str(slow)
    assert type(slow) is GenerationTimeoutError
    assert as_sensor_timeout(error) is error
    assert as_airflow(error) is error, "Airflow does not retry it anyway"


@pytest.mark.parametrize("recast", [as_airflow, as_sensor_timeout])
def test_the_traceback_is_kept(recast: Recast) -> None:
    def deep_inside() -> None:
        raise GatewayError("x", final=True)

    def outside() -> None:
        try:
            deep_inside()
        except GatewayError as error:
            raise recast(error) from None

    with pytest.raises((AirflowFailException, AirflowSensorTimeout)) as caught:
        outside()
    assert "deep_inside" in "".join(traceback.format_tb(caught.value.__traceback__))


@pytest.mark.parametrize("recast", [as_airflow, as_sensor_timeout])
def test_the_cause_is_kept(recast: Recast) -> None:
    cause = OSError("no route")
    error = GatewayError("x", final=True)
    error.__cause__ = cause
    assert recast(error).__cause__ is cause
    assert recast(error).__suppress_context__


def test_a_failed_task_leaves_what_happened() -> None:
    left: dict[str, Any] = {}
    instance = SimpleNamespace(xcom_push=lambda key, value: left.update({key: value}))
    leave_failure({"ti": instance}, {"kind": "timeout"})
    assert left == {FAILURE_KEY: {"kind": "timeout"}}


def test_a_failure_that_cannot_be_left_hides_no_error(caplog: pytest.LogCaptureFixture) -> None:
    leave_failure({"ti": SimpleNamespace()}, {"kind": "timeout"})
    [entry] = caplog.records
    assert entry.levelno == logging.ERROR
    assert entry.getMessage() == "The XCom 'failure' could not be written."
