"""What a task that fails has submitted, or earlier tries of it have, and what is said of that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import ConnectionConfigError, GenerationError, InvalidRequestError
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.submission import fate
from airflow_provider_rivya.submission.stopping import in_words

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.record import Record

_NO_RETRY: Final = "A retry would not help, so none is made."
_GO_ON: Final = (
    "Mend the request and clear the task: the same request goes on with that. Or fetch the result by its "
    "task id."
)
_BY_STATE: Final = {
    "submitted": _GO_ON,
    "delivered": _GO_ON,
    "intent": "Look at the gateway's account before you mend the request and clear the task, which "
    "may submit, and "
    "pay for, a new one.",
    "failed": "Mend the request and clear the task to submit, and pay for, a new one.",
}


def standing(record: Record | None, epoch: int, *, reuse: bool) -> Record | None:
    """
    Return an earlier try's record if its generation is still what this task asks for, or may be paid for.

    :param epoch: the task instance's ``max_tries``.
    :param reuse: a delivered generation is, even after a clear.
    """
    if record is None or record.state == "withdrawn":
        return None
    if record.state == "failed" and record.credits == 0:
        return None
    cleared = record.epoch != epoch
    over = record.state == "failed" or (record.state == "delivered" and not reuse)
    return None if cleared and over else record


@dataclass(frozen=True, slots=True)
class Left:
    """
    What is known when a task fails.

    :param record: of what this task has, or may have, submitted; ``None``: there is none, or it is not known.
    :param known: whether that could be looked at.
    :param durable: a record outlives a try.
    :param first: no try was before this one.
    :param resumed: this run goes on after a deferral, so that something was submitted.
    :param cleared: somebody has cleared the task since the record was begun.
    """

    record: Record | None
    known: bool
    durable: bool = True
    first: bool = False
    resumed: bool = False
    cleared: bool = False

    @property
    def unpaid(self) -> bool:
        """Whether this task certainly has nothing at the gateway."""
        return self.known and self.record is None

    def settle(self, error: GenerationError) -> None:
        """
        End without retry what is wrong for good, and say what may have been paid for.

        After submission nothing is final but the gateway's own verdict, not even a lost connection.
        """
        if isinstance(error, InvalidRequestError):
            error.fate = self._of_invalid_request() or error.fate
            without_retry(error)
        elif isinstance(error, ConnectionConfigError) and error.generation_id is None:
            if not self.unpaid and not self.first:
                error.fate = self._of_bad_connection()
            elif not error.retryable:
                without_retry(error)

    def of_unforeseen(self, situation: fate.Situation, *, ended: bool) -> str:
        """
        Say what becomes of what was submitted, for an error that nobody foresaw.

        :param ended: the generation has succeeded, and is being landed.
        """
        record = self.record
        if record is None:
            return fate.not_submitted(situation, final=False)
        if record.state == "failed" or self.cleared:
            return f"What was submitted is {in_words(record)}."
        if ended or record.state == "delivered":
            return fate.not_landed(situation)
        return fate.still_running(situation)

    def _of_invalid_request(self) -> str | None:
        if self.record is not None:
            left = f"an earlier one has left {in_words(self.record)}. {_BY_STATE[self.record.state]}"
        elif self.known or self.first:
            return None
        elif self.durable:
            left = (
                "what earlier ones have paid for is not known. Mend the request and clear the "
                "task: it goes on with "
                "what is recorded, if anything is."
            )
        else:
            left = (
                "no record tells what earlier ones have paid for. Look for a task id in their logs "
                "before you clear "
                "the task, which submits, and pays for, a new one."
            )
        return f"This try submitted nothing; {left} {_NO_RETRY}"

    def _of_bad_connection(self) -> str:
        if self.resumed:
            before = "The generation that was submitted before the deferral goes on at the gateway"
            return (
                f"{before}; once the connection can be used, a retry, or a clear, goes on with it."
                if self.durable
                else f"{before}; its task id is in the log above. {fate.NO_RECORD}"
            )
        if self.durable:
            return (
                "This try submitted nothing. What an earlier one may have paid for is not lost: once the "
                "connection can be used, a retry goes on with it."
            )
        return (
            "This try submitted nothing; no record tells what earlier ones have paid for: look for "
            "a task id in "
            "their logs. A retry submits again."
        )
