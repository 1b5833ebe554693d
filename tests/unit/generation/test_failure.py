"""What a failed task says of what it, or earlier tries, have submitted; and the ``failure`` document."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    DownloadError,
    Fault,
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
from airflow_provider_rivya.generation.failure import FailureContext, failure_document
from airflow_provider_rivya.operators.airflow_errors import as_airflow
from airflow_provider_rivya.submission.context import TryFacts
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.record import Record

INTENT = Record("intent", 2, 0, "f", "rivya-1", 0.0, "rivya_default", "nano-banana-2", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)
DELIVERED = SUBMITTED.delivered()
CHARGED = SUBMITTED.failed("oops", 5)

FIRST = TryFacts(epoch=2, try_number=1)
LATER = TryFacts(epoch=2, try_number=2)
CLEARED = TryFacts(epoch=3, try_number=2)
RESUMED = TryFacts(epoch=2, try_number=1, resumed=True)


def left(
    record: Record | None, *, known: bool = True, facts: TryFacts = LATER, durable: bool = True
) -> FailureContext:
    return FailureContext(record, known, facts, durable)


NOTHING = "Nothing was sent and nothing was charged; a retry would not help."
NO_RETRY = "A retry would not help, so none is made."
GO_ON = (
    "Fix the request and clear the task: the same request goes on with that. Or fetch the result by its "
    "task id."
)


@pytest.mark.parametrize(
    ("context", "fate"),
    [
        (left(None), NOTHING),
        (left(None, known=False, facts=FIRST), NOTHING),
        (
            left(None, known=False),
            "This try submitted nothing; what earlier ones have paid for is not known. Fix the request and "
            f"clear the task: it goes on with what is recorded, if anything is. {NO_RETRY}",
        ),
        (
            left(None, known=False, durable=False),
            "This try submitted nothing; no record says what earlier ones have paid for. Look for a task id "
            "in their logs before you clear the task, which submits, and pays for, a new one. "
            f"{NO_RETRY}",
        ),
        (
            left(SUBMITTED),
            "This try submitted nothing; an earlier one has left generation task_1 (submitted), which may be "
            f"running and was paid for. {GO_ON} {NO_RETRY}",
        ),
        (
            left(DELIVERED),
            "This try submitted nothing; an earlier one has left generation task_1 (delivered), which was "
            f"paid for. {GO_ON} {NO_RETRY}",
        ),
        (
            left(INTENT),
            "This try submitted nothing; an earlier one has left a submission without an answer (key "
            "rivya-1), which may have been paid for. Look at the gateway's account before you fix the "
            f"request and clear the task, which may submit, and pay for, a new one. {NO_RETRY}",
        ),
        (
            left(CHARGED),
            "This try submitted nothing; an earlier one has left generation task_1 (failed), which cost 5 "
            "credits. Fix the request and clear the task to submit, and pay for, a new one. "
            f"{NO_RETRY}",
        ),
    ],
)
def test_a_request_that_is_wrong_is_final_and_names_what_there_is(context: FailureContext, fate: str) -> None:
    error = InvalidRequestError([Fault("prompt", "is missing")])
    told = context.explain(error)
    assert told.final
    assert str(told).endswith(fate)
    assert error.fate == NOTHING, "errors do not change"


BEFORE = "The generation that was submitted before the deferral goes on at the gateway"


@pytest.mark.parametrize(
    ("context", "fate"),
    [
        (left(None), None),
        (left(None, known=False, facts=FIRST), None),
        (
            left(None, known=False),
            "This try submitted nothing. What an earlier one may have paid for is not lost: once the "
            "connection can be used, a retry goes on with it.",
        ),
        (
            left(None, known=False, durable=False),
            "This try submitted nothing; no record says what earlier ones have paid for: look for a task id "
            "in their logs. A retry submits again.",
        ),
        (
            left(SUBMITTED),
            "This try submitted nothing. What an earlier one may have paid for is not lost: once the "
            "connection can be used, a retry goes on with it.",
        ),
        (
            left(None, known=False, facts=RESUMED),
            f"{BEFORE}; once the connection can be used, a retry, or a clear, goes on with it.",
        ),
        (
            left(None, known=False, facts=RESUMED, durable=False),
            f"{BEFORE}; its task id is in the log above. No record of it was found: a retry would submit "
            "a new generation and may pay again.",
        ),
    ],
)
def test_a_connection_that_is_wrong_is_final_only_where_nothing_is_paid_for(
    context: FailureContext, fate: str | None
) -> None:
    told = context.explain(ConnectionConfigError("The connection is gone."))
    assert (told.fate, told.final) == (fate, fate is None)


def test_a_connection_whose_fault_may_pass_is_tried_again() -> None:
    told = left(None).explain(ConnectionConfigError("No secrets backend answers.", retryable=True))
    assert not told.final


@pytest.mark.parametrize(
    "error",
    [
        ConnectionConfigError("It is gone.", generation_id="task_1", fate="It goes on."),
        GatewayError("It broke off.", fate="It goes on."),
    ],
)
def test_what_the_waiting_has_worded_stays(error: GenerationError) -> None:
    assert left(None, known=False).explain(error) is error


@pytest.mark.parametrize(
    ("context", "ended", "says"),
    [
        (
            left(None),
            False,
            "Nothing was submitted and nothing was charged. The next try (2 left) submits the request.",
        ),
        (
            left(SUBMITTED),
            False,
            "Generation task_1 goes on at the gateway and 5 credits are reserved. The next try (2 left) "
            "re-attaches to it and does not pay again.",
        ),
        (
            left(SUBMITTED),
            True,
            "Generation task_1 succeeded and is paid for (5 credits); its result is not lost. The next try "
            "(2 left) fetches it again and does not pay again.",
        ),
        (
            left(DELIVERED),
            False,
            "Generation task_1 succeeded and is paid for (5 credits); its result is not lost. The next try "
            "(2 left) fetches it again and does not pay again.",
        ),
        (
            left(CHARGED),
            False,
            "What was submitted is generation task_1 (failed), which cost 5 credits.",
        ),
        (
            left(SUBMITTED, facts=CLEARED),
            False,
            "What was submitted is generation task_1 (submitted), which may be running and was paid for.",
        ),
    ],
)
def test_an_error_that_nobody_foresaw(context: FailureContext, ended: bool, says: str) -> None:
    assert context.of_unforeseen(TaskWords(durable=True, retries_left=2), ended=ended) == says


# -- the document ----------------------------------------------------------------------------------


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
        (as_airflow(AuthenticationError("x", final=True)), "key"),
    ],
)
def test_the_kind_of_a_failure(error: GenerationError, kind: str) -> None:
    assert failure_document(error, None, known=True)["kind"] == kind


@pytest.mark.parametrize(
    ("error", "record", "known", "submitted"),
    [
        (GatewayError("x"), None, True, False),
        (GatewayError("x"), None, False, None),
        (GatewayError("x"), INTENT, True, None),
        (GatewayError("x"), INTENT.withdrawn(), True, None),
        (GatewayUnreachableError("x", maybe_taken_in=True), None, True, None),
        (GatewayError("x", generation_id="t"), None, True, True),
        (GatewayError("x"), SUBMITTED, True, True),
        (GatewayError("x"), CHARGED, True, True),
    ],
)
def test_only_what_was_certainly_not_submitted_is_called_so(
    error: GenerationError, record: Record | None, known: bool, submitted: bool | None
) -> None:
    """A DAG that pays elsewhere on ``False`` must be able to rely on it."""
    assert failure_document(error, record, known=known)["submitted"] is submitted


@pytest.mark.parametrize(
    ("error", "record", "generation_id", "credits"),
    [
        (GenerationTimeoutError("x"), SUBMITTED, "task_1", 5),
        (GenerationTimeoutError("x", generation_id="task_2"), None, "task_2", None),
    ],
)
def test_what_is_known_of_a_submitted_generation(
    error: GenerationError, record: Record | None, generation_id: str, credits: Any
) -> None:
    assert failure_document(error, record, known=True) == {
        "kind": "timeout",
        "submitted": True,
        "generation_id": generation_id,
        "credits": credits,
        "message": str(error),
    }


def test_the_message_has_neither_key_nor_url_and_an_end() -> None:
    error = GenerationError("rvya_sk_secret0 https://u:p@cdn.test/a.png?sig=1 " + "x" * 5_000)
    message = failure_document(error, None, known=True)["message"]
    assert message.startswith("*** https://cdn.test/a.png?... xxx")
    assert (len(message), message[-1]) == (2_000, "…")
