"""Every kind of fault at every call of the hook: the error, what it cost, and that the next call is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.hooks.rivya import RivyaHook
from tests.integration.conftest import Connect
from tests.integration.fault_kinds import FAULTS, KINDS, PATIENCE, TAKEN_IN, happens, pattern, routes
from tests.sandbox_process import SandboxProcess

CREATE = ("POST", "/api/v1/generations")
KEY = "key-1"


@dataclass(frozen=True)
class Things:
    """What the calls are about."""

    generation: str
    file: str
    photo: Path


Call = Callable[[RivyaHook, Things], Any]

CALLS: Mapping[tuple[str, str], Call] = {
    CREATE: lambda hook, things: (
        hook.create_generation(hook.api.request_body("z-image", "A bicycle", {}), KEY).model
    ),
    ("GET", "/api/v1/generations/{task_id}"): lambda hook, things: hook.get_generation(things.generation).id,
    ("POST", "/api/v1/files"): lambda hook, things: bool(hook.upload_file(things.photo).id),
    ("GET", "/api/v1/files/{file_id}"): lambda hook, things: hook.get_file(things.file).id,
    ("GET", "/api/v1/credits"): lambda hook, things: hook.get_credits().credits >= 998,
    ("GET", "/api/v1/models"): lambda hook, things: len(hook.list_models()),
    ("GET", "/api/v1/openapi.json"): lambda hook, things: hook.get_openapi()["openapi"],
}

BROKE_OFF = "The gateway broke off"
NO_JSON = "with something that is not JSON: "
TOLD: Mapping[str, tuple[type[GatewayError], str] | None] = {
    "status": (GatewayUnavailableError, "code internal_error, HTTP 500, request id req_"),
    "delay": None,
    "hang": (GatewayUnreachableError, "The gateway did not answer in time"),
    "cut_before": (GatewayUnreachableError, BROKE_OFF),
    "cut_after": (GatewayUnreachableError, BROKE_OFF),
    "answer_cut": (GatewayUnreachableError, BROKE_OFF),
    "truncated": (UnexpectedAnswerError, NO_JSON),
    "corrupt": (UnexpectedAnswerError, NO_JSON),
    "content_type": None,
    "html": (UnexpectedAnswerError, f"{NO_JSON}<!doctype html>"),
    "empty": (UnexpectedAnswerError, f"{NO_JSON}an empty body"),
    "redirect": (UnexpectedAnswerError, "API calls follow no redirects, so that the key stays"),
    "rate_limit": (RateLimitedError, "code rate_limited, HTTP 429, request id req_"),
    "generation_fails": None,
    "generation_takes": None,
    "unknown_status": None,
}
"""Class and a part of the message; ``None``: the call is answered as if nothing had happened."""


def test_the_tables_are_complete() -> None:
    assert set(FAULTS) == set(TOLD) == set(KINDS)
    # What has no call of its own is fetched by tasks: tests/integration/operators/test_every_fault.py.
    assert set(CALLS) == {route for route in routes() if route[1].startswith("/api/")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_every_fault_at_every_call(
    connect: Connect, sandbox: SandboxProcess, photo: Path, call: tuple[str, str], kind: str
) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    with closing(RivyaHook()) as patient:
        earlier = patient.create_generation(patient.api.request_body("z-image", "A lighthouse", {}))
        things = Things(earlier.id, patient.upload_file(photo).id or "", photo)
        right = "z-image" if call == CREATE else CALLS[call](patient, things)
        before = len(sandbox.requests())
        sandbox.fault(kind=kind, method=call[0], path=pattern(call[1]), **FAULTS[kind])
        connect(retries=0, read_timeout=PATIENCE)
        with closing(RivyaHook()) as hook:
            if (told := TOLD[kind]) is None:
                assert CALLS[call](hook, things) == right
            else:
                with pytest.raises(told[0]) as caught:
                    CALLS[call](hook, things)
                assert type(caught.value) is told[0]
                assert told[1] in str(caught.value)
                assert caught.value.conn_id == "rivya_default"
        (request,) = sandbox.requests()[before:]
        assert request["method"] == call[0]
        assert sandbox.ledger()["charges"] == 1 + (call == CREATE and kind in TAKEN_IN)
        left = [fault["kind"] for fault in sandbox.control("GET", "faults")["faults"]]
        assert left == ([] if happens(kind, *call) else [kind])
        sandbox.control("DELETE", "faults")
        assert CALLS[call](patient, things) == right
    assert sandbox.ledger()["charges"] == 1 + (call == CREATE)
