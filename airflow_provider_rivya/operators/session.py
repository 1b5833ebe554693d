"""One run of a task at the gateway: its hook, and what is left behind when it fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import ConnectionConfigError, GenerationError, InvalidRequestError
from airflow_provider_rivya.generation import fate
from airflow_provider_rivya.operators.failures import FAILURE_KEY, failure_of_task, without_retry
from airflow_provider_rivya.operators.records import StateStoreRecords

if TYPE_CHECKING:
    from airflow_provider_rivya.generation.record import Record
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.operators.submitting import Submitter

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Session:
    """
    What one run of the task holds.

    :param hook: closed with the session.
    :param submitter: set as soon as the connection could be read.
    """

    hook: GatewayHook
    submitter: Submitter | None = None


@contextmanager
def open_session(hook: GatewayHook, context: Any, *, own_place: bool) -> Iterator[Session]:
    """
    Lend a session; end without retry what no retry can mend; leave the ``failure`` XCom.

    :param own_place: the record is not in Airflow's state store.
    """
    session = Session(hook)
    try:
        yield session
    except GenerationError as error:
        record, known = _record_after(session, context, own_place)
        # After submission nothing is final but the gateway's own verdict, not even a lost connection.
        unpaid = known and record is None
        hopeless = isinstance(error, ConnectionConfigError) and not error.retryable
        if isinstance(error, InvalidRequestError) or (hopeless and unpaid):
            without_retry(error)
        elif isinstance(error, ConnectionConfigError) and not unpaid:
            error.fate = (
                "This try submitted nothing. What an earlier one may have paid for is not lost: once the "
                "connection can be used, a retry goes on with it."
            )
        leave_failure(context, failure_of_task(error, record, known=known))
        raise
    except (Exception, _compat.AirflowTaskTimeout) as error:
        # Not foreseen: the reader still needs the task id and what a retry will do.
        record, known = _record_after(session, context, own_place)
        if session.submitter is not None and record is not None:
            log.error("%s. %s", type(error).__name__, fate.still_running(session.submitter.situation(record)))
        leave_failure(context, failure_of_task(GenerationError(""), record, known=known))
        raise
    finally:
        hook.close()


def _record_after(session: Session, context: Any, own_place: bool) -> tuple[Record | None, bool]:
    """Return the record of what may have been paid, if there is one, and whether it could be looked at."""
    store = _compat.state_store(context)
    try:
        if session.submitter is not None:
            records = session.submitter.records
            # Where nothing outlives a try, only the first one knows that none was before it.
            return _standing(records.read()), records.durable or context["ti"].try_number <= 1
        if store is not None and not own_place:
            return _standing(StateStoreRecords(store).read()), True
    except Exception:
        log.exception("The submission record of this task could not be read.")
    # A file's name depends on the connection: not known is not "none".
    return None, False


def _standing(record: Record | None) -> Record | None:
    return None if record is not None and record.state == "withdrawn" else record


def leave_failure(context: Any, failure: dict[str, Any]) -> None:
    """Push the ``failure`` XCom of a task that is about to fail."""
    try:
        context["ti"].xcom_push(key=FAILURE_KEY, value=failure)
    except Exception:
        log.exception("The XCom %r could not be written.", FAILURE_KEY)
