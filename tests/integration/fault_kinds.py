"""One fault of each kind that the sandbox knows, and the endpoints at which it can happen."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from starlette.routing import Route

from airflow_provider_rivya.sandbox.rivya.api import Api
from airflow_provider_rivya.sandbox.state.gateway import Gateway
from airflow_provider_rivya.sandbox.toapis.api import ToApis

HANGS = 1.5
"""Seconds; longer than :func:`patience`."""


class Endpoint(NamedTuple):
    """One endpoint of one gateway, the URLs that it hands out among them."""

    gateway: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def pattern(self) -> str:
        """The path template as the pattern of a fault."""
        return re.sub(r"\{[^}]+\}", "*", self.path)


CREATE = Endpoint("rivya", "POST", "/api/v1/generations")
STATUS = Endpoint("rivya", "GET", "/api/v1/generations/{task_id}")
UPLOAD = Endpoint("rivya", "POST", "/api/v1/files")
FILE = Endpoint("rivya", "GET", "/api/v1/files/{file_id}")
LISTED = Endpoint("rivya", "GET", "/api/v1/generations")
CREDITS = Endpoint("rivya", "GET", "/api/v1/credits")
MODELS = Endpoint("rivya", "GET", "/api/v1/models")
OPENAPI = Endpoint("rivya", "GET", "/api/v1/openapi.json")
REFERENCE = Endpoint("rivya", "GET", "/files/{file_id}")
RESULT = Endpoint("rivya", "GET", "/results/{token}/{name}")
MOVED_RESULT = Endpoint("rivya", "GET", "/cdn/{token}/{name}")

IMAGE = Endpoint("toapis", "POST", "/v1/images/generations")
VIDEO = Endpoint("toapis", "POST", "/v1/videos/generations")
IMAGE_STATUS = Endpoint("toapis", "GET", "/v1/images/generations/{name:path}")
VIDEO_STATUS = Endpoint("toapis", "GET", "/v1/videos/generations/{name:path}")
IMAGE_UPLOAD = Endpoint("toapis", "POST", "/v1/uploads/images")
VIDEO_UPLOAD = Endpoint("toapis", "POST", "/v1/uploads/videos")
ITS_MODELS = Endpoint("toapis", "GET", "/v1/models")
BALANCE = Endpoint("toapis", "GET", "/v1/balance")
UPLOADED = Endpoint("toapis", "GET", "/uploads/{path:path}")
GENERATED = Endpoint("toapis", "GET", "/generated/{token}/{name}")
EDITS = Endpoint("toapis", "POST", "/v1/images/edits")
"""The creation of an image by another address."""
OTHER_BALANCES = {Endpoint("toapis", "GET", "/balance"), Endpoint("toapis", "GET", "/v1/user/balance")}
"""The balance by two more addresses, at which the client never looks."""

CREATIONS = {CREATE, IMAGE, VIDEO}
"""What costs credits."""

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
    "content_refused": {},
    "unknown_status": {"status": "upscaling"},
}

PLACES: Mapping[str, Collection[Endpoint]] = {
    "generation_fails": CREATIONS,
    "generation_takes": CREATIONS,
    "content_refused": {IMAGE, VIDEO},
    "unknown_status": {STATUS, IMAGE_STATUS, VIDEO_STATUS},
}
"""Where a gateway makes a decision that a fault can change; all other kinds happen at every endpoint."""

TAKEN_IN = frozenset(
    {
        "delay",
        "hang",
        "cut_after",
        "answer_cut",
        "truncated",
        "corrupt",
        "content_type",
        "generation_fails",
        "generation_takes",
    }
)
"""The kinds with which a gateway takes in what it is asked all the same."""


def endpoints(gateway: str) -> frozenset[Endpoint]:
    """Every endpoint that the sandbox has of a gateway."""
    empty = Gateway("http://127.0.0.1", starting_credits=0, speed=1)
    routes: Mapping[str, Iterable[Route]] = {
        "rivya": Api(empty).routes(),
        "toapis": ToApis(empty).routes(),
    }
    return frozenset(
        Endpoint(gateway, method, route.path)
        for route in routes[gateway]
        for method in (route.methods or ())
        if method != "HEAD"
    )


def happens(kind: str, endpoint: Endpoint) -> bool:
    """Whether a fault of this kind can happen at an endpoint."""
    return endpoint in PLACES.get(kind, (endpoint,))


def patience(kind: str) -> dict[str, float]:
    """Fields of a connection with which a client does not wait for the end of a hang."""
    return {"read_timeout": 1} if kind == "hang" else {}


def rows(wanted: Iterable[Endpoint]) -> list[tuple[Endpoint, str]]:
    """Every kind at every one of these endpoints at which it can happen."""
    return [(endpoint, kind) for endpoint in wanted for kind in FAULTS if happens(kind, endpoint)]
