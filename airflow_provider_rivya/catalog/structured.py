"""Brings values that are lists and objects into the form of the wire; see :mod:`.values` for the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.catalog.findings import Findings, named, path_to, type_name, value_rule
from airflow_provider_rivya.catalog.model import ItemRule, ParamSpec
from airflow_provider_rivya.catalog.names import canonical
from airflow_provider_rivya.catalog.plain import (
    REFUSED,
    elements,
    json_value,
    plain,
    sendable_text,
    text_mapping,
)


def json_object(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    """Copy an object whose content is not documented, with a warning; ``REFUSED`` for anything else."""
    if not issubclass(type(value), Mapping):
        findings.fault(path, f"a mapping is needed, not {type_name(value)}", value_rule(param))
        return REFUSED
    return json_of_any_kind(param, value, path, findings)


def json_of_any_kind(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    """Copy a value whose shape is not documented, with a warning."""
    wire = json_value(value, path, findings)
    if wire is not REFUSED:
        findings.warn(path, f"is sent as given: {param.note or 'what it takes is not documented'}")
    return wire


def array(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    """Bring a list of objects into the form of the wire."""
    lines = elements(value)
    if lines is None or param.items is None:
        findings.fault(path, f"a list is needed, not {type_name(value)}", value_rule(param))
        return REFUSED
    if param.required and not lines:
        findings.fault(path, "is required and must not be empty", value_rule(param))
        return REFUSED
    before = findings.fault_count
    wire = [_item(param.items, line, f"{path}[{index}]", findings) for index, line in enumerate(lines)]
    return wire if findings.fault_count == before else REFUSED


def _item(rule: ItemRule, value: object, path: str, findings: Findings) -> dict[str, Any]:
    entries = text_mapping(value, path, findings)
    if entries is None:
        return {}
    keys = [field.key for field in rule.fields]
    wire: dict[str, Any] = {}
    for key, part in entries.items():
        where = path_to(path, key)
        text = plain(part)
        if key not in keys:
            near = next((own for own in keys if canonical(own) == canonical(key)), "")
            findings.fault(where, "is not a field of these objects", ", ".join(keys), near)
        elif type(text) is not str:
            findings.fault(where, f"a text is needed, not {named(text)}")
        elif not text.strip():
            findings.fault(where, "must not be blank", "a text")
        elif sendable_text(text, where, findings):
            wire[key] = text
    for key in keys:
        if key not in entries:
            findings.fault(path_to(path, key), "is required", "a text")
    return wire
