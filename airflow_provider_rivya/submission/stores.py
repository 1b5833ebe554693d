"""Where a submission record is stored: Airflow's task state store, a file, or nowhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.record import Record, UnreadableRecordError

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.identity import Identity
    from airflow_provider_rivya.submission.sealing import Seal

log = logging.getLogger(__name__)

KEY: Final = "rivya_submission"
"""The record's key in the task state store; see :func:`key_of`."""

FENCE: Final = "rivya_fence"
"""A key in the task state store that is written only to be refused."""

_ABSENT: Final = object()


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
    each try: what an earlier try's process writes is refused.

    :param store: ``context["task_state_store"]``.
    :param retention: for how long it is kept: as long as the task instance, not for the store's default. A
        paid result must still be found when a task is cleared weeks later.
    :param key: see :func:`key_of`.
    :param seal: for what Airflow's UI must not show.
    :param offloads: values lie in a ``[workers] state_store_backend``. Airflow overwrites what lies there
        before its API server is asked, so that is asked first.
    """

    durable = True
    fenced = True

    def __init__(
        self, store: Any, retention: Any, *, key: str = KEY, seal: Seal | None = None, offloads: bool = False
    ) -> None:
        self._store = store
        self._retention = retention
        self._key = key
        self._seal = seal
        self._offloads = offloads

    def read(self) -> Record | None:
        document = self._store.get(self._key, default=_ABSENT)
        if document is _ABSENT:
            return None
        if document is None:
            raise UnreadableRecordError(
                "the task state store has a submission record of this task, but what that points to, in the "
                "[workers] state_store_backend, is not there"
            )
        return Record.from_json(document if self._seal is None else self._seal.open(document))

    def exchange(self, before: Record | None, after: Record | None) -> None:
        if self._offloads:
            self._store.set(FENCE, {"key": self._key})
        if after is not None:
            document = after.to_json()
            closed = document if self._seal is None else self._seal.close(document)
            self._store.set(self._key, closed, retention=self._retention)
        elif before is not None:
            self._store.delete(self._key)


def key_of(part: str) -> str:
    """
    Return the record's key in the task state store of a task instance.

    :param part: of the identity: what tells apart whom one store may serve.
    """
    return f"{KEY}_{part}" if part else KEY


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


class MirroredRecords:
    """
    A record in the task state store, and in a file that outlives what that store loses.

    A clear drops the former by default (Airflow 3.4 and later); and it belongs to a position, which another
    row may have when a mapped task is cleared.

    :param first: refuses the process of an earlier try, before the file is touched.
    :param second: the file.
    :param moves: the first belongs to a position: it may be of an earlier generation than the file.
    """

    durable = True

    def __init__(self, first: RecordStore, second: RecordStore, *, moves: bool) -> None:
        self._first = first
        self._second = second
        self._moves = moves
        self.fenced = first.fenced

    def read(self) -> Record | None:
        """Return the one of the later generation, or of the same one that has come further."""
        first, second = self._first.read(), None
        try:
            second = self._second.read()
        except Exception as error:
            if first is None or self._moves:
                raise
            _tell_of_copy("read", error)
        found = [record for record in (first, second) if record is not None]
        return max(found, key=lambda record: (record.attempt, record.progress), default=None)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        self._first.exchange(before, after)
        try:
            self._second.exchange(self._second.read(), after)
        except Exception as error:
            if after is None or after.unanswered or self._moves:
                raise
            _tell_of_copy("written", error)


def _tell_of_copy(done: str, error: Exception) -> None:
    log.warning(
        "The copy of the submission record that lies beside the output cannot be %s (%s: %s). The one in "
        "Airflow's task state store can, and is used.",
        done,
        type(error).__name__,
        clean(error),
    )


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
