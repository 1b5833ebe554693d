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
from airflow_provider_rivya.sandbox.faults import DECISIONS, OPTIONS
from tests.integration.conftest import Connect
from tests.integration.fault_kinds import (
    CREATE,
    CREDITS,
    FAULTS,
    FILE,
    MODELS,
    MOVED_RESULT,
    OPENAPI,
    PATIENCE,
    PLACES,
    REFERENCE,
    RESULT,
    STATUS,
    TAKEN_IN,
    UPLOAD,
    Endpoint,
    endpoints,
    happens,
    rows,
)
from tests.integration.fault_messages import OF_CALLS, of_call, plain
from tests.sandbox_process import SandboxProcess

KEY = "key-1"
CREATIONS = (CREATE,)


@dataclass(frozen=True)
class Things:
    """What the calls are about."""

    generation: str
    file: str
    photo: Path


Call = Callable[[RivyaHook, Things], Any]

CALLS: Mapping[Endpoint, Call] = {
    CREATE: lambda hook, things: (
        hook.create_generation(hook.api.request_body("z-image", "A bicycle", {}), KEY).model
    ),
    STATUS: lambda hook, things: hook.get_generation(things.generation).id,
    UPLOAD: lambda hook, things: bool(hook.upload_file(things.photo).id),
    FILE: lambda hook, things: hook.get_file(things.file).id,
    CREDITS: lambda hook, things: hook.get_credits().credits >= 998,
    MODELS: lambda hook, things: len(hook.list_models()),
    OPENAPI: lambda hook, things: hook.get_openapi()["openapi"],
}

ERRORS: Mapping[str, type[GatewayError]] = {
    "status": GatewayUnavailableError,
    "hang": GatewayUnreachableError,
    "cut_before": GatewayUnreachableError,
    "cut_after": GatewayUnreachableError,
    "answer_cut": GatewayUnreachableError,
    "truncated": UnexpectedAnswerError,
    "corrupt": UnexpectedAnswerError,
    "html": UnexpectedAnswerError,
    "empty": UnexpectedAnswerError,
    "redirect": UnexpectedAnswerError,
    "rate_limit": RateLimitedError,
}
"""A call that is hit by another kind is answered as if nothing had happened."""

DOWNLOADS = {REFERENCE, RESULT, MOVED_RESULT}
"""Fetched by tasks: tests/integration/operators/test_every_fault.py."""


def test_the_tables_are_complete() -> None:
    assert set(FAULTS) == set(OPTIONS)
    assert set(PLACES) == DECISIONS
    assert set(ERRORS) == set(OF_CALLS)
    assert set(CALLS) | DOWNLOADS == endpoints("rivya")


def made_before(hook: RivyaHook, photo: Path) -> Things:
    earlier = hook.create_generation(hook.api.request_body("z-image", "A lighthouse", {}))
    return Things(earlier.id, hook.upload_file(photo).id or "", photo)


@pytest.mark.parametrize(("call", "kind"), rows(CALLS), ids=str)
def test_every_fault_at_every_call(
    connect: Connect, sandbox: SandboxProcess, photo: Path, call: Endpoint, kind: str
) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    with closing(RivyaHook()) as patient:
        things = made_before(patient, photo)
        right = "z-image" if call in CREATIONS else CALLS[call](patient, things)
        before = len(sandbox.requests())
        sandbox.fault(kind=kind, method=call.method, path=call.pattern, **FAULTS[kind])
        connect(retries=0, read_timeout=PATIENCE)
        with closing(RivyaHook()) as hook:
            if (error := ERRORS.get(kind)) is None:
                assert CALLS[call](hook, things) == right
            else:
                with pytest.raises(error) as caught:
                    CALLS[call](hook, things)
                assert type(caught.value) is error
                said = plain(str(caught.value), {things.generation: "generation", things.file: "file"})
                assert said == of_call(kind, call)
        (request,) = sandbox.requests()[before:]
        assert request["method"] == call.method
        taken_in = kind in TAKEN_IN or kind in DECISIONS
        assert sandbox.ledger()["charges"] == 1 + (call in CREATIONS and taken_in)
        assert sandbox.control("GET", "faults")["faults"] == []
        assert CALLS[call](patient, things) == right
    assert sandbox.ledger()["charges"] == 1 + (call in CREATIONS)


def test_what_is_decided_elsewhere_changes_no_other_call(
    connect: Connect, sandbox: SandboxProcess, photo: Path
) -> None:
    elsewhere = [
        {**FAULTS[kind], "kind": kind, "method": call.method, "path": call.pattern}
        for kind in DECISIONS
        for call in CALLS
        if not happens(kind, call)
    ]
    with closing(RivyaHook()) as hook:
        things = made_before(hook, photo)
        right = {call: CALLS[call](hook, things) for call in CALLS}
        for fault in elsewhere:
            sandbox.fault(**fault)
        assert {call: CALLS[call](hook, things) for call in CALLS} == right
    assert len(sandbox.control("GET", "faults")["faults"]) == len(elsewhere)
