"""Where the submission record is kept."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

from airflow_provider_rivya import _compat
from airflow_provider_rivya.generation.submission import Record

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
