"""
Every point the gateways' public documentation leaves open is a named switch: what a switch is.

No default is the real gateway's behaviour: each is an assumption, and says so. A client has to work
whichever way a switch stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["choice", "flag", "text", "number", "count"]


@dataclass(frozen=True)
class Assumption:
    """
    One open point.

    :param name: the switch.
    :param default: its value at the start and after a reset.
    :param says: what the documentation leaves open and why this default.
    :param kind: ``choice`` (one of ``choices``), ``flag``, ``text``, ``number`` (seconds, USD), ``count``.
    :param optional: whether ``None`` (no such limit) is a value too.
    """

    name: str
    default: Any
    says: str
    kind: Kind = "choice"
    choices: tuple[Any, ...] = ()
    optional: bool = False

    def described(self, value: Any) -> dict[str, Any]:
        """Return the switch as ``GET /sandbox/assumptions`` shows it."""
        entry: dict[str, Any] = {"value": value, "default": self.default}
        if self.kind == "choice":
            entry["choices"] = list(self.choices)
        elif self.kind == "flag":
            entry["choices"] = [True, False]
        else:
            entry["type"] = f"{self.kind} or null" if self.optional else self.kind
        entry["assumption"] = self.says
        return entry

    def fault_of(self, value: Any) -> str:
        """Return what is wrong with a value, or an empty string."""
        if value is None and self.optional:
            return ""
        if self.kind == "choice":
            right = any(value == choice and type(value) is type(choice) for choice in self.choices)
            wanted = "one of " + ", ".join(repr(choice) for choice in self.choices)
        elif self.kind == "flag":
            right, wanted = isinstance(value, bool), "true or false"
        elif self.kind == "text":
            right, wanted = isinstance(value, str) and bool(value), "a text"
        else:
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            right = numeric and math.isfinite(value) and value >= 0
            wanted = "a number from 0"
            if self.kind == "count":
                right, wanted = right and isinstance(value, int), "a whole number from 0"
        nullable = " or null" if self.optional else ""
        return "" if right else f"{self.name}: {value!r} is not {wanted}{nullable}"


def choice(name: str, says: str, default: Any, *others: Any) -> Assumption:
    return Assumption(name, default, says, "choice", (default, *others))


def flag(name: str, says: str, default: bool) -> Assumption:
    return Assumption(name, default, says, "flag")


def seconds(name: str, says: str, default: float | None, optional: bool = True) -> Assumption:
    return Assumption(name, default, says, "number", optional=optional)


def usd(name: str, says: str, default: float) -> Assumption:
    return Assumption(name, default, says, "number")


def count(name: str, says: str, default: int | None) -> Assumption:
    return Assumption(name, default, says, "count", optional=True)


def text(name: str, says: str, default: str) -> Assumption:
    return Assumption(name, default, says, "text")
