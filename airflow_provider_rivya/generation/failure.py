"""What a task that fails has submitted, or earlier tries of it have, and what is said of that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
from airflow_provider_rivya.redaction import without_access
from airflow_provider_rivya.submission.messages import NO_RECORD, describe

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.context import TryFacts, Words
    from airflow_provider_rivya.submission.record import Record

_MOST_MESSAGE: Final = 2_000
_NO_RETRY: Final = "A retry would not help, so none is made."
_GO_ON: Final = (
    "Fix the request and clear the task: the same request goes on with that. Or fetch the result by its "
    "task id."
)
_BY_STATE: Final = {
    "submitted": _GO_ON,
    "delivered": _GO_ON,
    "intent": "Look at the gateway's account before you fix the request and clear the task, which may "
    "submit, and pay for, a new one.",
    "failed": "Fix the request and clear the task to submit, and pay for, a new one.",
}


@dataclass(frozen=True, slots=True)
class FailureContext:
    """
    What is known when a task fails.

    :param record: of what this task has, or may have, submitted; ``None``: there is none, or it is not known.
    :param known: whether that could be looked at.
    :param facts: of the try.
    :param durable: a record outlives a try.
    """

    record: Record | None
    known: bool
    facts: TryFacts
    durable: bool = True

    @property
    def unpaid(self) -> bool:
        """Whether this task certainly has nothing at the gateway."""
        return self.known and self.record is None

    def explain(self, error: GenerationError) -> GenerationError:
        """
        Return the error with what may have been paid for, and final if it is wrong for good.

        After submission nothing is final but the gateway's own verdict, not even a lost connection.
        """
        if isinstance(error, InvalidRequestError):
            return error.replace(fate=self._of_invalid_request() or error.fate)
        if isinstance(error, ConnectionConfigError) and error.generation_id is None:
            if not self.unpaid and not self.facts.first:
                return error.replace(fate=self._of_bad_connection())
            return error.replace(final=not error.retryable)
        return error

    def of_unforeseen(self, words: Words, *, ended: bool) -> str:
        """
        Say what becomes of what was submitted, for an error that nobody foresaw.

        :param ended: the generation has succeeded, and is being landed.
        """
        record = self.record
        if record is None:
            return words.fate("not_submitted")
        if record.has_failed or record.cleared_since(self.facts.epoch):
            return f"What was submitted is {describe(record)}."
        return words.fate("not_landed" if ended or record.is_delivered else "running", record)

    def _of_invalid_request(self) -> str | None:
        if self.record is not None:
            left = f"an earlier one has left {describe(self.record)}. {_BY_STATE[self.record.state]}"
        elif self.known or self.facts.first:
            return None
        elif self.durable:
            left = (
                "what earlier ones have paid for is not known. Fix the request and clear the task: it goes "
                "on with what is recorded, if anything is."
            )
        else:
            left = (
                "no record says what earlier ones have paid for. Look for a task id in their logs before "
                "you clear the task, which submits, and pays for, a new one."
            )
        return f"This try submitted nothing; {left} {_NO_RETRY}"

    def _of_bad_connection(self) -> str:
        if self.facts.resumed:
            before = "The generation that was submitted before the deferral goes on at the gateway"
            return (
                f"{before}; once the connection can be used, a retry, or a clear, goes on with it."
                if self.durable
                else f"{before}; its task id is in the log above. {NO_RECORD}"
            )
        if self.durable:
            return (
                "This try submitted nothing. What an earlier one may have paid for is not lost: once the "
                "connection can be used, a retry goes on with it."
            )
        return (
            "This try submitted nothing; no record says what earlier ones have paid for: look for a task id "
            "in their logs. A retry submits again."
        )


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


def failure_document(error: GenerationError, record: Record | None, *, known: bool) -> dict[str, Any]:
    """
    Say what happened in a form that a DAG can branch on.

    :param record: the submission record after the failure.
    :param known: whether the record could be looked at.
    :return: ``kind`` (a word of the table above, or ``error``), ``submitted`` (``True``, ``False``, or
        ``None`` when it is not known: never pay elsewhere unless it is ``False``), ``generation_id``,
        ``credits`` (reserved, or for a failed generation what it cost) and ``message``, for people.
    """
    kind = next((word for error_class, word in _KINDS if isinstance(error, error_class)), "error")
    generation_id = (record.generation_id if record else None) or error.generation_id
    message = without_access(str(error))
    submitted: bool | None
    if generation_id or (record is not None and record.taken_in):
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
        "message": message if len(message) <= _MOST_MESSAGE else f"{message[: _MOST_MESSAGE - 1]}…",
    }
