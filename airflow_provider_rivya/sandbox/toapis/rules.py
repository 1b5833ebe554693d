"""The rules that the model data give for a parameter, for a prompt, and for parameters together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.models.catalog import defaults_of
from airflow_provider_rivya.sandbox.requests.values import CHECK_OF_TYPE, shown

GIVEN, ABSENT = "given", "absent"


def problem_of(value: object, rule: Mapping[str, Any], assumptions: Assumptions) -> str:
    """Return what is wrong with a parameter's value, or an empty string."""
    if assumptions.text("toapis_disputed") == "refuse":
        for entry in rule.get("disputed", ()):
            if _disputed(value, entry):
                return f"{shown(value)} is not taken: {entry['why']}"
    if rule["type"] == "select":
        if "open" in rule:  # a list of values that was not seen in full
            rule = {**rule, "type": "text"}
        else:
            value, rule = _comparable(value, rule, assumptions)
    return CHECK_OF_TYPE[rule["type"]](value, rule)


def longest_prompt(model: Mapping[str, Any], assumptions: Assumptions) -> int | None:
    """Return the greatest length of a prompt in characters, ``None`` without a limit."""
    rule = model["prompt"]
    limits = [rule["max_length"]] if "max_length" in rule else []
    if assumptions.text("toapis_disputed") == "refuse":
        limits += [entry["above"] for entry in rule.get("disputed", ()) if "above" in entry]
    return min(limits, default=None)


def broken_rules(params: Mapping[str, Any], model: Mapping[str, Any], has_references: bool) -> Iterator[str]:
    """Yield what is wrong with parameters together; rules that only warn break nothing."""
    settings = {**params, **({"references": True} if has_references else {})}
    known = defaults_of(model) | settings
    for rule in model.get("rules", ()):
        if rule.get("level") == "warning" or not all(
            _holds(settings, known, key, wanted) for key, wanted in rule["when"].items()
        ):
            continue
        for key, wanted in rule.get("require", {}).items():
            if (key in known or not isinstance(wanted, list)) and not _holds(settings, known, key, wanted):
                when = ", ".join(f"{name}: {known.get(name)!r}" for name in rule["when"])
                yield f"{key}: does not go with {when}, {rule['why'] or f'wanted: {wanted}'}"


def _disputed(value: object, entry: Mapping[str, Any]) -> bool:
    if "values" in entry:
        return value in entry["values"]
    if "above" in entry:
        return isinstance(value, int | float) and value > entry["above"]
    return True


def _comparable(
    value: object, rule: Mapping[str, Any], assumptions: Assumptions
) -> tuple[object, Mapping[str, Any]]:
    """Return value and rule as they are compared: what the pages allow, in the case that the switch wants."""
    documented = [
        *rule["options"],
        *(value for entry in rule.get("refused", ()) for value in entry["values"]),
    ]
    case = assumptions.text("toapis_resolution_case")
    if rule["key"] != "resolution" or case == "as_documented" or not isinstance(value, str):
        return value, {**rule, "options": documented}
    change = str.lower if case == "lower" else str.upper
    options = list(dict.fromkeys(change(option) for option in documented))
    return (change(value) if case == "any" else value), {**rule, "options": options}


def _holds(settings: Mapping[str, Any], known: Mapping[str, Any], key: str, wanted: object) -> bool:
    """:param known: the settings with the documented values of what is not set."""
    if wanted == GIVEN:
        return key in settings
    if wanted == ABSENT:
        return key not in settings
    return isinstance(wanted, list) and known.get(key) in wanted
