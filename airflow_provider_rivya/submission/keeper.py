"""Loads, claims, saves and merges the submission record of one task instance; faults are told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.submission.identity import is_later
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import RecordStore, RecordTakenError

log = logging.getLogger(__name__)

_WRITES: Final = 5
"""How often a record is written again because another process has written meanwhile."""

FRESH: Final = 1.0
"""
Seconds for which what was just written to a fenced store is taken for what is there.

Longer only where this process, or its whole machine, was stopped in between.
"""

_UNRECORDED: Final[Mapping[str, str]] = {
    "delivered": "fetch its result again, and pay nothing",
    "failed": "ask for it again, and find it failed",
}
"""What a later try does about something that could not be recorded, by its state."""


class RecordKeeper:
    """
    A record store whose faults are errors that say what they mean for the money.

    It also keeps in mind what this run has in hand, for its last words: whatever the store says, or where
    nothing is stored.

    :param store: the store behind it.
    :param conn_id: the gateway's Airflow connection, for messages.
    :param now: tells the time, seconds since the epoch.
    :ivar current: the submission that this run has begun or goes on with, or that it would have left behind;
        ``None``: none.
    :ivar stored: whether the store has what ``current`` says, as far as this process knows.
    """

    def __init__(self, store: RecordStore, conn_id: str, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._conn_id = conn_id
        self._now = now
        self._claimed_at = float("-inf")
        self.current: Record | None = None
        self.stored = False

    @property
    def durable(self) -> bool:
        """Whether a record outlives this try."""
        return self._store.durable

    def load(self) -> Record | None:
        """
        Return the record of this task instance.

        :raises GenerationError: it could not be read, so it is not known whether there is one.
        """
        try:
            return self._store.read()
        except Exception as error:
            raise self._unusable("read", "an earlier try may have paid already", error) from error

    def claim(self, record: Record, before: Record | None) -> None:
        """
        Write an intent, one's own or one that is taken over. Must succeed before anything is paid.

        :param before: the record that it takes the place of, if any.
        :raises RecordTakenError: another copy of this task instance was first.
        :raises GenerationError: it could not be written.
        """
        moment = self._now()
        try:
            self._store.exchange(before, record)
        except RecordTakenError:
            raise
        except Exception as error:
            raise self._unusable("written", "a crash would then pay twice", error) from error
        self.current, self.stored, self._claimed_at = record, True, moment

    def look_again(self, intent: Record) -> Record | None:
        """
        Return what is recorded right before the paid call of an intent that was claimed.

        :raises GenerationError: it could not be read.
        """
        fresh = 0 <= self._now() - self._claimed_at < FRESH
        if not self.durable or (self._store.fenced and fresh):
            return intent
        return self.load()

    def save(self, record: Record) -> None:
        """
        Write what has become of a submission, as far as that can be done.

        The generation is paid for, so a fault here stops nothing: the intent, with its key, stands.
        The record of another submission is left alone: where a process outlives its worker, the tries
        after it may be further than it is. So is what another process has written of this one: how far
        it has come, and the clear that it was taken over after.
        """
        before, self.current = self.current, record
        if not record.key:
            return
        self.stored = False
        try:
            if self._store.fenced and before is not None and before.key == record.key:
                self._store.exchange(before, record)
                self.stored = True
                return
            for _ in range(_WRITES):
                there = self._store.read()
                if there is not None and there.key != record.key and not there.is_withdrawn:
                    log.warning(
                        "A later try has submitted something else; that generation %s is %s is not recorded.",
                        record.generation_id,
                        record.state,
                    )
                    return
                with suppress(RecordTakenError):
                    self._store.exchange(there, _merged(there, record))
                    self.stored = True
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
            for _ in range(_WRITES):
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

    def withdraw(self, before: Record | None, intent: Record) -> None:
        """
        Take an intent back that was certainly not taken in; left behind, it does no harm either.

        No record is left that an earlier try has seen: it may live yet, and would go on from that.

        :param before: the record that it had taken the place of, which counts the attempts.
        :param intent: what is taken back; if another process has taken it over by now, it stays.
        """
        # What was left behind for it may still run, and be paid for.
        self.current = before if before is not None and before.pending else None
        if before is None or before.is_withdrawn:
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
    further = there if there.progress > record.progress else record
    return replace(further, epoch=there.epoch, try_id=there.try_id)
