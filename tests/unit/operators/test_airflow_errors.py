from __future__ import annotations

import traceback

import pytest
from airflow_provider_rivya.operators.failures import failure_of_task, without_retry

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    DownloadError,
    GatewayError,
    GatewayUnreachableError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.submission.record import Record

INTENT = Record("intent", 0, 0, "f", "key", 1.0, "rivya_default", "z-image", body="{}")


def test_an_error_without_retry_stays_what_it_is() -> None:
    original = GatewayError("x", conn_id="c", retry_after=3.0)
    final = without_retry(original)
    assert final is original
    assert isinstance(final, GatewayError)
    assert isinstance(final, AirflowFailException)
    assert type(final).__name__ == "GatewayError"
    assert type(final).__doc__ == GatewayError.__doc__
    assert (str(final), final.conn_id, final.retry_after) == (str(GatewayError("x", conn_id="c")), "c", 3.0)
    assert without_retry(final) is final
    assert type(without_retry(GatewayError("y"))) is type(final)


def test_the_traceback_is_kept() -> None:
    def deep_inside() -> None:
        raise GatewayError("x")

    def outside() -> None:
        try:
            deep_inside()
        except GatewayError as error:
            raise without_retry(error) from None

    with pytest.raises(AirflowFailException) as caught:
        outside()
    assert "deep_inside" in "".join(traceback.format_tb(caught.value.__traceback__))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequestError([]), "invalid_request"),
        (ConnectionConfigError("x"), "connection"),
        (AuthenticationError("x"), "key"),
        (PermissionDeniedError("x"), "key"),
        (InsufficientCreditsError("x"), "credits"),
        (NotFoundError("x"), "not_found"),
        (IdempotencyConflictError("x"), "conflict"),
        (RequestRejectedError("x"), "rejected"),
        (GatewayUnreachableError("x"), "unavailable"),
        (UnexpectedAnswerError("x"), "unavailable"),
        (GenerationFailedError("x"), "generation_failed"),
        (GenerationTimeoutError("x"), "timeout"),
        (DownloadError("x"), "output"),
        (GenerationError("x"), "error"),
        (without_retry(AuthenticationError("x")), "key"),
    ],
)
def test_the_kind_of_a_failure(error: GenerationError, kind: str) -> None:
    assert failure_of_task(error, None, known=True)["kind"] == kind


def test_only_what_was_certainly_not_submitted_is_called_so() -> None:
    """A DAG that pays elsewhere on ``False`` must be able to rely on it."""
    lost = GatewayUnreachableError("x")
    lost.maybe_taken_in = True
    plain = GatewayError("x")
    assert failure_of_task(plain, None, known=True)["submitted"] is False
    assert failure_of_task(plain, None, known=False)["submitted"] is None
    assert failure_of_task(plain, INTENT, known=True)["submitted"] is None
    assert failure_of_task(lost, None, known=True)["submitted"] is None
    assert failure_of_task(GatewayError("x", generation_id="t"), None, known=True)["submitted"] is True


def test_what_is_known_of_a_submitted_generation() -> None:
    record = INTENT.submitted("task_1", 5.0, 2.0)
    assert failure_of_task(GenerationTimeoutError("x"), record, known=True) == {
        "kind": "timeout",
        "submitted": True,
        "generation_id": "task_1",
        "credits": 5,
    }
