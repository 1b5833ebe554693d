"""Turns errors of the core into Airflow's: no retry, a sensor's timeout, the ``failure`` XCom."""

from __future__ import annotations

import functools
import logging
from typing import Any, Final, TypeVar, cast

from airflow_provider_rivya._compat import AirflowFailException, AirflowSensorTimeout
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.operators.identity import row_of

log = logging.getLogger(__name__)

FAILURE_KEY: Final = "failure"
"""XCom key under which a failed task says what happened."""

E = TypeVar("E", bound=GenerationError)


def as_airflow(error: E) -> E:
    """
    Return an error that Airflow does not retry if it is final, and the error itself if it is not.

    It is of the same class, and an ``AirflowFailException`` as well.
    """
    return _recast(error, AirflowFailException) if error.final else error


def as_sensor_timeout(error: E) -> E:
    """Return an error that is Airflow's own end of a sensor's patience as well, which is not retried."""
    return _recast(error, AirflowSensorTimeout)


def leave_failure(context: Any, failure: dict[str, Any]) -> None:
    """Push the ``failure`` XCom of a task that is about to fail, with its row where it has one."""
    try:
        row = {name: value for name, value in row_of(context).items() if value is not None}
        context["ti"].xcom_push(key=FAILURE_KEY, value={**failure, **row})
    except Exception:
        log.exception("The XCom %r could not be written.", FAILURE_KEY)


def _recast(error: E, airflow: type[Exception]) -> E:
    if isinstance(error, airflow):
        return error
    recast: Any = _class_of(cast(Any, type(error)), cast(Any, airflow))
    made = recast.__new__(recast)
    made.__dict__.update(error.__dict__)
    made.args = (error.message,)
    made.__cause__, made.__suppress_context__ = error.__cause__, error.__suppress_context__
    return cast(E, made.with_traceback(error.__traceback__))


@functools.cache
def _class_of(error_class: type[Any], airflow: type[Any]) -> type[GenerationError]:
    return type(error_class.__name__, (error_class, airflow), {"__doc__": error_class.__doc__})
