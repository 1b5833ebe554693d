"""Reads the Python objects that a DAG author hands over into plain JSON values, within bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from airflow_provider_rivya.catalog.findings import Findings, path_to, shown, type_name

REFUSED: Final = object()
"""Returned in place of a wire value when a fault was noted."""

# The integers that every JSON reader keeps exactly (RFC 8259, section 6).
SAFE_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 16
MAX_VALUES: Final = 10_000
_BROKEN_TEXT = "the text holds half a surrogate pair and cannot be sent"


def plain(value: object) -> Any:
    """
    Reduce a value to the built-in type it derives from.

    Subclasses of ``str``, ``int`` and ``float`` (enum members, numpy's ``str_`` and ``float64``) and
    ``Decimal`` become the built-in value; everything else stays what it is.
    """
    if type(value) in (str, int, float, bool) or value is None:
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind.__str__(value) if kind is str else kind(value)
    if isinstance(value, Decimal):
        return _from_decimal(value)
    return value


def _from_decimal(value: Decimal) -> int | float:
    if not value.is_finite():
        return math.nan if value.is_nan() else math.inf
    if value.adjusted() > 300:
        return math.inf
    as_float = float(value)
    return int(as_float) if as_float.is_integer() and abs(as_float) <= SAFE_INTEGER else as_float


def elements(value: object) -> list[Any] | None:
    """Copy a list or tuple; ``None`` for anything else."""
    return list(value) if isinstance(value, list | tuple) else None


def sendable_text(text: str, path: str, findings: Findings) -> bool:
    """Note a fault for a text that has no UTF-8 form (half a surrogate pair)."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        findings.fault(path, _BROKEN_TEXT, "valid Unicode")
        return False
    return True


def text_mapping(
    value: object, path: str, findings: Findings, *, keep_none: bool = False
) -> dict[str, Any] | None:
    """
    Copy a mapping whose keys are texts.

    Entries that are ``None`` mean "not set" and are left out unless ``keep_none``: native template rendering
    and optional DAG parameters yield ``None``, and no documented parameter takes null.

    :return: the entries with a usable key, or ``None`` when it is no mapping at all; faults are noted.
    """
    if not isinstance(value, Mapping):
        findings.fault(path, f"a mapping is needed, not {type_name(value)}", "a mapping with text keys")
        return None
    entries: dict[str, Any] = {}
    for key, entry in value.items():
        name = plain(key)
        if type(name) is not str:
            findings.fault(path, f"{shown(name)} cannot be a key", "keys that are texts")
        elif sendable_text(name, path, findings) and (keep_none or entry is not None):
            entries[name] = entry
    return entries


def json_value(value: object, path: str, findings: Findings) -> Any:
    """
    Copy a value that no rule is known for, provided it can be sent as JSON.

    :return: the copy, or :data:`REFUSED` after noting a fault.
    """
    return _JsonCopy(findings).copy(value, path, 0)


class _JsonCopy:
    """Bounded in depth and in number, since an object may hold itself, or itself a thousand times."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._left = MAX_VALUES

    def copy(self, source: object, path: str, depth: int) -> Any:
        value = plain(source)
        kind = type(value)
        self._left -= 1
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if sendable_text(value, path, self._findings) else REFUSED
        if kind is int or kind is float:
            return self._number(value, path)
        if depth >= MAX_DEPTH or self._left < 0:
            bound = f"{MAX_DEPTH} levels deep" if depth >= MAX_DEPTH else f"{MAX_VALUES:,} values large"
            self._findings.fault(path, f"is more than {bound}")
            return REFUSED
        if (parts := elements(value)) is not None:
            return self._list(parts, path, depth)
        if isinstance(value, Mapping):
            return self._mapping(value, path, depth)
        self._findings.fault(path, f"{type_name(value)} cannot be sent as JSON", "JSON values")
        return REFUSED

    def _number(self, value: float, path: str) -> Any:
        if (type(value) is float and not math.isfinite(value)) or abs(value) > SAFE_INTEGER:
            self._findings.fault(path, f"{shown(value)} is not a number that JSON carries exactly")
            return REFUSED
        return int(value) if type(value) is float and value.is_integer() else value

    def _list(self, parts: list[Any], path: str, depth: int) -> Any:
        copies = []
        for index, part in enumerate(parts):
            copies.append(self.copy(part, f"{path}[{index}]", depth + 1))
            if copies[-1] is REFUSED:
                return REFUSED
        return copies

    def _mapping(self, value: object, path: str, depth: int) -> Any:
        before = self._findings.fault_count
        # Below the first level nothing is known of the value, so null may mean something.
        entries = text_mapping(value, path, self._findings, keep_none=True)
        if entries is None or self._findings.fault_count > before:
            return REFUSED
        copies = {}
        for key, part in entries.items():
            copies[key] = self.copy(part, path_to(path, key), depth + 1)
            if copies[key] is REFUSED:
                return REFUSED
        return copies
