"""Faults that a test asks for: which calls they match, how often, and what they do."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_rivya.sandbox.errors import ControlError

DECISIONS = frozenset({"generation_fails", "generation_takes", "content_refused", "unknown_status"})
"""Kinds that change what the gateway decides; all others happen on the wire."""

OPTIONS: Mapping[str, frozenset[str]] = {
    "status": frozenset({"status", "body", "code", "headers"}),
    "delay": frozenset({"seconds"}),
    "hang": frozenset({"seconds"}),
    "cut_before": frozenset(),
    "cut_after": frozenset(),
    "answer_cut": frozenset({"fraction"}),
    "truncated": frozenset({"fraction", "declare_length"}),
    "corrupt": frozenset(),
    "content_type": frozenset({"value"}),
    "html": frozenset(),
    "empty": frozenset(),
    "redirect": frozenset({"location"}),
    "rate_limit": frozenset({"retry_after", "seconds"}),
    "generation_fails": frozenset({"error", "refund"}),
    "generation_takes": frozenset({"seconds"}),
    "content_refused": frozenset(),
    "unknown_status": frozenset({"status", "for_polls"}),
}
AT_CREATION = frozenset({"generation_fails", "generation_takes", "content_refused"})
COMMON = frozenset({"kind", "method", "path", "times"})
REQUIRED: Mapping[str, frozenset[str]] = {
    "status": frozenset({"status"}),
    "delay": frozenset({"seconds"}),
    "hang": frozenset({"seconds"}),
    "content_type": frozenset({"value"}),
    "redirect": frozenset({"location"}),
    "generation_takes": frozenset({"seconds"}),
    "unknown_status": frozenset({"status"}),
}
LONGEST_WAIT = 600
LONGEST_TASK = 365 * 86400
NO_BODY_STATUS = frozenset({204, 304})


@dataclass
class Fault:
    """
    One fault that is asked for.

    :param method: HTTP method, or ``*``.
    :param path: pattern (``fnmatch``) against the request's path.
    :param times: how many matching calls it still hits.
    :param options: what its kind needs, see :data:`OPTIONS`.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    times: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("*", method) and fnmatchcase(path, self.path)

    def described(self) -> dict[str, Any]:
        common = {"kind": self.kind, "method": self.method, "path": self.path, "times": self.times}
        return {**common, **self.options}

    def number(self, name: str, default: float) -> float:
        return float(self.options.get(name, default))


def parse_fault(body: object) -> Fault:
    """
    Read what was POSTed to ``/sandbox/faults``.

    :raises ControlError: everything that is wrong with it, in one text.
    """
    if not isinstance(body, dict):
        raise ControlError("a fault is a JSON object")
    kind = body.get("kind")
    if not isinstance(kind, str) or kind not in OPTIONS:
        raise ControlError(f"kind: {kind!r} is none of {', '.join(OPTIONS)}")
    options = {name: value for name, value in body.items() if name not in COMMON}
    faults = [f"{name}: not an option of {kind}" for name in options if name not in OPTIONS[kind]]
    faults += [
        f"{name}: required for {kind}" for name in sorted(REQUIRED.get(kind, frozenset()) - set(options))
    ]
    faults += _wrong_common(body)
    faults += [text for name, value in options.items() if (text := _wrong_option(kind, name, value))]
    if faults:
        raise ControlError("; ".join(faults))
    times = options.pop("for_polls", body.get("times", 1))
    method = str(body.get("method", "POST" if kind in AT_CREATION else "*")).upper()
    return Fault(kind, method, str(body.get("path", "*")), times, options)


def _wrong_common(body: Mapping[str, Any]) -> list[str]:
    faults = []
    if not isinstance(body.get("method", "*"), str):
        faults.append("method: a text such as POST, or *")
    if not isinstance(body.get("path", "*"), str):
        faults.append("path: a text, * and ? match as in a shell")
    if not _whole(body.get("times", 1), 1):
        faults.append(f"times: {body['times']!r} is not a whole number from 1")
    return faults


def _wrong_option(kind: str, name: str, value: Any) -> str:
    if name == "status" and kind == "status":
        right, wanted = _whole(value, 200) and value <= 599, "an HTTP status from 200 to 599"
    elif name in ("status", "value", "location", "code"):
        right, wanted = (
            isinstance(value, str) and value != "" and _header_safe(value),
            "a text of printable ASCII",
        )
    elif name == "seconds" and kind == "generation_takes":
        right = value is None or (_number(value) and 0 <= value <= LONGEST_TASK)
        wanted = f"null (never ends) or a number from 0 to {LONGEST_TASK}"
    elif name == "seconds":
        right, wanted = _number(value) and 0 <= value <= LONGEST_WAIT, f"a number from 0 to {LONGEST_WAIT}"
    elif name == "fraction":
        right, wanted = _number(value) and 0 <= value < 1, "a number from 0 to below 1"
    elif name == "retry_after":
        right = value is None or value in ("seconds", "date") or (_number(value) and value >= 0)
        wanted = 'null, a number of seconds, "seconds" or "date"'
    elif name in ("declare_length", "refund"):
        nullable = name == "refund"
        right = isinstance(value, bool) or (nullable and value is None)
        wanted = "true or false" + (" or null" if nullable else "")
    elif name == "for_polls":
        right, wanted = _whole(value, 1), "a whole number from 1"
    elif name == "headers":
        right = isinstance(value, dict) and all(
            isinstance(v, str) and _header_safe(v) and k.replace("-", "").isalnum() and k.isascii()
            for k, v in value.items()
        )
        wanted = "an object of header names and texts"
    elif name == "error":
        right = value is None or (
            isinstance(value, dict)
            and set(value) == {"code", "message"}
            and all(isinstance(text, str) for text in value.values())
        )
        wanted = 'null or {"code": text, "message": text}'
    else:
        return ""
    return "" if right else f"{name}: {value!r} is not {wanted}"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _header_safe(text: str) -> bool:
    return text.isascii() and text.isprintable()


class Faults:
    """Faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults = []

    def described(self) -> list[dict[str, Any]]:
        return [fault.described() for fault in self._faults]

    def take(self, method: str, path: str, kinds: Container[str]) -> Fault | None:
        """Use up one occurrence of the oldest fault of these kinds that matches the call."""
        for fault in self._faults:
            if fault.kind in kinds and fault.matches(method, path):
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None


WIRE = frozenset(OPTIONS) - DECISIONS
