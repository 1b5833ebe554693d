"""What of a task's arguments is known while its DAG file is read: texts, and defaults of DAG parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_PARAM: Final = re.compile(r"\{\{\s*params\.(\w+)\s*\}\}")


class _Unknown:
    """Stands for what is known only when the task runs: a template, another task's output, a file."""


UNKNOWN: Final = _Unknown()


def is_open(path: str, open_paths: Sequence[str]) -> bool:
    return any(path == other or path.startswith((f"{other}.", f"{other}[")) for other in open_paths)


def literal(value: Any, params: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value in which what is not known yet is :data:`UNKNOWN`; a DAG's parameter is its default."""
    if isinstance(value, str):
        if (whole := _PARAM.fullmatch(value.strip())) and params.get(whole[1]) is not None:
            return params[whole[1]]
        text = _PARAM.sub(lambda match: str(params.get(match[1], match[0])), value)
        is_file = text.endswith((".json", ".txt")) and not any(map(str.isspace, text))
        return UNKNOWN if "{{" in text or "{%" in text or is_file else text
    if isinstance(value, Mapping) and depth < 8:
        return {name: literal(entry, params, depth + 1) for name, entry in value.items()}
    if isinstance(value, list | tuple) and depth < 8:
        return [literal(entry, params, depth + 1) for entry in value]
    return UNKNOWN if hasattr(value, "iter_references") else value


def unknown_in(value: Any, path: str) -> Iterator[str]:
    if value is UNKNOWN:
        yield path
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from unknown_in(entry, f"{path}.{name}")
    elif isinstance(value, list) and any(entry is UNKNOWN for entry in value):
        yield path


def without_unknown(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: without_unknown(entry) for name, entry in value.items() if entry is not UNKNOWN}
        return {name: entry for name, entry in kept.items() if entry is not None}
    if isinstance(value, list):
        return [without_unknown(entry) for entry in value if entry is not UNKNOWN]
    return None if value is UNKNOWN else value
