"""Whether a value keeps to the rule that the model data give for a parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

WHITE_SPACE = re.compile(r"\s")
STEP_TOLERANCE = 1e-6
URL_KEY = "_url"
"""Ending of the texts that are public URLs, on the models whose input is a URL."""


def is_web_url(text: str) -> bool:
    """Whether a text is a URL that can be fetched from the public web."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not WHITE_SPACE.search(text)
    except ValueError:
        return False


def _select(value: object, rule: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        return f"{shown(value)} is not a string"
    if value not in rule["options"]:
        return f"{shown(value)} is not one of {', '.join(rule['options'])}"
    return ""


def _number(value: object, rule: Mapping[str, Any]) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return f"{shown(value)} is not a number"
    least, most, step = rule.get("min"), rule.get("max"), rule.get("step")
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = [f"{sign} {bound}" for sign, bound in (("from", least), ("to", most)) if bound is not None]
        return f"{shown(value)} is out of range: {' '.join(bounds)}"
    if "choices" in rule and value not in rule["choices"]:
        return f"{shown(value)} is not one of {', '.join(str(choice) for choice in rule['choices'])}"
    if step is not None:
        try:
            steps = (value - (least or 0)) / step
        except OverflowError:
            return f"{shown(value)} is too large"
        if not math.isclose(steps, round(steps), abs_tol=STEP_TOLERANCE):
            return f"{shown(value)} is not in steps of {step}"
    return ""


def _text(value: object, rule: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        return f"{shown(value)} is not a string"
    if rule.get("required") and not value.strip():
        return "required, but blank"
    if rule["key"].endswith(URL_KEY) and not is_web_url(value):
        return f"{shown(value)} is not a public http(s) URL"
    return ""


def _array(value: object, rule: Mapping[str, Any]) -> str:
    if not isinstance(value, list) or not value:
        return f"{shown(value)} is not a list with at least one item"
    names = _item_fields(rule)
    for index, item in enumerate(value):
        if not isinstance(item, dict) or any(not isinstance(item.get(name), str) for name in names):
            return f"item {index} is not an object with the strings {', '.join(names)}"
        if blank := [name for name in names if not item[name].strip()]:
            return f"item {index}: {', '.join(blank)} is blank"
    return ""


def _item_fields(rule: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields that each item of a list has."""
    return [field["key"] for field in rule.get("items", {}).get("fields", [])]


def unknown_item_fields(items: list[dict[str, Any]], rule: Mapping[str, Any]) -> list[str]:
    names = _item_fields(rule)
    return [
        f"[{index}].{name[:40]}: unknown field; allowed: {', '.join(names)}"
        for index, item in enumerate(items)
        for name in item
        if name not in names
    ]


CHECK_OF_TYPE: Mapping[str, Callable[[object, Mapping[str, Any]], str]] = {
    "select": _select,
    "number": _number,
    "text": _text,
    "array": _array,
    "boolean": lambda value, rule: "" if isinstance(value, bool) else f"{shown(value)} is not true or false",
    "object": lambda value, rule: "" if isinstance(value, dict) else f"{shown(value)} is not an object",
    "json": lambda value, rule: "",
}


def shown(value: object) -> str:
    text = (
        repr(value)
        if not isinstance(value, bool | None)
        else {True: "true", False: "false", None: "null"}[value]
    )
    return text if len(text) <= 80 else f"{text[:79]}…"
