"""The switches of both gateways as they stand now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.sandbox.assumptions import rivya as open_points
from airflow_provider_rivya.sandbox.assumptions import toapis as toapis_open_points
from airflow_provider_rivya.sandbox.assumptions.switches import Assumption
from airflow_provider_rivya.sandbox.errors import ControlError

BY_NAME: Mapping[str, Assumption] = {
    assumption.name: assumption for assumption in (*open_points.ASSUMPTIONS, *toapis_open_points.ASSUMPTIONS)
}


class Assumptions:
    """The switches as they stand now."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        self._values = {name: assumption.default for name, assumption in BY_NAME.items()}

    def set(self, values: Mapping[str, Any]) -> None:
        """
        Set switches, all of them or none.

        :raises ControlError: an unknown name or a value that is none.
        """
        faults = [
            BY_NAME[name].fault_of(value) if name in BY_NAME else f"{name}: no such assumption"
            for name, value in values.items()
        ]
        if wrong := [fault for fault in faults if fault]:
            raise ControlError("; ".join(wrong))
        self._values.update(values)

    def described(self) -> dict[str, dict[str, Any]]:
        return {name: assumption.described(self._values[name]) for name, assumption in BY_NAME.items()}

    def text(self, name: str) -> str:
        return str(self._values[name])

    def flag(self, name: str) -> bool:
        return bool(self._values[name])

    def count(self, name: str) -> int:
        return int(self._values[name])

    def value(self, name: str) -> Any:
        return self._values[name]

    def limit(self, name: str) -> float | None:
        """Return a number, or ``None`` where there is no such limit."""
        value = self._values[name]
        return None if value is None else float(value)
