"""One run of a task at the gateway: its hook, and what is left behind when it fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GenerationError, GenerationTimeoutError
from airflow_provider_rivya.operators.failures import FAILURE_KEY, failure_of_task
from airflow_provider_rivya.submission.leftovers import Left, standing
from airflow_provider_rivya.submission.stores import StateStoreRecords

if TYPE_CHECKING:
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.submission.machine import Submitter
    from airflow_provider_rivya.submission.record import Record

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Session:
    """
    What one run of the task holds.

    :param hook: closed with the session.
    :param in_store: the record, if there is one, is in Airflow's state store.
    :param durable: a record is to outlive a try.
    :param resumed: it goes on after a deferral, so that something was submitted.
    :param submitter: set as soon as the connection could be read.
    :param ended: the generation has succeeded, and is being landed.
    """

    hook: GatewayHook
    in_store: bool = False
    durable: bool = True
    resumed: bool = False
    submitter: Submitter | None = None
    ended: bool = False


@contextmanager
def open_session(session: Session, context: Any) -> Iterator[Session]:
    """Lend a session; end without retry what no retry can mend; leave the ``failure`` XCom."""
    try:
        yield session
    except GenerationError as error:
        left = _left(session, context)
        left.settle(error)
        leave_failure(context, failure_of_task(error, left.record, known=left.known))
        raise
    except _compat.AirflowSkipException:
        raise
    except (Exception, _compat.AirflowTaskTimeout) as error:
        # Not foreseen: the reader still needs the task id and what a retry will do.
        left = _left(session, context)
        if session.submitter is not None and left.known:
            situation = session.submitter.situation(left.record)
            if isinstance(error, _compat.AirflowFailException):
                situation = replace(situation, retries_left=0)
            log.error("%s. %s", type(error).__name__, left.of_unforeseen(situation, ended=session.ended))
        told = GenerationTimeoutError if isinstance(error, _compat.AirflowTaskTimeout) else GenerationError
        leave_failure(context, failure_of_task(told(""), left.record, known=left.known))
        raise
    finally:
        session.hook.close()


def _left(session: Session, context: Any) -> Left:
    """Look what this task has, or may have, submitted."""
    instance, submitter = context["ti"], session.submitter
    first = instance.try_number <= 1 and not session.resumed
    durable = session.durable if submitter is None else submitter.records.durable
    record, known = _record(session, context, first=first)
    return Left(
        record,
        # What was submitted before a deferral is not gone because nothing tells of it.
        known=known and not (session.resumed and record is None),
        durable=durable,
        first=first,
        resumed=session.resumed,
        cleared=record is not None and record.epoch != instance.max_tries,
    )


def _record(session: Session, context: Any, *, first: bool) -> tuple[Record | None, bool]:
    """Return the record of what may have been paid, if there is one, and whether it could be looked at."""
    submitter, epoch, store = session.submitter, context["ti"].max_tries, _compat.state_store(context)
    if submitter is not None and submitter.records.held is not None:
        return submitter.records.held, True
    try:
        if submitter is not None:
            # Where nothing outlives a try, only the first one knows that none was before it.
            reuse = submitter.on_rerun_after_delivery == "reuse"
            return standing(submitter.records.read(), epoch, reuse=reuse), submitter.records.durable or first
        if store is not None and session.in_store:
            return standing(StateStoreRecords(store).read(), epoch, reuse=True), True
    except Exception:
        log.exception("The submission record of this task could not be read.")
    # A file's name depends on the connection: not known is not "none".
    return None, False


def leave_failure(context: Any, failure: dict[str, Any]) -> None:
    """Push the ``failure`` XCom of a task that is about to fail."""
    try:
        context["ti"].xcom_push(key=FAILURE_KEY, value=failure)
    except Exception:
        log.exception("The XCom %r could not be written.", FAILURE_KEY)
