"""Where a submission record is stored: Airflow's task state store, a file, or nowhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.record import Record, UnreadableRecordError

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.identity import Identity

KEY: Final = "rivya_submission"
"""The record's key in the task state store."""


class RecordTakenError(Exception):
    """The record is not what it was taken for: another copy of this task instance was first."""


class RecordStore(Protocol):
    """
    One record per task instance, outliving retries and clears.

    Reading or writing raises when the place cannot be used: "cannot be read" is never taken for
    "there is none".

    :ivar durable: whether a record outlives this try.
    :ivar fenced: whether the place itself refuses a process of an earlier try, so that what this process has
        read or written last is what is there.
    """

    durable: bool
    fenced: bool

    def read(self) -> Record | None: ...

    def exchange(self, before: Record | None, after: Record | None) -> None:
        """
        Put ``after`` in the place of ``before``; ``None`` is "no record".

        :raises RecordTakenError: something else is there.
        """


class StateStoreRecords:
    """
    The record in Airflow's own task state store (Airflow 3.3 and later).

    Airflow's API server takes what a process writes by the id of its task instance, which is another one for
    each try: what an earlier try's process writes or reads is refused.

    :param store: ``context["task_state_store"]``.
    :param retention: for how long it is kept: as long as the task instance, not for the store's default. A
        paid result must still be found when a task is cleared weeks later.
    """

    durable = True
    fenced = True

    def __init__(self, store: Any, retention: Any) -> None:
        self._store = store
        self._retention = retention

    def read(self) -> Record | None:
        document = self._store.get(KEY)
        return None if document is None else Record.from_json(document)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        if after is not None:
            self._store.set(KEY, after.to_json(), retention=self._retention)
        elif before is not None:
            self._store.delete(KEY)


class FileRecords:
    """
    The record in a file: for Airflow 3.1 and 3.2, or where one is wanted.

    It is created exclusively. On a local disk an exchange is one step for everybody on this machine; on
    other stores nothing holds another process off between the comparison and the writing.

    :param folder: where records are kept; must outlive the worker and be shared by all workers.
    :param identity: of the task instance; the file's name is made of it and nothing else.
    """

    durable = True
    fenced = False

    def __init__(self, folder: OutputPlace, identity: Identity) -> None:
        self._file = SmallFile(folder, f"{identity.digest}.json")

    def read(self) -> Record | None:
        content = self._file.read()
        if content is None:
            return None
        try:
            return Record.from_json(json.loads(content))
        except (ValueError, RecursionError) as error:
            raise UnreadableRecordError(f"{self._file.uri}: {error}") from None

    def exchange(self, before: Record | None, after: Record | None) -> None:
        with self._file.alone():
            if before is None and after is not None:
                try:
                    self._file.create(self._content(after))
                except FileExistsError:
                    raise RecordTakenError from None
            elif self.read() != before:
                raise RecordTakenError
            elif after is not None:
                self._file.replace(self._content(after))
            else:
                self._file.remove()

    @staticmethod
    def _content(record: Record) -> bytes:
        return json.dumps(record.to_json(), indent=1).encode()


class NoRecords:
    """Nothing outlives this try, as there is no state store and no place for a file: kept in memory alone."""

    durable = False
    fenced = False

    def __init__(self) -> None:
        self._record: Record | None = None

    def read(self) -> Record | None:
        return self._record

    def exchange(self, before: Record | None, after: Record | None) -> None:
        self._record = after


class LostRecords:
    """
    A record store in what cannot be a folder: it is not known whether there is a record.

    :param faults: of ``state_path``.
    """

    durable = True
    fenced = False

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._why = "; ".join(map(str, faults))

    def read(self) -> Record | None:
        raise ValueError(self._why)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        raise ValueError(self._why)


def record_folder(state_path: object) -> OutputPlace:
    """Return the folder that a task asks for as the place of its record; it may have faults."""
    if isinstance(state_path, str) and state_path.strip():
        state_path = state_path.rstrip("/") + "/"  # whatever its name looks like
    return OutputPlace(state_path)


def folder_faults(state_path: object) -> list[Fault]:
    """Return what is wrong with the folder, if one is asked for, without touching it."""
    if state_path is None:
        return []
    return [replace(fault, path="state_path") for fault in record_folder(state_path).faults()]
