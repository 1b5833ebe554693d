"""Why a try goes no further than its submission record, in words for the log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.submission import fate
from airflow_provider_rivya.submission.decide import EXPIRED

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.decide import Stop
    from airflow_provider_rivya.submission.lookup import Finding
    from airflow_provider_rivya.submission.record import Record


def stopped(
    step: Stop,
    situation: fate.Situation,
    finding: Finding | None = None,
    error: GatewayError | None = None,
) -> GenerationError:
    """
    Return the error for a record that only a person can go on from.

    :param finding: how the look-up ended, where there was one.
    :param error: what this very try got in the place of an answer; ``None``: an earlier try sent it.
    """
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
    elif finding is not None:
        message, said = _looked_up(record, situation, finding, error)
    else:
        message = f"Generation {record.generation_id} had failed at the gateway"
        if record.code == EXPIRED:
            message = f"The result of generation {record.generation_id} had expired at the gateway"
        said = fate.failed_charged(situation) if step.reason == "charged" else fate.refused_content(situation)
    if error is not None:
        error.message, error.advice, error.fate = message, None, said
        return without_retry(error)
    return without_retry(
        GenerationError(
            message,
            generation_id=record.generation_id,
            conn_id=record.conn_id,
            code=record.code,
            fate=said,
        )
    )


def _looked_up(
    record: Record, situation: fate.Situation, finding: Finding, error: GatewayError | None
) -> tuple[str, str]:
    """Word a look-up that did not show the request's generation: what happened, and what to do."""
    sent = "An earlier try sent a request and got no answer" if error is None else error.message
    if finding.found is None:
        outcome = f"the gateway knows no generation under its id {record.key} ({finding.in_words})"
    else:
        outcome = (
            f"under its id {record.key} the gateway has generation {finding.found.id}, which "
            f"{finding.foreign}: that is another task's, of another Airflow deployment with the same ids "
            "(give each connection its own idempotency_namespace) or of a DAG run that was deleted and made "
            "again"
        )
    when = datetime.fromtimestamp(record.begun_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    advice = [
        "Whether it was taken in, and is paid for, is not known"
        + ("." if error is not None else "; this try sent nothing and paid nothing."),
        f"No retry is made: look at the gateway's account for a generation of about {when}, or ask its "
        "support for that id.",
        "If there is one, fetch its result by its task id and mark the task as succeeded; if not, clear the "
        "task:",
        "it looks once more, and then submits, and pays for, a new one under a new id."
        if situation.durable
        else "it submits, and pays for, a new one, as there is no record of this one.",
    ]
    if finding.found is None:
        advice.append(
            "The request renders otherwise now, so that on_uncertain_submission='resubmit' does not do that."
            if situation.resubmits
            else "on_uncertain_submission='resubmit' does that without asking, and may so pay twice."
        )
    return f"{sent.rstrip('.')}; {outcome}", " ".join(advice)


def not_looked_up(
    error: GatewayError, record: Record, situation: fate.Situation, why: GatewayError | None = None
) -> GatewayError:
    """
    Return the error for a request without an answer that could not be looked up either.

    :param error: what this try got in the place of an answer, or of the look-up of an earlier one.
    :param why: why it could not be looked up after the former.
    """
    if why is None:
        error.message = (
            f"An earlier try sent a request and got no answer, and it could not be looked up under its id "
            f"{record.key}: {error.message}"
        )
    else:
        error.message = (
            f"{error.message.rstrip('.')}; it could not be looked up under its id {record.key} either: "
            f"{why.message}"
        )
        error.advice = why.advice or error.advice
    error.fate = fate.uncertain(situation)
    error.maybe_taken_in = True
    return error


def interrupted(record: Record, situation: fate.Situation) -> GatewayError:
    """Return the error for a task that was asked to stop while it looked up its request."""
    error = GatewayError(
        f"The task was asked to stop while it looked its request up under the id {record.key}",
        conn_id=record.conn_id,
        fate=fate.uncertain(situation),
        retryable=True,
    )
    error.maybe_taken_in = True
    return error


def overtaken(record: Record | None, conn_id: str, situation: fate.Situation) -> GenerationError:
    """
    Return the error for a process beside which another one of the same task submits.

    :param record: the other one's intent, if that still stands.
    """
    if record is None:
        return GenerationError(
            "Another process of this task has taken its submission over or back",
            conn_id=conn_id,
            fate=fate.not_submitted(situation, final=False),
            retryable=True,
        )
    return GenerationError(
        f"Another process of this task has submitted, or is about to, under the id {record.key}, and has "
        "recorded no answer",
        conn_id=conn_id,
        fate=f"This process has sent nothing and paid nothing. {fate.uncertain(situation)}",
        retryable=True,
    )


def gone_on(instead: Record, conn_id: str, situation: fate.Situation) -> GenerationError:
    """
    Return the error for a process beside which another one of the same task has gone on to something else.

    :param instead: what is recorded now.
    """
    return GenerationError(
        f"Another process of this task has gone on to something else: {in_words(instead)}",
        conn_id=conn_id,
        fate="This process has sent nothing and paid nothing. "
        f"{situation.again} goes on with what is recorded.",
        retryable=True,
    )


def sent_elsewhere(record: Record, conn_id: str) -> GenerationError:
    """
    Return the error for a request without an answer that was sent through another connection.

    :param conn_id: of this try.
    """
    return without_retry(
        GenerationError(
            f"An earlier try sent a request through the connection {record.conn_id!r} and got no answer; "
            f"this try has the connection {conn_id!r}, where it can neither be sent again nor looked up",
            conn_id=conn_id,
            fate="Whether it was taken in is not known; this try sent nothing and paid nothing, and no retry "
            f"is made. Give the task its connection {record.conn_id!r} back and clear it; or clear it as it "
            "is: then it submits, and pays for, a new one.",
        )
    )


def cannot_begin(abandoned: Record | None, conn_id: str) -> GenerationError:
    """Return the error for a request that is to be submitted anew, and cannot be made any more."""
    left = f", and what an earlier try left is {in_words(abandoned)}" if abandoned else ""
    return without_retry(
        GenerationError(
            f"The request cannot be made now (the warning above says why){left}",
            conn_id=conn_id,
            fate="This try sent nothing and paid nothing, and no retry is made. Mend the request, and clear "
            "the task.",
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


def left_behind(record: Record | None) -> str | None:
    """Name what an earlier try has left, if that may run or be paid for without a result."""
    return in_words(record) if record is not None and record.state in ("intent", "submitted") else None


def in_words(record: Record) -> str:
    """Name what a record leaves behind."""
    if record.state == "withdrawn":
        return f"a submission that was taken back (key {record.key}), which cost nothing"
    if record.generation_id is None:
        return f"a submission without an answer (key {record.key}), which may have been paid for"
    known = f"generation {record.generation_id} ({record.state}), which"
    if record.state == "submitted":
        return f"{known} may be running and was paid for"
    if record.state == "delivered":
        return f"{known} was paid for"
    if record.credits is None:
        return f"{known} may have been charged"
    return f"{known} cost {in_credits(record.credits)}"
