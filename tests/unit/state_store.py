"""Airflow's task state store in memory; it remembers the calls, which in Airflow are requests."""

from __future__ import annotations

from typing import Any


class StateStore:
    """
    What ``context["task_state_store"]`` is in a task.

    :param error: what every call raises, if any.
    :ivar calls: ``get``, ``delete``, and ``set`` with the state of the record that was written.
    :ivar retention: of the last value.
    """

    def __init__(self, error: Exception | None = None) -> None:
        self.values: dict[str, Any] = {}
        self.retention: Any = None
        self.calls: list[str] = []
        self._error = error

    def get(self, key: str, default: Any = None) -> Any:
        self._call("get")
        return self.values.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self._call(f"set {value.get('state', key)}")
        self.values[key], self.retention = value, retention

    def delete(self, key: str) -> None:
        self._call("delete")
        self.values.pop(key, None)

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if self._error is not None:
            raise self._error
