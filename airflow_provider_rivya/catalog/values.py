"""
Brings one parameter value into the form that goes on the wire, or says why it cannot.

Selects, texts and numbers are distinct on the wire (https://rivya.ai/docs/api/models): a select is a JSON
string even for ``"true"`` and ``"5"``. A Python value of another type is converted only where exactly one
wire value can be meant:

======== =========================================== ===================================================
type     converted                                   refused
======== =========================================== ===================================================
select   ``True`` -> ``"true"``, ``5`` -> ``"5"``,   ``True`` where ``"true"`` is no option; other case
         ``0.5`` -> ``"0.5"``, ``5.0`` -> ``"5"``,   (``"2k"``) or blanks around it: the right spelling
         if the result is one of the options         is named, never put in silently
number   ``"5"`` -> ``5`` (templates render texts),  bool, NaN, infinity, beyond +-(2**53 - 1), out of
         ``5.0`` -> ``5``; a rounding error off the  range, off the grid
         grid -> the grid value
text     an ``int`` for a ``seed``                   everything else that is not a text
array    a tuple -> a list                           items of another shape
boolean  ``"true"`` -> ``True`` (templates)          every other text, numbers
object   any mapping of JSON values                  everything else
json     any JSON value                              what JSON cannot carry
======== =========================================== ===================================================

Where a gateway's pages disagree, the catalogue says so of the parameter: letters of another case are put
right, an option beyond a list that was not seen in full is sent with a warning, as is a value that only some
pages allow; a number that must not be quoted is refused as a text.

``Decimal`` and subclasses of the built-in types count as the plain number or text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from airflow_provider_rivya.catalog.findings import (
    Findings,
    named,
    number_rule,
    shown,
    type_name,
    value_rule,
)
from airflow_provider_rivya.catalog.model import ParamSpec
from airflow_provider_rivya.catalog.names import meaning_of
from airflow_provider_rivya.catalog.plain import REFUSED, SAFE_INTEGER, plain, sendable_text
from airflow_provider_rivya.catalog.structured import array, json_object, json_of_any_kind

# JSON's grammar of numbers without the exponent.
_DECIMAL_TEXT = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?")
# Our own context: the caller's may trap or round otherwise.
_ARITHMETIC = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999, traps=[])
_GRID_TOLERANCE = Decimal("1e-9")
_MAX_OPTION_LENGTH = 60
_BOOLEANS = {"true": True, "false": False}


def wire_value(param: ParamSpec, value: object, path: str, findings: Findings) -> Any:
    """
    Check one value against its parameter.

    :param value: anything but ``None``.
    :return: the value as it goes on the wire, or ``REFUSED`` after noting the fault.
    """
    value = plain(value)
    for refusal in param.refused:
        if type(value) is str and value in refusal.values:
            problem = f"{shown(value)} is not sent: {refusal.why}"
            findings.fault(path, problem, value_rule(param), repr(refusal.use))
            return REFUSED
    wire = _READERS[param.type](param, value, path, findings)
    if wire is not REFUSED:
        for dispute in param.disputed:
            if dispute.concerns(wire):
                findings.warn(path, f"{shown(wire)} is sent, but {dispute.why}")
    return wire


def _select(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    kind = type(value)
    candidate = _as_option(value)
    if candidate not in param.option_set and kind is float and value.is_integer():
        candidate = f"{value:.0f}"
    if candidate in ("True", "False") and candidate not in param.option_set:
        candidate = value.lower()  # as a template renders true and false
    if candidate is not None and candidate not in param.option_set and param.any_case:
        candidate = param.option_by_lower.get(candidate.lower(), candidate)
    if candidate in param.option_set:
        return candidate
    if param.open and kind is str and value and value == value.strip():
        return _beyond_the_list(param, value, path, findings)
    if kind is str and value != value.strip():
        problem = f"{shown(value)} with blanks around it is not an option"
    elif kind in (str, bool, int, float):
        problem = f"{shown(value)} is not an option"
    else:
        problem = f"an option is needed, not {type_name(value)}"
    findings.fault(path, problem, value_rule(param), _nearest_option(param, value))
    return REFUSED


def _beyond_the_list(param: ParamSpec, value: str, path: str, findings: Findings) -> Any:
    if not sendable_text(value, path, findings):
        return REFUSED
    near = _nearest_option(param, value)
    hint = f"; did you mean {near}?" if near else ""
    findings.warn(path, f"{shown(value)} is sent as written: {param.open}{hint}")
    return value


def _as_option(value: Any) -> str | None:
    kind = type(value)
    if kind is str:
        text: str = value
        return text
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        # repr: the shortest text that reads back as the same float, 0.5 -> "0.5".
        return repr(value) if abs(value) <= SAFE_INTEGER else None
    return None


def _nearest_option(param: ParamSpec, value: Any) -> str:
    if type(value) is int and 60 <= value <= SAFE_INTEGER:
        # YAML 1.1 reads an unquoted 16:9 as the base-60 number 969.
        ratio = f"{value // 60}:{value % 60}"
        return f"{ratio!r} (in YAML it needs quotes)" if ratio in param.option_set else ""
    if type(value) is not str or len(value) > _MAX_OPTION_LENGTH:
        return ""
    wanted = value.strip().lower()
    lowered = param.option_by_lower
    if wanted in lowered:
        return repr(lowered[wanted])
    import difflib

    close = difflib.get_close_matches(wanted, lowered, n=1, cutoff=0.6)
    return repr(lowered[close[0]]) if close else ""


def _number(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    allowed = number_rule(param)
    if type(value) is str and param.unquoted:
        bare = value.strip()
        hint = f"{bare}, without quotes" if _DECIMAL_TEXT.fullmatch(bare) else ""
        allowed += " (a template gives a number with render_template_as_native_obj=True on the DAG)"
        findings.fault(
            path, f"the text {shown(value)} is refused, this has to be a JSON number", allowed, hint
        )
        return REFUSED
    if type(value) is str:
        if not _DECIMAL_TEXT.fullmatch(value):
            bare = value.strip()
            hint = bare if bare != value and _DECIMAL_TEXT.fullmatch(bare) else ""
            findings.fault(path, f"the text {shown(value)} is not a number", allowed, hint)
            return REFUSED
        value = float(value) if "." in value else int(value)
    if type(value) is not int and type(value) is not float:
        findings.fault(path, f"a number is needed, not {named(value)}", allowed)
        return REFUSED
    if type(value) is float and not math.isfinite(value):
        findings.fault(path, f"{shown(value)} is not a JSON number", allowed)
        return REFUSED
    if param.choices:
        return _choice(param, value, path, findings)
    # The grid comes first: a rounding error may lift a value over the upper bound.
    on_grid = _grid_value(param, value)
    wire = value if on_grid is None else on_grid
    if param.min is not None and wire < param.min:
        findings.fault(path, f"{shown(value)} is too small", allowed)
    elif param.max is not None and wire > param.max:
        findings.fault(path, f"{shown(value)} is too large", allowed)
    elif abs(wire) > SAFE_INTEGER:
        exact = f"between -{SAFE_INTEGER} and {SAFE_INTEGER}, which JSON carries exactly"
        findings.fault(path, f"{shown(value)} is too large", f"{allowed}, {exact}")
    elif on_grid is None:
        findings.fault(
            path,
            f"{shown(value)} is between two steps",
            allowed,
            _grid_neighbours(param, value),
        )
    else:
        return _json_number(param, wire, path, findings)
    return REFUSED


def _choice(param: ParamSpec, value: float, path: str, findings: Findings) -> int | float | object:
    for choice in param.choices:
        if choice == value:
            return choice
    near = min(param.choices, key=lambda choice: abs(choice - value))
    findings.fault(path, f"{shown(value)} is not one of the numbers", number_rule(param), str(near))
    return REFUSED


def _json_number(param: ParamSpec, wire: float, path: str, findings: Findings) -> int | float:
    if type(wire) is float and wire.is_integer():
        # 5.0 and 5 are the same JSON number; one spelling gives one body and one fingerprint.
        return int(wire)
    documented = [figure for figure in (param.min, param.max, param.default) if figure is not None]
    if type(wire) is float and param.step is None and documented and all(type(f) is int for f in documented):
        findings.warn(
            path,
            f"{shown(wire)} is sent as written; the documentation names whole numbers only",
        )
    return wire


def _grid_value(param: ParamSpec, value: float) -> int | float | None:
    """Return the value, or the grid point it misses by a rounding error only; ``None`` between two points."""
    if param.step is None:
        return value
    start = param.min if param.min is not None else 0
    if type(value) is int and type(start) is int and type(param.step) is int:
        return value if (value - start) % param.step == 0 else None
    if abs(value) > SAFE_INTEGER:
        return None
    origin, step = Decimal(repr(start)), Decimal(repr(param.step))
    steps = _ARITHMETIC.divide(_ARITHMETIC.subtract(Decimal(repr(value)), origin), step)
    whole = steps.to_integral_value(ROUND_HALF_EVEN, _ARITHMETIC)
    if _ARITHMETIC.abs(_ARITHMETIC.subtract(steps, whole)) > _GRID_TOLERANCE:
        return None
    return float(_ARITHMETIC.fma(whole, step, origin))


def _grid_neighbours(param: ParamSpec, value: float) -> str:
    origin, step = Decimal(repr(param.min or 0)), Decimal(repr(param.step))
    steps = _ARITHMETIC.divide(_ARITHMETIC.subtract(Decimal(repr(value)), origin), step)
    below = _ARITHMETIC.fma(steps.to_integral_value(ROUND_FLOOR, _ARITHMETIC), step, origin)
    above = _ARITHMETIC.add(below, step)
    return f"{below}" if param.max is not None and above > Decimal(repr(param.max)) else f"{below} or {above}"


def _text(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    if type(value) is int and meaning_of(param) == "seed" and abs(value) <= SAFE_INTEGER:
        return str(value)
    allowed = f"{value_rule(param)} ({param.note})" if param.note else value_rule(param)
    if type(value) is not str:
        findings.fault(path, f"a text is needed, not {named(value)}", allowed)
    elif param.required and not value.strip():
        findings.fault(path, "is required and must not be blank", allowed)
    elif param.is_url and not _is_web_url(value):
        data = "a data URI" if value.startswith("data:") else shown(value)
        findings.fault(path, f"{data} is not a URL that the gateway could fetch", allowed)
    elif sendable_text(value, path, findings):
        return value
    return REFUSED


def _is_web_url(value: str) -> bool:
    from urllib.parse import urlsplit

    if any(character.isspace() for character in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _boolean(param: ParamSpec, value: Any, path: str, findings: Findings) -> Any:
    if type(value) is bool:
        return value
    if type(value) is str and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    findings.fault(path, f"true or false is needed, not {named(value)}", value_rule(param))
    return REFUSED


_READERS: dict[str, Callable[[ParamSpec, Any, str, Findings], Any]] = {
    "select": _select,
    "number": _number,
    "text": _text,
    "boolean": _boolean,
    "array": array,
    "object": json_object,
    "json": json_of_any_kind,
}
