"""The catalogue's data file: written in its own layout, and brought up to date with the live list."""

from __future__ import annotations

import copy
import json
from typing import Any

from airflow_provider_rivya.catalog.bundled import parse_catalog
from tools.models.live import Difference, compare
from tools.models.live_list import LiveModel

_ASSUMED = "taken over from the live list, which does not tell whether a prompt is required; it is assumed"
_ROW_ORDER = ("key", "type", "required", "default", "min", "max", "step", "options", "note", "items")


def dumps(data: dict[str, Any]) -> str:
    """Write a catalogue: one line a field, a parameter, a rule, so that changes read well."""
    head = {key: value for key, value in data.items() if key != "models"}
    lines = json.dumps(head, ensure_ascii=False, indent=1).rsplit("\n", 1)[0]
    models = ",\n".join(_model(model) for model in data["models"])
    return f'{lines},\n "models": [\n{models}\n ]\n}}\n'


def _model(model: dict[str, Any]) -> str:
    fields = []
    for key, value in model.items():
        if key in ("params", "rules") and value:
            rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in value)
            fields.append(f'"{key}": [\n{rows}\n   ]')
        else:
            fields.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    return "  {" + ",\n   ".join(fields) + "}"


def updated(data: dict[str, Any], document: object, as_of: str) -> tuple[dict[str, Any], Difference]:
    """
    Take the live list over into a catalogue, in the fields that the list knows.

    A model that the live list does not have any more stays: leaving it out is a person's decision.

    :param data: the decoded data file; it is not changed.
    :param document: the decoded answer of ``GET /api/v1/models``.
    :param as_of: today, ISO 8601.
    :return: the new data, and what was different.
    :raises ValueError: ``document`` is no list of models, or the result is no valid catalogue.
    """
    difference = compare(parse_catalog(data), document)
    new = copy.deepcopy(data)
    models = {model["id"]: model for model in new["models"]}
    for change in difference.changed:
        _set(models[change.model], change.field, change.live)
    new["models"] += [_added(model, data["source"]) for model in difference.added]
    if difference:
        new["as_of"] = as_of
    parse_catalog(new)
    return new, difference


def _set(model: dict[str, Any], field: str, value: Any) -> None:
    if field == "prompt.max_length":
        _put(model["prompt"], "max_length", value)
    elif field == "reference.kinds":
        _set_kinds(model, value)
    elif field == "reference.max_files":
        model["reference"] = model["reference"] or {"kinds": {}}
        _put(model["reference"], "max_files", value)
    elif field.startswith("params."):
        _set_param(model, field.removeprefix("params."), value)
    else:
        model[field] = value


def _put(fields: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        fields.pop(key, None)
    else:
        fields[key] = value


def _set_kinds(model: dict[str, Any], kinds: list[str]) -> None:
    if not kinds:
        model["reference"] = None
        return
    rule = model["reference"] or {"kinds": {}}
    rule["kinds"] = {kind: rule["kinds"].get(kind, {}) for kind in kinds}
    model["reference"] = rule
    if not all(rule["kinds"].values()):
        _mark_open(model)


def _mark_open(model: dict[str, Any]) -> None:
    """Say that the rule about files is not known in full: the live list has no sizes and formats."""
    source = model.pop("source")
    model["reference_complete"] = False
    marks = model.setdefault("unknown", [])
    if "reference.kinds" not in marks:
        marks.append("reference.kinds")
    model["source"] = source


def _set_param(model: dict[str, Any], path: str, value: Any) -> None:
    key, _, name = path.rpartition(".")
    rows = {row["key"]: row for row in model["params"]}
    if not key:
        if value is None:
            del rows[path]
        else:
            rows[path] = _row(path, value)
    else:
        row = rows[key]
        _put(row, name, None if name == "required" and not value else value)
        if name == "type" and value != "select":
            row.pop("options", None)
        rows[key] = {field: row[field] for field in _ROW_ORDER if field in row}
    model["params"] = list(rows.values())


def _row(key: str, facts: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"key": key, **facts}
    row.setdefault("type", "select" if "options" in facts else "text")
    if not row.get("required"):
        row.pop("required", None)
    return {field: row[field] for field in _ROW_ORDER if row.get(field) is not None}


def _added(live: LiveModel, source: str) -> dict[str, Any]:
    facts = live.facts
    inputs = facts.get("inputs", ["text"])
    needs_prompt = "text" in inputs
    model: dict[str, Any] = {
        "id": live.id,
        "name": facts.get("name", live.id),
        "category": facts.get("category", "image"),
        "api_status": facts.get("api_status", "available"),
        "api_input_status": facts.get("api_input_status", "available_text"),
        "inputs": inputs,
        "credits": facts.get("credits", 0),
        "billing": facts.get("billing", "METERED"),
        "prompt": {"required": needs_prompt},
        "params_required": any(row.get("required") for row in (live.params or {}).values()),
        "params": [_row(key, row) for key, row in (live.params or {}).items()],
        "params_complete": live.params is not None,
        "reference": None,
        "reference_complete": True,
        "notes": [f"{_ASSUMED} {'it is' if needs_prompt else 'it is not'}"],
        "source": f"{source}/{live.id}",
    }
    _put(model["prompt"], "max_length", facts.get("prompt.max_length"))
    if live.params is None:
        model["unknown"] = ["params"]
    if facts.get("reference.kinds"):
        _set_kinds(model, facts["reference.kinds"])
        _put(model["reference"], "max_files", facts.get("reference.max_files"))
    return model
