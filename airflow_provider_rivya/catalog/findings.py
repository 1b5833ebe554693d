"""How values and rules are put into messages: short, without secrets, and never failing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean

_SHOWN = 60
_MOST = 100
_WORDS = {"boolean": "true or false", "object": "a mapping of JSON values", "json": "JSON values"}


class Findings:
    """Collects what a check finds, in the order in which it is found."""

    def __init__(self) -> None:
        self.fault_count = 0
        self._faults: list[Fault] = []
        self._warnings: list[str] = []
        self._warning_count = 0

    @property
    def full(self) -> bool:
        """Whether further faults are only counted, so that a message of a million lines cannot arise."""
        return self.fault_count >= _MOST

    def fault(self, path: str, problem: str, allowed: str = "", suggestion: str = "") -> None:
        """Note something wrong."""
        if not self.full:
            self._faults.append(Fault(path, problem, allowed, suggestion))
        self.fault_count += 1

    def warn(self, path: str, text: str) -> None:
        """Note something that may be wrong and is let through."""
        if self._warning_count < _MOST:
            self._warnings.append(f"{path}: {text}")
        self._warning_count += 1

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The first 100 faults; one more tells how many were left out."""
        rest = self.fault_count - len(self._faults)
        if not rest:
            return tuple(self._faults)
        return (
            *self._faults,
            Fault("request", f"{counted(rest, 'further fault')} not listed"),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """The first 100 warnings; one more tells how many were left out."""
        rest = self._warning_count - len(self._warnings)
        if not rest:
            return tuple(self._warnings)
        return (
            *self._warnings,
            f"request: {counted(rest, 'further warning')} not listed",
        )


def shown(value: Any) -> str:
    """
    Show a user's value in a message.

    Plain values are shown themselves, cut to 60 characters, with API keys masked and URLs cut to their
    host. Of anything else only the type is named: the ``repr`` of a foreign object may be long, may carry
    a secret and may raise.
    """
    kind = type(value)
    if value is None or kind in (bool, float):
        return repr(value)
    if kind is str:
        return repr(clean(value, _SHOWN))
    if kind is int:
        return str(value) if abs(value) < 10**20 else "an integer of more than 20 digits"
    return type_name(value)


def type_name(value: object) -> str:
    """Name the type of a value in everyday words."""
    kind = type(value)
    known = {
        str: "a text",
        bool: "a true/false value",
        int: "a number",
        float: "a number",
        list: "a list",
        tuple: "a tuple",
        dict: "a mapping",
        set: "a set",
        bytes: "bytes",
        type(None): "None",
    }
    return known.get(kind) or f"an object of type {clean(kind.__name__, _SHOWN)}"


def named(value: Any) -> str:
    """Show a plain number or truth value; of anything else name the type."""
    return shown(value) if type(value) in (bool, int, float) else type_name(value)


def path_to(parent: str, key: str) -> str:
    """Path of a key inside a mapping, fit for a message whatever the key holds."""
    name = clean(key, _SHOWN).encode("utf-8", "backslashreplace").decode("utf-8")
    return f"{parent}.{name or repr(key[:_SHOWN])}"


def listing(values: Iterable[str]) -> str:
    """Join allowed values."""
    return ", ".join(values)


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number_rule(param: ParamSpec) -> str:
    """``a number from 0.7 to 1.2 in steps of 0.05``."""
    if param.choices:
        return listing(str(choice) for choice in param.choices)
    text = "a number"
    if param.min is not None and param.max is not None:
        text += f" from {param.min} to {param.max}"
    elif param.min is not None:
        text += f" of at least {param.min}"
    elif param.max is not None:
        text += f" of at most {param.max}"
    return f"{text} in steps of {param.step}" if param.step is not None else text


def value_rule(param: ParamSpec) -> str:
    """What a parameter takes, in one phrase."""
    if param.type == "select":
        return listing(param.options)
    if param.type in _WORDS:
        return _WORDS[param.type]
    if param.type == "number":
        return number_rule(param)
    if param.type == "array" and param.items is not None:
        return f"a list of objects with the texts {listing(field.key for field in param.items.fields)}"
    return "a public http(s) URL" if param.is_url else "a text"


def keys_of(spec: ModelSpec) -> str:
    """The parameters of a model, for a message about a wrong key."""
    return listing(param.key for param in spec.params) or "none, this model has no parameters"
