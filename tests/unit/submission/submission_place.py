"""A submission record's place in memory, for the model of a paid task: a file, or Airflow's state store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]  # it ships no types

from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import RecordTakenError


def stand_still(before: str) -> None:
    """Give the world a turn."""
    world = getcurrent().parent
    assert world is not None
    world.switch(before)


class Place:
    """One record, exchanged as on a local disk, or as a row that only the last try's process reaches."""

    def __init__(self) -> None:
        self.document: Any = None
        self.newest: Channel | None = None

    def read(self) -> Record | None:
        return None if self.document is None else Record.from_json(self.document)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        if self.read() != before:
            raise RecordTakenError
        self.document = None if after is None else after.to_json()


class Channel:
    """
    A process's way to the place; a supervisor that dies takes the state store's with it.

    :param fenced: the place is Airflow's state store: it compares nothing, and refuses the process of an
        earlier try.
    """

    durable = True

    def __init__(self, place: Place, done: Callable[[Record | None], None], *, fenced: bool) -> None:
        self._place: Place | None = place
        self._done = done
        self.fenced = fenced
        place.newest = self

    def cut(self) -> None:
        self._place = None

    @property
    def is_cut(self) -> bool:
        return self._place is None

    @property
    def _there(self) -> Place:
        if self._place is None or (self.fenced and self._place.newest is not self):
            raise ConnectionError("the supervisor is gone")
        return self._place

    def read(self) -> Record | None:
        stand_still("read")
        return self._there.read()

    def exchange(self, before: Record | None, after: Record | None) -> None:
        stand_still("write")
        place = self._there
        place.exchange(place.read() if self.fenced else before, after)
        self._done(after)
