"""The submission record of one row, kept in the ledger; the intents of a window are written as one."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_rivya.batch.ledger import Entry
from airflow_provider_rivya.submission.stores import RecordTakenError

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.segments import Ledger
    from airflow_provider_rivya.submission.record import Record


@dataclass(slots=True)
class _Draft:
    """What is written next."""

    entries: list[Entry] = field(default_factory=list)
    written: bool = False
    error: BaseException | None = None


class Window:
    """
    Rows that are submitted side by side: the first intents of all of them are one segment, before any POST.

    :param rows: the keys of its rows; each commits, or leaves.
    """

    def __init__(self, ledger: Ledger, rows: Collection[str]) -> None:
        self._ledger = ledger
        self._absent = set(rows)
        self._draft = _Draft()
        self._busy = False
        self._changed = threading.Condition()

    def commit(self, entry: Entry) -> None:
        """
        Have an intent written; returns when it stands.

        :raises GenerationError: it could not be written, so that nothing may be sent.
        """
        with self._changed:
            self._absent.discard(entry.row)
            draft = self._draft
            draft.entries.append(entry)
            while not draft.written:
                if self._absent or self._busy:
                    self._changed.wait()
                else:
                    self._write()
        if draft.error is not None:
            raise draft.error

    def leave(self, row: str) -> None:
        """Say that a row has ended; the others wait no longer for its intent."""
        with self._changed:
            self._absent.discard(row)
            if not self._absent:  # until then, or until it is written, whoever waits has nothing to do
                self._changed.notify_all()

    def _write(self) -> None:
        draft, self._draft, self._busy = self._draft, _Draft(), True
        self._changed.release()
        try:
            self._ledger.commit(draft.entries)
        except BaseException as error:  # whoever waits for it must not take it for written
            draft.error = error
        finally:
            self._changed.acquire()
            draft.written, self._busy = True, False
            self._changed.notify_all()


class RowRecords:
    """
    A record store for one row; see :class:`~airflow_provider_rivya.submission.stores.RecordStore`.

    :param price: what a generation of the row is expected to cost.
    :param window: in which it is submitted; ``None``: it is not, and only what becomes of it is noted.
    """

    durable = True
    fenced = False

    def __init__(self, ledger: Ledger, row: str, price: float | None, window: Window | None = None) -> None:
        self._ledger = ledger
        self._row = row
        self._price = price
        self._window = window

    def read(self) -> Record | None:
        self._ledger.confirm()
        return self._ledger.record(self._row)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        if self._ledger.record(self._row) != before or after is None:
            raise RecordTakenError
        entry = Entry(self._row, after, self._price)
        sent_already = before is not None and (before.key, before.holder) == (after.key, after.holder)
        if after.unanswered and not sent_already:
            if self._window is None:
                raise RuntimeError("a row is submitted in a window")
            self._window.commit(entry)
        else:
            self._ledger.note(entry)
