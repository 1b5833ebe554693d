"""Where the submission record is kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.operators.machines import warn_of_records
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.submission.identity import Identity, is_later
from airflow_provider_rivya.submission.record import Record, State, UnreadableRecordError
from airflow_provider_rivya.submission.record_folder import LostRecords, folder_faults, record_folder

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace

log = logging.getLogger(__name__)


class RecordTakenError(Exception):
    """The record is not what it was taken for: another copy of this task instance was first."""


KEY: Final = "rivya_submission"


class RecordStore(Protocol):
    """
    One record per task instance, outliving retries and clears.

    Reading or writing raises when the place cannot be used: "cannot be read" is never taken for
    "there is none".
    """

    durable: bool

    def read(self) -> Record | None: ...

    def exchange(self, before: Record | None, after: Record | None) -> None:
        """
        Put ``after`` in the place of ``before``; ``None`` is "no record".

        :raises RecordTakenError: something else is there.
        """


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

    def exchange(self, before: Record | None, after: Record | None) -> None:
        # The store compares nothing; what fences two copies of one try is that the channel of an
        # orphaned process is dead.
        if self.read() != before:
            raise RecordTakenError
        if after is not None:
            self._store.set(KEY, after.to_json(), retention=_compat.never_expire())
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

    def __init__(self, folder: OutputPlace, identity: Identity) -> None:
        from airflow_provider_rivya.storage.atomic_file import SmallFile

        self._file = SmallFile(folder, f"{identity.digest}.json")

    def read(self) -> Record | None:
        content = self._file.read()
        if content is None:
            return None
        try:
            return Record.from_json(json.loads(content))
        except ValueError as error:
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
    """Nothing outlives this try: no state store, and no place for a file."""

    durable = False

    def read(self) -> Record | None:
        return None

    def exchange(self, before: Record | None, after: Record | None) -> None:
        del before, after


# How far a submission has come: what two processes write of one never goes back.
_PROGRESS: Final[dict[State, int]] = {
    "intent": 0,
    "withdrawn": 0,
    "submitted": 1,
    "delivered": 2,
    "failed": 2,
}

_NOTES: Final = 5
"""How often a note is written again because another process has written meanwhile."""


_UNRECORDED: Final[Mapping[str, str]] = {
    "delivered": "fetch its result again, and pay nothing",
    "failed": "ask for it again, and find it failed",
}
"""What a later try does about something that could not be recorded, by its state."""


class SafeRecords:
    """
    A record store whose faults are errors that say what they mean for the money.

    It also keeps in mind what this run has in hand, for its last words: whatever the store says, or where
    nothing is stored.

    :param store: the store behind it.
    :param conn_id: the gateway's Airflow connection, for messages.
    :ivar held: the submission that this run has begun or goes on with, or that it would have left behind;
        ``None``: none.
    """

    def __init__(self, store: RecordStore, conn_id: str) -> None:
        self._store = store
        self._conn_id = conn_id
        self.held: Record | None = None

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

    def begin(self, record: Record, before: Record | None) -> None:
        """
        Write an intent, one's own or one that is taken over. Must succeed before anything is paid.

        :param before: the record that it takes the place of, if any.
        :raises RecordTakenError: another copy of this task instance was first.
        :raises GenerationError: it could not be written.
        """
        try:
            self._store.exchange(before, record)
        except RecordTakenError:
            raise
        except Exception as error:
            raise self._unusable("written", "a crash would then pay twice", error) from error
        self.held = record

    def note(self, record: Record) -> None:
        """
        Write what has become of a submission, as far as that can be done.

        The generation is paid for, so a fault here stops nothing: the intent, with its key, stands.
        The record of another submission is left alone: where a process outlives its worker, the tries
        after it may be further than it is. So is what another process has written of this one: how far
        it has come, and the clear that it was taken over after.
        """
        self.held = record
        if not record.key:
            return
        try:
            for _ in range(_NOTES):
                there = self._store.read()
                if there is not None and there.key != record.key and there.state != "withdrawn":
                    log.warning(
                        "A later try has submitted something else; that generation %s is %s is not recorded.",
                        record.generation_id,
                        record.state,
                    )
                    return
                with suppress(RecordTakenError):
                    self._store.exchange(there, _merged(there, record))
                    return
            raise RecordTakenError("another process keeps on writing")
        except Exception:
            log.exception(
                "Generation %s is %s, but that could not be recorded. This try goes on; a later one would "
                "%s.",
                record.generation_id,
                record.state,
                _UNRECORDED.get(record.state, "find the request without its answer"),
            )

    def adopt(self, record: Record, before: Record) -> None:
        """
        Write which clear a record goes on after, or that a person was asked, as far as that can be done.

        What another process has written since stays, and is gone on with after this clear; what a later
        try has begun or gone on with is left alone.

        :param before: what the decision was made on.
        """
        if record == before:
            return
        try:
            for _ in range(_NOTES):
                with suppress(RecordTakenError):
                    self._store.exchange(before, record)
                    return
                there = self._store.read()
                if there is None or there.key != record.key or is_later(there.try_id, record.try_id):
                    log.warning("Another process of this task has gone on with its record; that stays.")
                    return
                before, record = there, replace(there, epoch=record.epoch, try_id=record.try_id)
            raise RecordTakenError("another process keeps on writing")
        except Exception:
            log.exception(
                "The submission record could not be written. A retry takes itself for cleared once more."
            )

    def take_back(self, before: Record | None, intent: Record) -> None:
        """
        Take an intent back that was certainly not taken in; left behind, it does no harm either.

        No record is left that an earlier try has seen: it may live yet, and would go on from that.

        :param before: the record that it had taken the place of, which counts the attempts.
        :param intent: what is taken back; if another process has taken it over by now, it stays.
        """
        # What was left behind for it may still run, and be paid for.
        self.held = before if before is not None and before.state in ("intent", "submitted") else None
        if before is None or before.state == "withdrawn":
            after = intent.withdrawn()
        else:
            after = replace(before, try_id=intent.try_id or before.try_id)
        try:
            self._store.exchange(intent, after)
        except RecordTakenError:
            log.warning("Another process has taken this submission over; its record stays.")
        except Exception:
            log.exception("The intent could not be taken back; the next try finds it without an answer.")

    def _unusable(self, what: str, why: str, error: Exception) -> GenerationError:
        return GenerationError(
            f"The submission record of this task could not be {what} "
            f"({type(error).__name__}: {clean(error)})",
            conn_id=self._conn_id,
            advice=f"Without it nothing is submitted, as {why}.",
            fate="This try has submitted nothing and paid nothing; a retry looks again.",
            retryable=True,
        )


def _merged(there: Record | None, record: Record) -> Record:
    """Return what is to stand for a submission of which another process may have written too."""
    if there is None or there.key != record.key:
        return record
    further = there if _PROGRESS[there.state] > _PROGRESS[record.state] else record
    return replace(further, epoch=there.epoch, try_id=there.try_id)


def records_for(
    context: Mapping[str, Any],
    identity: Identity,
    state_path: object,
    output: OutputPlace | None,
    executor: str | None = None,
) -> RecordStore:
    """
    Return where this task's record is kept.

    :param state_path: a folder that was asked for; it goes before the state store.
    :param output: the output place, beside which ``.rivya/`` is used where there is no state store.
    :param executor: that the task asks for; the deployment's own, if none.
    """
    store = _compat.state_store(context)
    if state_path is None and store is not None:
        return StateStoreRecords(store)
    if found := folder_faults(state_path):
        return LostRecords(found)
    if state_path is not None:
        folder = record_folder(state_path)
    elif output is not None and not output.faults():
        folder = output.folder(".rivya")
        if identity.map_index >= 0:
            log.warning(
                "This task is mapped, and its submission record lies beside its output, in %s: if "
                "output_path depends on the row and a retry finds the rows in another order, it looks in "
                "another folder and pays again. A state_path that is the same for all rows prevents that.",
                folder.uri,
            )
    else:
        log.warning(
            "This Airflow has no task state store (3.3 and later have), and neither state_path nor "
            "output_path is given: a try that dies leaves no record, and the next one may pay again."
        )
        return NoRecords()
    warn_of_records(folder, executor)
    return FileRecords(folder, identity)
