"""Reads single fields of the gateways' answers, none of which can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from airflow_provider_rivya.api.schemas import ModelInfo
from airflow_provider_rivya.redaction import clean


def text_field(value: Any, limit: int = 300) -> str | None:
    """Return a text of the gateway fit for a message, or ``None`` for anything that is not text."""
    return clean(value, limit) if isinstance(value, str) and value.strip() else None


def parse_time(value: Any) -> datetime | None:
    """Read an ISO 8601 time, as UTC; anything else, and a time without a zone, is ``None``."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def unix_time(value: Any) -> datetime | None:
    """Read Unix seconds, as UTC; 0 and below, which stand for "not yet", are ``None``."""
    seconds = _number(value)
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def percent(value: Any) -> int | None:
    """Read a progress between 0 and 100."""
    number = _number(value)
    return int(number) if number is not None and 0 <= number <= 100 else None


def urls(values: Iterable[Any]) -> tuple[str, ...]:
    """Return those values that are texts, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def models(document: Any) -> list[ModelInfo]:
    """
    Read a list of models, bare or under ``data``.

    :raises ValueError: an entry is not what a :class:`ModelInfo` is.
    :raises TypeError: there is no list.
    """
    entries = document.get("data") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise TypeError("no list of models")
    return [ModelInfo.model_validate(entry) for entry in entries]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
