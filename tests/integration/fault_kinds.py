"""One fault of each kind that the sandbox knows, and where it can happen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.sandbox.api import Api
from airflow_provider_rivya.sandbox.faults import OPTIONS
from airflow_provider_rivya.sandbox.gateway import Gateway

KINDS: tuple[str, ...] = tuple(
    kind for kind in OPTIONS if kind != "content_refused"
)  # which is ToAPIs' alone

HANGS = 2
"""Seconds; longer than :data:`PATIENCE`."""

PATIENCE = 1
"""Read timeout, in seconds, of a client that does not wait for the end of a hang."""


FAULTS: Mapping[str, dict[str, Any]] = {
    "status": {"status": 500},
    "delay": {"seconds": 0.1},
    "hang": {"seconds": HANGS},
    "cut_before": {},
    "cut_after": {},
    "answer_cut": {},
    "truncated": {"declare_length": False},
    "corrupt": {},
    "content_type": {"value": "text/plain"},
    "html": {},
    "empty": {},
    "redirect": {"location": "https://elsewhere.example/"},
    "rate_limit": {"retry_after": None},
    "generation_fails": {},
    "generation_takes": {"seconds": 0.2},
    "unknown_status": {"status": "upscaling"},
}

PLACES: Mapping[str, tuple[str, str]] = {
    "generation_fails": ("POST", "/api/v1/generations"),
    "generation_takes": ("POST", "/api/v1/generations"),
    "unknown_status": ("GET", "/api/v1/generations/{task_id}"),
}
"""The kinds that happen at one endpoint alone; all others happen at every one."""

TAKEN_IN = frozenset(
    {"delay", "hang", "cut_after", "answer_cut", "truncated", "corrupt", "content_type", *PLACES}
)
"""The kinds that spoil no more than the answer: the gateway has done what it was asked."""


def routes() -> frozenset[tuple[str, str]]:
    """Method and path template of every endpoint of the gateway, the URLs it hands out among them."""
    gateway = Gateway("http://127.0.0.1", starting_credits=0, speed=1)
    return frozenset(
        (method, route.path)
        for route in Api(gateway).routes()
        for method in (route.methods or ())
        if method != "HEAD"
    )


def pattern(path: str) -> str:
    """The path template as the pattern of a fault."""
    return re.sub(r"\{[^}]+\}", "*", path)


def happens(kind: str, method: str, path: str) -> bool:
    """Whether a fault of this kind can happen at an endpoint."""
    return PLACES.get(kind, (method, path)) == (method, path)
