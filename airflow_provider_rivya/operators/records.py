"""Where the submission record is kept."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.generation.submission import Record
from airflow_provider_rivya.redaction import clean

log = logging.getLogger(__name__)

KEY: Final = "rivya_submission"


class RecordStore(Protocol):
    """
    One record per task instance, outliving retries and clears.

    Reading or writing raises when the place cannot be used: "cannot be read" is never taken for
    "there is none".
    """

    durable: bool

    def read(self) -> Record | None: ...
    def write(self, record: Record) -> None: ...
    def forget(self) -> None: ...


class StateStoreRecords:
    """
    The record in Airflow's own task state store (Airflow 3.3 and later).

    It is kept as long as the task instance, not for the store's default retention: a paid result
    must still be found when a task is cleared weeks later.

    :param store: ``context["task_state_store"]``.
    """

    durable = True

    def __init__(self, store: Any) -> None:
        self._store = store

    def read(self) -> Record | None:
        document = self._store.get(KEY)
        return None if document is None else Record.from_json(document)

    def write(self, record: Record) -> None:
        self._store.set(KEY, record.to_json(), retention=_compat.never_expire())

    def forget(self) -> None:
        self._store.delete(KEY)


class NoRecords:
    """Nothing outlives this try: for Airflow versions without a task state store."""

    durable = False

    def read(self) -> Record | None:
        return None

    def write(self, record: Record) -> None:
        del record

    def forget(self) -> None:
        return None


class SafeRecords:
    """
    A record store whose faults are errors that say what they mean for the money.

    :param store: the store behind it.
    :param conn_id: the gateway's Airflow connection, for messages.
    """

    def __init__(self, store: RecordStore, conn_id: str) -> None:
        self._store = store
        self._conn_id = conn_id

    @property
    def durable(self) -> bool:
        """Whether a record outlives this try."""
        return self._store.durable

    def read(self) -> Record | None:
        """
        Return the record of this task instance.

        :raises GenerationError: it could not be read, so it is not known whether there is one.
        """
        try:
            return self._store.read()
        except Exception as error:
            raise self._unusable("read", "an earlier try may have paid already", error) from error

    def begin(self, record: Record) -> None:
        """
        Write an intent. Must succeed before anything is paid.

        :raises GenerationError: it could not be written.
        """
        try:
            self._store.write(record)
        except Exception as error:
            raise self._unusable("written", "a crash would then pay twice", error) from error

    def note(self, record: Record) -> None:
        """
        Write what has become of a submission, as far as that can be done.

        The generation is paid for, so a fault here stops nothing: the intent, with its key, stands.
        """
        if not record.key:
            return
        try:
            self._store.write(record)
        except Exception:
            log.exception(
                "Generation %s is %s, but that could not be recorded. This try goes on; a later one would "
                "send the same request under the same idempotency key.",
                record.generation_id,
                record.state,
            )

    def forget(self) -> None:
        """Take an intent back that was certainly not taken in; left behind, it does no harm either."""
        try:
            self._store.forget()
        except Exception:
            log.exception("The intent could not be taken back; the next try sends it again under its key.")

    def _unusable(self, what: str, why: str, error: Exception) -> GenerationError:
        return GenerationError(
            f"The submission record of this task could not be {what} "
            f"({type(error).__name__}: {clean(error)})",
            conn_id=self._conn_id,
            advice=f"Without it nothing is submitted, as {why}.",
            fate="This try has submitted nothing and paid nothing; a retry looks again.",
            retryable=True,
        )


def records_for(context: Mapping[str, Any]) -> RecordStore:
    """Return the store that this Airflow offers."""
    store = _compat.state_store(context)
    if store is not None:
        return StateStoreRecords(store)
    log.warning(
        "This Airflow has no task state store (3.3 and later have): a try that dies leaves no record, "
        "and the next one would pay again."
    )
    return NoRecords()
