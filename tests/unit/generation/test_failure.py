"""What a failed task says of what it, or earlier tries of it, have submitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from airflow_provider_rivya.submission.fate import Situation
from airflow_provider_rivya.submission.leftovers import Left, standing

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import ConnectionConfigError, Fault, InvalidRequestError
from airflow_provider_rivya.submission.record import Record

INTENT = Record("intent", 2, 0, "f", "rivya-1", 0.0, "rivya_default", "nano-banana-2", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)
DELIVERED = SUBMITTED.delivered()
REFUNDED, CHARGED = SUBMITTED.failed("oops", 0), SUBMITTED.failed("oops", 5)
SITUATION = Situation(durable=True, retries_left=2, generation_id="task_1", credits=5)


@pytest.mark.parametrize(
    ("record", "epoch", "reuse", "stands"),
    [
        (None, 2, False, False),
        (replace(INTENT, state="withdrawn"), 2, False, False),
        (INTENT, 2, False, True),
        (INTENT, 3, False, True),
        (SUBMITTED, 3, False, True),
        (DELIVERED, 2, False, True),
        (DELIVERED, 3, False, False),
        (DELIVERED, 3, True, True),
        (REFUNDED, 2, False, False),
        (CHARGED, 2, False, True),
        (CHARGED, 3, True, False),
    ],
)
def test_which_record_of_an_earlier_try_counts(
    record: Record | None, epoch: int, reuse: bool, stands: bool
) -> None:
    assert standing(record, epoch, reuse=reuse) == (record if stands else None)


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (Left(None, known=True), "Nothing was sent and nothing was charged; a retry would not help."),
        (Left(None, known=False, first=True), "Nothing was sent and nothing was charged"),
        (Left(None, known=False), "what earlier ones have paid for is not known. Mend the request and clear"),
        (Left(None, known=False, durable=False), "no record tells what earlier ones have paid for. Look for"),
        (
            Left(SUBMITTED, known=True),
            "left generation task_1 (submitted), which may be running and was paid for.",
        ),
        (
            Left(SUBMITTED, known=True),
            "the same request goes on with that. Or fetch the result by",
        ),
        (Left(INTENT, known=True), "Look at the gateway's account before you mend the request and clear"),
        (
            Left(CHARGED, known=True),
            "which cost 5 credits. Mend the request and clear the task to",
        ),
    ],
)
def test_a_request_that_is_wrong_is_final_and_names_what_there_is(left: Left, says: str) -> None:
    error = InvalidRequestError([Fault("prompt", "is missing")])
    left.settle(error)
    assert isinstance(error, AirflowFailException)
    assert says in str(error)


@pytest.mark.parametrize(
    ("left", "final", "says"),
    [
        (Left(None, known=True), True, "is gone."),
        (Left(None, known=False, first=True), True, "is gone."),
        (Left(None, known=False), False, "What an earlier one may have paid for is not lost"),
        (
            Left(None, known=False, durable=False),
            False,
            "look for a task id in their logs. A retry",
        ),
        (Left(SUBMITTED, known=True), False, "What an earlier one may have paid for is not lost"),
        (
            Left(None, known=False, resumed=True),
            False,
            "goes on at the gateway; once the connection can be used, a retry, or a clear, goes on with it.",
        ),
        (
            Left(None, known=False, durable=False, resumed=True),
            False,
            "its task id is in the log above. No record of it is at hand: a retry would submit anew",
        ),
    ],
)
def test_a_connection_that_is_wrong_is_final_only_where_nothing_is_paid_for(
    left: Left, final: bool, says: str
) -> None:
    error = ConnectionConfigError("The connection is gone.")
    left.settle(error)
    assert isinstance(error, AirflowFailException) is final
    assert says in str(error)


def test_what_the_waiting_has_worded_stays() -> None:
    error = ConnectionConfigError("It is gone.", generation_id="task_1", fate="It goes on.")
    Left(None, known=False).settle(error)
    assert error.fate == "It goes on."
    assert not isinstance(error, AirflowFailException)


@pytest.mark.parametrize(
    ("left", "ended", "says"),
    [
        (
            Left(None, known=True),
            False,
            "Nothing was submitted and nothing was charged. The next",
        ),
        (
            Left(SUBMITTED, known=True),
            False,
            "Generation task_1 goes on at the gateway and 5 credits",
        ),
        (Left(SUBMITTED, known=True), True, "is paid for (5 credits); its result is not lost."),
        (
            Left(DELIVERED, known=True),
            False,
            "is paid for (5 credits); its result is not lost.",
        ),
        (
            Left(CHARGED, known=True),
            False,
            "What was submitted is generation task_1 (failed), which",
        ),
        (
            Left(SUBMITTED, known=True, cleared=True),
            False,
            "What was submitted is generation task_1 (submitted), which may be running and was paid for.",
        ),
    ],
)
def test_an_error_that_nobody_foresaw(left: Left, ended: bool, says: str) -> None:
    assert says in left.of_unforeseen(SITUATION, ended=ended)
