"""Why a try goes no further than its submission record, in words for the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.generation import fate
from airflow_provider_rivya.operators.failures import without_retry

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.generation.submission import Record, Stop


def stopped(step: Stop, situation: Callable[[Record], fate.Situation]) -> GenerationError:
    """Return the error for a record that only a person can go on from."""
    record = step.record
    if step.reason == "uncertain":
        message = (
            "An earlier try sent a request and got no answer; whether the gateway took it in is not known"
        )
        said = (
            "This try sent nothing and paid nothing, and no retry is made. Look at the account; "
            "then clear the task: it sends the same request under the same idempotency key within a day of "
            "the first, and a new one after that."
        )
    else:
        message = f"Generation {record.generation_id} had failed at the gateway"
        words = fate.failed_charged if step.reason == "charged" else fate.refused_content
        said = words(situation(record))
    return without_retry(
        GenerationError(
            message,
            generation_id=record.generation_id,
            conn_id=record.conn_id,
            code=record.code,
            fate=said,
        )
    )


def foreign(answer: Generation, record: Record, older_by: float) -> GenerationError:
    """
    Return the error for an answer that was there before its request.

    The task id is in the text alone: it is not this task's generation.
    """
    return without_retry(
        GenerationError(
            f"The gateway answered with generation {answer.id}, which was created {older_by:.0f} s before "
            "this request was made: it belongs to another task under the same idempotency key",
            conn_id=record.conn_id,
            advice="Either another Airflow deployment with the same DAG and run ids uses the account: give "
            "each connection its own idempotency_namespace. Or a DAG run was deleted and made again under "
            "the same run id.",
            fate="This try has paid nothing. Clear the task: it then submits anew under a new key.",
        )
    )


def in_words(record: Record) -> str:
    """Name what a record leaves behind."""
    if record.generation_id is None:
        return f"a submission without an answer (idempotency key {record.key}), which may have been paid for"
    return f"generation {record.generation_id} ({record.state}), which may be running and was paid for"
