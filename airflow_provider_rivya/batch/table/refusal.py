"""Why something that was given as a table is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean

_ALLOWED: Final = "a list of dicts, or a path or URI of .csv, .jsonl, .ndjson or .parquet"


def unreadable(problem: str, allowed: str = _ALLOWED) -> InvalidRequestError:
    return InvalidRequestError([Fault("rows", problem, allowed)], subject="The table")


def each_once(names: Sequence[str], shown: str) -> None:
    """
    Make sure that each column has a name of its own.

    :raises InvalidRequestError: two have the same.
    """
    if (doubled := twice(names)) is not None:
        raise unreadable(f"{shown} has two columns {clean(doubled)!r}", "each name once")


def twice(names: Sequence[str]) -> str | None:
    """Return a name that stands there more than once, if one does."""
    return next((name for name, count in Counter(names).items() if count > 1), None)
