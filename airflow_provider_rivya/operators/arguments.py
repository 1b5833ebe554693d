"""What an operator's arguments may be, as far as that shows when the DAG file is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "if_exists": ("overwrite", "fail", "skip"),
    "on_rerun_after_delivery": ("regenerate", "reuse"),
    "on_uncertain_submission": ("resubmit", "fail"),
    "validation": ("strict", "warn", "off"),
    "category": ("image", "video"),
}
"""Arguments that take one of a few words."""


def check_choices(**chosen: Any) -> None:
    """
    Check arguments of :data:`CHOICES`.

    :raises ValueError: one is none of its words.
    """
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise ValueError(f"{name} is {value!r}; allowed: {', '.join(CHOICES[name])}")


def check_limits(**limits: Any) -> None:
    """:raises ValueError: a limit of credits is neither a number nor ``None``."""
    for name, value in limits.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{name} is {value!r}; it takes a number")


def check_spans(**spans: Any) -> None:
    """:raises ValueError: a span of time is no ``timedelta``, or a negative one."""
    for name, value in spans.items():
        if not isinstance(value, timedelta) or value < timedelta(0):
            raise ValueError(f"{name} is {value!r}; it takes a timedelta that is not negative")
