"""The errors of a try that goes no further than its submission record. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.submission.messages import describe
from airflow_provider_rivya.submission.record import EXPIRED

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.context import Words
    from airflow_provider_rivya.submission.decide import Finding, Stop
    from airflow_provider_rivya.submission.record import Record


class NothingBegunError(GenerationError):
    """A new generation would have to be begun, and this try may begin none."""


def stopped(
    step: Stop, words: Words, finding: Finding | None, error: GatewayError | None = None
) -> GenerationError:
    """
    Return the error for a record that only a person can go on from.

    :param finding: how the look-up of an unanswered request ended, if there was one.
    :param error: what this very try got in the place of an answer; ``None``: an earlier try sent it.
    """
    record, sent = step.record, error is not None
    if finding is not None:
        before = error.message.rstrip(".") if error else "An earlier try sent a request and got no answer"
        message = f"{before}; {_found_instead(finding, record)}"
        fate = words.impasse("absent" if step.reason == "absent" else "foreign", record, sent=sent)
    elif step.reason == "uncertain":
        message = (
            "An earlier try sent a request and got no answer; whether the gateway accepted it is not known"
        )
        fate = words.impasse("uncertain", record)
    else:
        message = (
            f"The result of generation {record.generation_id} had expired at the gateway"
            if record.code == EXPIRED
            else f"Generation {record.generation_id} had failed at the gateway"
        )
        fate = words.fate("charged" if step.reason == "charged" else "refused", record)
    if error is not None:
        return error.replace(message=message, advice=None, fate=fate, final=True)
    return GenerationError(
        message,
        generation_id=record.generation_id,
        conn_id=record.conn_id,
        code=record.code,
        fate=fate,
        final=True,
    )


def _found_instead(finding: Finding, record: Record) -> str:
    if finding.found is None:
        return f"the gateway knows no generation under its id {record.key} ({finding.in_words})"
    return (
        f"under its id {record.key} the gateway has generation {finding.found.id}, which {finding.foreign}: "
        "that is another task's, of another Airflow deployment with the same ids (give each connection its "
        "own idempotency_namespace) or of a DAG run that was deleted and made again"
    )


def not_looked_up(
    error: GatewayError, record: Record, words: Words, why: GatewayError | None = None
) -> GatewayError:
    """
    Return the error for a request without an answer that could not be looked up either.

    :param error: what this try got in the place of an answer, or of the look-up of an earlier one.
    :param why: why it could not be looked up after the former.
    """
    if why is None:
        message = (
            f"An earlier try sent a request and got no answer, and it could not be looked up under its id "
            f"{record.key}: {error.message}"
        )
    else:
        message = (
            f"{error.message.rstrip('.')}; it could not be looked up under its id {record.key} either: "
            f"{why.message}"
        )
    return error.replace(
        message=message,
        advice=(why.advice if why else None) or error.advice,
        fate=words.fate("uncertain", record),
        maybe_taken_in=True,
    )


def interrupted(record: Record | None, conn_id: str, words: Words) -> GatewayError:
    """
    Return the error for a task that was asked to stop while it found out what became of a request.

    :param record: that it looked up at the gateway; ``None``: it waited for what another process records.
    """
    found_out = f"looked its request up under the id {record.key}" if record else "waited for another process"
    return GatewayError(
        f"The task was asked to stop while it {found_out}",
        conn_id=conn_id,
        fate=words.fate("uncertain", record),
        retryable=True,
        maybe_taken_in=True,
    )


_NOTHING_OF_THIS_ONE: Final = "This process has sent nothing and paid nothing."


def overtaken(record: Record | None, conn_id: str, words: Words) -> GenerationError:
    """
    Return the error for a process beside which another one of the same task submits.

    :param record: the other one's intent, if that still stands.
    """
    if record is None:
        return GenerationError(
            "Another process of this task has taken its submission over or back",
            conn_id=conn_id,
            fate=words.fate("not_submitted"),
            retryable=True,
        )
    return GenerationError(
        f"Another process of this task has submitted, or is about to, under the id {record.key}, and has "
        "recorded no answer",
        conn_id=conn_id,
        fate=f"{_NOTHING_OF_THIS_ONE} {words.fate('uncertain', record)}",
        retryable=True,
    )


def gone_on(instead: Record, conn_id: str, words: Words) -> GenerationError:
    """
    Return the error for a process beside which another one of the same task has gone on to something else.

    :param instead: what is recorded now.
    """
    return GenerationError(
        f"Another process of this task has gone on to something else: {describe(instead)}",
        conn_id=conn_id,
        fate=f"{_NOTHING_OF_THIS_ONE} {words.again} goes on with what is recorded.",
        retryable=True,
    )


def sent_elsewhere(record: Record, conn_id: str, words: Words) -> GenerationError:
    """
    Return the error for a request without an answer that was sent through another connection.

    :param conn_id: of this try.
    """
    return GenerationError(
        f"An earlier try sent a request through the connection {record.conn_id!r} and got no answer; "
        f"this try has the connection {conn_id!r}, where it can neither be sent again nor looked up",
        conn_id=conn_id,
        fate=words.impasse("elsewhere", record),
        final=True,
    )


def not_the_only_row(record: Record, row_key: str | None, conn_id: str) -> GenerationError:
    """Return the error for a row whose key another row has, or whose request is another one now."""
    return GenerationError(
        f"Another request was submitted for the row key {row_key!r}: {describe(record)}",
        conn_id=conn_id,
        advice="Two rows of one key would get one result: give each row a key of its own. If it is the same "
        "row, whose request has changed since, clear the task.",
        fate="This try submitted nothing and was charged nothing, and no retry is made; a clear submits, and "
        "pays for, a new generation.",
        final=True,
    )


def cannot_begin(abandoned: Record | None, conn_id: str, words: Words) -> GenerationError:
    """Return the error for a request that is to be submitted again, and cannot be made any more."""
    left = f", and what an earlier try left is {describe(abandoned)}" if abandoned else ""
    return GenerationError(
        f"The request cannot be made now (the warning above says why){left}",
        conn_id=conn_id,
        fate=words.impasse("unmakeable"),
        final=True,
    )


def not_ours(answer: Generation, record: Record, why: str, words: Words) -> GenerationError:
    """
    Return the error for an answer that another request has made.

    The task id is in the text alone: it is not this task's generation.

    :param why: what shows it, after "which".
    """
    return GenerationError(
        f"The gateway answered with generation {answer.id}, which {why}: it "
        "belongs to another task under the same idempotency key",
        conn_id=record.conn_id,
        advice="Either another Airflow deployment with the same DAG and run ids uses the account: give "
        "each connection its own idempotency_namespace. Or a DAG run was deleted and made again under "
        "the same run id.",
        fate=words.impasse("not_ours"),
        final=True,
    )
