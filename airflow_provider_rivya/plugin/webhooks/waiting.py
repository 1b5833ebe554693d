"""
Which deferred task waits for which generation, and how it is woken: in Airflow's metadata database.

A waiting task is woken by a new trigger in the place of its own, with the same arguments and the event's id:
the trigger asks the gateway at once, and waits on as before if the generation still runs. The exchange is one
UPDATE that only finds a task instance which is deferred with the old trigger, so that an event which comes
together with the old trigger's own, with a clear, a timeout or another event changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from airflow_provider_rivya.triggers.base import GenerationTrigger

log = logging.getLogger(__name__)

_AT_ONCE: Final = 500

_Place: TypeAlias = tuple[str, str]
"""A connection and a generation."""


class Waiting:
    """
    The deferred tasks of a kind of trigger.

    A trigger's arguments are encrypted: each is read once, and remembered while the trigger is there.
    """

    def __init__(self, trigger_class: type[GenerationTrigger]) -> None:
        self._class_path = f"{trigger_class.__module__}.{trigger_class.__qualname__}"
        self._conn_id_argument = trigger_class.conn_id_argument
        self._lock = threading.Lock()
        self._known: dict[int, tuple[datetime, _Place]] = {}
        self._triggers: dict[_Place, set[int]] = {}

    def wake(self, conn_ids: Collection[str], generation_id: str, event_id: str) -> int:
        """
        Wake those who wait through one of these connections for a generation.

        :param event_id: an event that a waiting was woken for does not wake it again.
        :return: how many wait for it, and look now.
        """
        with self._lock:
            woken = self._wake_known(conn_ids, generation_id, event_id)
            if not woken:
                self._learn()
                woken = self._wake_known(conn_ids, generation_id, event_id)
            return woken

    def _wake_known(self, conn_ids: Collection[str], generation_id: str, event_id: str) -> int:
        waiting = [
            (trigger_id, place)
            for place in ((conn_id, generation_id) for conn_id in sorted(conn_ids))
            for trigger_id in sorted(self._triggers.get(place, ()))
        ]
        return sum(self._exchange(trigger_id, place, event_id) for trigger_id, place in waiting)

    def _exchange(self, trigger_id: int, place: _Place, event_id: str) -> bool:
        """Put a trigger that looks at once in the place of one; tell whether its task (now) looks."""
        from airflow.models.taskinstance import TaskInstance
        from airflow.models.trigger import Trigger
        from airflow.utils.session import create_session
        from sqlalchemy import inspect, update
        from sqlalchemy.orm import lazyload

        with create_session() as session:
            old = session.get(Trigger, trigger_id, options=[lazyload("*")])
            if old is None or self._place_of(arguments := old.kwargs) != place:
                return False
            if arguments.get("event_id") == event_id:
                return True
            new = Trigger(old.classpath, {**arguments, "event_id": event_id})
            # Its place in the queue, its triggerer, and what else a release keeps of a trigger.
            for column in inspect(Trigger).column_attrs:
                if column.key not in ("id", "encrypted_kwargs"):
                    setattr(new, column.key, getattr(old, column.key))
            session.add(new)
            session.flush()
            new_id, made_at = int(new.id), new.created_date
            moved: Any = session.execute(
                update(TaskInstance)
                .where(TaskInstance.trigger_id == trigger_id, TaskInstance.state == "deferred")
                .values(trigger_id=new_id)
                .execution_options(synchronize_session=False)
            )
            if not moved.rowcount:
                session.rollback()
                return False
        self._forget(trigger_id)
        self._note(new_id, made_at, place)
        return True

    def _learn(self) -> None:
        """Read the arguments of the triggers that are not known."""
        from airflow.models.trigger import Trigger
        from airflow.utils.session import create_session
        from sqlalchemy import select
        from sqlalchemy.orm import lazyload

        with create_session() as session:
            query: Any = select(Trigger.id, Trigger.created_date).where(Trigger.classpath == self._class_path)
            rows: Any = session.execute(query).all()
            there: dict[int, datetime] = dict(rows)
            # SQLite gives the id of a trigger that is gone to a new one.
            for gone in [each for each, (made_at, _) in self._known.items() if there.get(each) != made_at]:
                self._forget(gone)
            new = sorted(there.keys() - self._known.keys())
            for first in range(0, len(new), _AT_ONCE):
                some = new[first : first + _AT_ONCE]
                query = select(Trigger).where(Trigger.id.in_(some)).options(lazyload("*"))
                for trigger in session.scalars(query):
                    try:
                        arguments = trigger.kwargs
                    except Exception as error:  # encrypted under another key, or of another form
                        log.warning("A trigger's arguments cannot be read: %s", type(error).__name__)
                        arguments = {}
                    self._note(int(trigger.id), trigger.created_date, self._place_of(arguments))
                session.expunge_all()

    def _place_of(self, arguments: Mapping[str, Any]) -> _Place:
        return str(arguments.get(self._conn_id_argument)), str(arguments.get("generation_id"))

    def _note(self, trigger_id: int, made_at: datetime, place: _Place) -> None:
        self._known[trigger_id] = (made_at, place)
        self._triggers.setdefault(place, set()).add(trigger_id)

    def _forget(self, trigger_id: int) -> None:
        _, place = self._known.pop(trigger_id)
        self._triggers[place].discard(trigger_id)
        if not self._triggers[place]:
            del self._triggers[place]
