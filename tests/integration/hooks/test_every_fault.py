"""Every kind of fault at every call of a hook: the error, what it cost, and that the next call is right."""

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
    RequestRejectedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.sandbox.state.faults import DECISIONS, OPTIONS
from tests.integration.conftest import Connect
from tests.integration.fault_kinds import (
    BALANCE,
    CREATE,
    CREATIONS,
    CREDITS,
    EDITS,
    FAULTS,
    FILE,
    GENERATED,
    IMAGE,
    IMAGE_STATUS,
    IMAGE_UPLOAD,
    ITS_MODELS,
    LISTED,
    MODELS,
    MOVED_RESULT,
    OPENAPI,
    OTHER_BALANCES,
    PLACES,
    REFERENCE,
    RESULT,
    STATUS,
    TAKEN_IN,
    UPLOAD,
    UPLOADED,
    VIDEO,
    VIDEO_STATUS,
    VIDEO_UPLOAD,
    Endpoint,
    endpoints,
    happens,
    patience,
    rows,
)
from tests.integration.fault_messages import OF_CALLS, of_call, plain
from tests.integration.gateways import GATEWAYS, TestedGateway, at_each
from tests.integration.sandbox.wire_tools import MP4
from tests.sandbox_process import SandboxProcess

KEY = "key-1"
MODEL_OF = {"rivya": {"image": "z-image"}, "toapis": {"image": "grok-imagine-1.0", "video": "sora-2"}}


@dataclass(frozen=True)
class Things:
    """What the calls are about: what was made, uploaded and lies on the disk before, by category."""

    made: Mapping[str, str]
    file: str
    on_disk: Mapping[str, Path]


Call = Callable[[Any, Things], Any]


def create(category: str) -> Call:
    def call(hook: Any, things: Things) -> Any:
        model = MODEL_OF[hook.conn_type][category]
        body = hook.api.request_body(model, "A bicycle", {}, key=KEY)
        return hook.create_generation(body, KEY, category=category).model == model

    return call


def status(category: str) -> Call:
    return lambda hook, things: hook.get_generation(things.made[category], category=category).id


def upload(kind: str) -> Call:
    return lambda hook, things: bool(hook.upload_file(things.on_disk[kind]).url)


def read_credits(hook: Any, things: Things) -> Any:
    return 800 < hook.get_credits().credits <= 1000


def list_models(hook: Any, things: Things) -> Any:
    return len(hook.list_models())


CALLS: Mapping[Endpoint, Call] = {
    CREATE: create("image"),
    STATUS: status("image"),
    UPLOAD: upload("image"),
    FILE: lambda hook, things: hook.get_file(things.file).id,
    CREDITS: read_credits,
    MODELS: list_models,
    OPENAPI: lambda hook, things: hook.get_openapi()["openapi"],
    IMAGE: create("image"),
    VIDEO: create("video"),
    IMAGE_STATUS: status("image"),
    VIDEO_STATUS: status("video"),
    IMAGE_UPLOAD: upload("image"),
    VIDEO_UPLOAD: upload("video"),
    ITS_MODELS: list_models,
    BALANCE: read_credits,
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
    "content_refused": RequestRejectedError,
}
"""A call that is hit by another kind is answered as if nothing had happened."""

DOWNLOADS = {REFERENCE, RESULT, MOVED_RESULT, UPLOADED, GENERATED}
"""Fetched by tasks: tests/integration/operators/test_every_fault.py."""


def test_the_tables_are_complete() -> None:
    assert set(FAULTS) == set(OPTIONS)
    assert set(PLACES) == DECISIONS
    assert set(ERRORS) == set(OF_CALLS)
    uncalled = {LISTED, EDITS, *OTHER_BALANCES}
    assert set(CALLS) | DOWNLOADS | uncalled == frozenset().union(*map(endpoints, GATEWAYS))


def before_the_fault(hook: Any, photo: Path) -> Things:
    film = photo.with_suffix(".mp4")
    film.write_bytes(MP4)
    made = {
        category: hook.create_generation(
            hook.api.request_body(model, "A lighthouse", {}), category=category
        ).id
        for category, model in MODEL_OF[hook.conn_type].items()
    }
    return Things(made, hook.upload_file(photo).id or "", {"image": photo, "video": film})


@pytest.mark.parametrize(
    ("_tested", "call", "kind"),
    [(GATEWAYS[call.gateway], call, kind) for call, kind in rows(CALLS)],
    indirect=["_tested"],
    ids=str,
)
def test_every_fault_at_every_call(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    photo: Path,
    call: Endpoint,
    kind: str,
) -> None:
    told = {"toapis_server_error_body": "json", "toapis_refused_content": "on_create"}
    sandbox.assume(idempotency_in_progress="wait", **told)
    with closing(gateway.hook()) as patient:
        things = before_the_fault(patient, photo)
        right = True if call in CREATIONS else CALLS[call](patient, things)
        sent_before, charged_before = len(sandbox.requests()), sandbox.ledger()["charges"]
        sandbox.fault(kind=kind, method=call.method, path=call.pattern, **FAULTS[kind])
        connect(retries=0, **patience(kind))
        with closing(gateway.hook()) as hook:
            if (error := ERRORS.get(kind)) is None:
                assert CALLS[call](hook, things) == right
            else:
                with pytest.raises(error) as caught:
                    CALLS[call](hook, things)
                assert type(caught.value) is error
                known = dict.fromkeys(things.made.values(), "generation")
                assert plain(str(caught.value), known) == of_call(kind, call)
        (request,) = sandbox.requests()[sent_before:]
        assert request["method"] == call.method
        charges = charged_before + (call in CREATIONS and kind in TAKEN_IN)
        assert sandbox.ledger()["charges"] == charges
        assert sandbox.control("GET", "faults")["faults"] == []
        assert CALLS[call](patient, things) == right
    known_already = gateway.replays_keys and charges > charged_before
    assert sandbox.ledger()["charges"] == charges + (call in CREATIONS and not known_already)


@at_each
def test_what_is_decided_elsewhere_changes_no_other_call(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> None:
    calls = [call for call in CALLS if call.gateway == gateway.name]
    elsewhere = [
        {**FAULTS[kind], "kind": kind, "method": call.method, "path": call.pattern}
        for kind in DECISIONS
        for call in calls
        if not happens(kind, call)
    ]
    with closing(gateway.hook()) as hook:
        things = before_the_fault(hook, photo)
        right = {call: CALLS[call](hook, things) for call in calls}
        for fault in elsewhere:
            sandbox.fault(**fault)
        assert {call: CALLS[call](hook, things) for call in calls} == right
    assert len(sandbox.control("GET", "faults")["faults"]) == len(elsewhere)
