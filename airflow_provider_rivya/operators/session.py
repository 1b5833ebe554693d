"""One run of a task at the gateway: its hook, and what is left behind when it fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import (
    ConnectionConfigError,
    GenerationError,
    GenerationTimeoutError,
    InvalidRequestError,
)
from airflow_provider_rivya.generation import fate
from airflow_provider_rivya.operators.failures import FAILURE_KEY, failure_of_task, without_retry
from airflow_provider_rivya.operators.records import StateStoreRecords
from airflow_provider_rivya.operators.stopping import in_words

if TYPE_CHECKING:
    from airflow_provider_rivya.generation.record import Record
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.operators.submitting import Submitter

log = logging.getLogger(__name__)

_MEND: Final = (
    "Mend the request and clear the task: the same request goes on with what is recorded. Or fetch the "
    "result by its task id. A retry would not help, so none is made."
)


@dataclass(slots=True)
class Session:
    """
    What one run of the task holds.

    :param hook: closed with the session.
    :param own_place: the record is not in Airflow's state store.
    :param resumed: it goes on after a deferral, so that something was submitted.
    :param submitter: set as soon as the connection could be read.
    """

    hook: GatewayHook
    own_place: bool
    resumed: bool = False
    submitter: Submitter | None = None

    def is_first(self, try_number: int) -> bool:
        """Whether no try, and no half of one, was before this run."""
        return try_number <= 1 and not self.resumed


@contextmanager
def open_session(
    hook: GatewayHook, context: Any, *, own_place: bool, resumed: bool = False
) -> Iterator[Session]:
    """
    Lend a session; end without retry what no retry can mend; leave the ``failure`` XCom.

    :param own_place: the record is not in Airflow's state store.
    :param resumed: it goes on after a deferral.
    """
    session = Session(hook, own_place, resumed)
    try:
        yield session
    except GenerationError as error:
        record, known = _record_after(session, context)
        first = session.is_first(context["ti"].try_number)
        _settle(error, record, unpaid=known and record is None, first=first)
        leave_failure(context, failure_of_task(error, record, known=known))
        raise
    except _compat.AirflowSkipException:
        raise
    except (Exception, _compat.AirflowTaskTimeout) as error:
        # Not foreseen: the reader still needs the task id and what a retry will do.
        record, known = _record_after(session, context)
        if session.submitter is not None and known:
            log.error("%s. %s", type(error).__name__, _fate(record, session.submitter.situation(record)))
        told = GenerationTimeoutError if isinstance(error, _compat.AirflowTaskTimeout) else GenerationError
        leave_failure(context, failure_of_task(told(""), record, known=known))
        raise
    finally:
        hook.close()


def _record_after(session: Session, context: Any) -> tuple[Record | None, bool]:
    """Return the record of what may have been paid, if there is one, and whether it could be looked at."""
    instance, submitter = context["ti"], session.submitter
    if submitter is not None and submitter.records.held is not None:
        return submitter.records.held, True
    store = _compat.state_store(context)
    try:
        if submitter is not None:
            # Where nothing outlives a try, only the first one knows that none was before it.
            known = submitter.records.durable or session.is_first(instance.try_number)
            return _standing(submitter.records.read(), instance.max_tries), known
        if store is not None and not session.own_place:
            return _standing(StateStoreRecords(store).read(), instance.max_tries), True
    except Exception:
        log.exception("The submission record of this task could not be read.")
    # A file's name depends on the connection: not known is not "none".
    return None, False


def _standing(record: Record | None, epoch: int) -> Record | None:
    """Return an earlier try's record if its generation is still what this task asks for."""
    if record is None or record.state == "withdrawn":
        return None
    ended = record.state in ("delivered", "failed")
    cost_nothing = record.state == "failed" and record.credits == 0
    return None if cost_nothing or (ended and record.epoch != epoch) else record


def _settle(error: GenerationError, record: Record | None, *, unpaid: bool, first: bool) -> None:
    """
    End without retry what is wrong for good, and say what may have been paid for.

    After submission nothing is final but the gateway's own verdict, not even a lost connection.

    :param unpaid: there certainly is no record.
    :param first: no try was before this one.
    """
    if isinstance(error, InvalidRequestError):
        if record is not None:
            # Cleared, or it would have ruled. It is not landed: somebody may have asked for something else.
            error.fate = f"This try submitted nothing; an earlier one has left {in_words(record)}. {_MEND}"
        elif not unpaid and not first:
            error.fate = f"This try submitted nothing; what earlier ones have paid for is not known. {_MEND}"
        without_retry(error)
    elif isinstance(error, ConnectionConfigError):
        if unpaid or first:
            if not error.retryable:
                without_retry(error)
        elif error.generation_id is None:
            error.fate = (
                "This try submitted nothing. What an earlier one may have paid for is not lost: once the "
                "connection can be used, a retry goes on with it."
            )


def _fate(record: Record | None, situation: fate.Situation) -> str:
    """Say what becomes of what this task has, or has not, submitted."""
    if record is None:
        return fate.not_submitted(situation, final=False)
    if record.state == "failed":
        return f"What was submitted is {in_words(record)}."
    return fate.not_landed(situation) if record.state == "delivered" else fate.still_running(situation)


def leave_failure(context: Any, failure: dict[str, Any]) -> None:
    """Push the ``failure`` XCom of a task that is about to fail."""
    try:
        context["ti"].xcom_push(key=FAILURE_KEY, value=failure)
    except Exception:
        log.exception("The XCom %r could not be written.", FAILURE_KEY)
