"""What a failed task tells Airflow: whether to retry, and what really happened."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GatewayError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    OutputError,
    PermissionDeniedError,
    RequestRejectedError,
)

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.record import Record

E = TypeVar("E", bound=GenerationError)


@functools.cache
def _final_class(error_class: type[Any]) -> type[GenerationError]:
    return type(error_class.__name__, (error_class, AirflowFailException), {"__doc__": error_class.__doc__})


def without_retry(error: E) -> E:
    """
    Make an error end the task at once, whatever its ``retries``.

    The error keeps its class, attributes and traceback; it only becomes an
    ``AirflowFailException`` as well.
    """
    if not isinstance(error, AirflowFailException):
        error.__class__ = cast(type[E], _final_class(cast(Any, type(error))))
    return error


FAILURE_KEY: Final = "failure"
"""XCom key under which a failed task says what happened."""

# The first class that fits decides.
_KINDS: Final[tuple[tuple[type[GenerationError], str], ...]] = (
    (InvalidRequestError, "invalid_request"),
    (ConnectionConfigError, "connection"),
    (AuthenticationError, "key"),
    (PermissionDeniedError, "key"),
    (InsufficientCreditsError, "credits"),
    (NotFoundError, "not_found"),
    (IdempotencyConflictError, "conflict"),
    (RequestRejectedError, "rejected"),
    (GatewayError, "unavailable"),
    (GenerationFailedError, "generation_failed"),
    (GenerationTimeoutError, "timeout"),
    (OutputError, "output"),
)


def failure_of_task(error: GenerationError, record: Record | None, *, known: bool) -> dict[str, Any]:
    """
    Say what happened in a form that a DAG can branch on.

    :param record: the submission record after the failure.
    :param known: whether the record could be looked at.
    :return: ``kind`` (a word of the table above, or ``error``), ``submitted`` (``True``, ``False``, or
        ``None`` when it is not known: never pay elsewhere unless it is ``False``), ``generation_id``
        and ``credits`` (reserved, or for a failed generation what it cost).
    """
    kind = next((word for error_class, word in _KINDS if isinstance(error, error_class)), "error")
    generation_id = (record.generation_id if record else None) or error.generation_id
    submitted: bool | None
    if generation_id or (record is not None and record.state not in ("intent", "withdrawn")):
        submitted = True
    elif record is not None or not known or (isinstance(error, GatewayError) and error.maybe_taken_in):
        submitted = None
    else:
        submitted = False
    return {
        "kind": kind,
        "submitted": submitted,
        "generation_id": generation_id,
        "credits": whole(record.credits) if record else None,
    }
