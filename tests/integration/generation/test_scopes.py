"""A key that lacks one scope: the call that needs it is refused, by name, and nothing is paid for in vain."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import PermissionDeniedError
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.sandbox.state.store import SCOPES
from airflow_provider_rivya.waiting.decide import Patience
from tests.integration.fault_kinds import endpoints
from tests.integration.fault_messages import plain
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.fault_outcomes import NO_USE
from tests.integration.job_harness import JobHarness
from tests.integration.sandbox.wire_tools import upload
from tests.sandbox_process import KEY, SandboxProcess


@dataclass(frozen=True)
class Given:
    new_job: NewJob
    sandbox: SandboxProcess
    photo: Path


Ended = tuple[str, str]
"""A state, and what is said."""

Act = Callable[[Given], Callable[[], Ended]]
"""Prepares something with a key that has all scopes; what it returns is done twice."""


def tries(job: JobHarness, *, deferred: bool) -> Callable[[], Ended]:
    state = ""

    def go() -> Ended:
        nonlocal state
        if state == "final":
            job.clear()
        done = job.run(deferred=deferred)
        state = done.state
        return done.state, done.text

    return go


def generation(*, deferred: bool = False, **arguments: Any) -> Act:
    def act(given: Given) -> Callable[[], Ended]:
        made = {name: value(given) if callable(value) else value for name, value in arguments.items()}
        return tries(given.new_job(made, patience=Patience(refused=0.0)), deferred=deferred)

    return act


def hook(call: Callable[[RivyaHook, str], Any]) -> Act:
    """:param call: gets the hook and the id of an uploaded file."""

    def act(given: Given) -> Callable[[], Ended]:
        file_id = upload(given.sandbox, given.photo.read_bytes()).json()["id"]

        def go() -> Ended:
            with closing(RivyaHook()) as hook:
                try:
                    call(hook, file_id)
                except PermissionDeniedError as error:
                    return "raised", str(error)
            return "delivered", ""

        return go

    return act


def connection_test(given: Given) -> Callable[[], Ended]:
    def go() -> Ended:
        works, text = RivyaHook().test_connection()
        return "delivered" if works else "refused", text

    return go


GOES_ON = (
    "Generation <generation> goes on at the gateway and 1 credit is reserved. "
    "The next try (2 left) re-attaches to it and does not pay again."
)


@dataclass(frozen=True)
class Denied:
    """
    What a key without a scope leads to.

    :param call: what is refused, as messages call it.
    :param fate: what the message ends with.
    :param before: what it begins with.
    :param ledger: charges, with that key, and after the scope was given to it and it was done again.
    """

    act: Act
    call: str
    state: str
    fate: str
    before: str = ""
    ledger: tuple[int, int] = (0, 1)

    def told(self, scope: str) -> str:
        about = "generation <generation>, " if self.call == "get generation" else ""
        return (
            f"{self.before}The gateway refused '{self.call}': The API key lacks the scope {scope} "
            f"[{about}connection rivya_default, code api_scope_denied, HTTP 403, request id <request>]. "
            f"Create a key that has the scope this call needs; older keys lack newer scopes. {self.fate}"
        ).rstrip()


KEPT_REFUSING = "The gateway kept refusing the key while the generation was waited for: "


def paid_and_unreadable(act: Act) -> Denied:
    return Denied(act, "get generation", "retryable", GOES_ON, KEPT_REFUSING, ledger=(1, 1))


ROWS: Mapping[str, tuple[str, Denied]] = {
    "it is submitted": (
        "generations:create",
        Denied(generation(), "create generation", "final", NO_USE),
    ),
    "it is waited for in the triggerer": (
        "generations:read",
        paid_and_unreadable(generation(deferred=True)),
    ),
    "it is waited for on the worker": (
        "generations:read",
        paid_and_unreadable(generation(deferred=False)),
    ),
    "a reference is uploaded": (
        "files:create",
        Denied(
            generation(model="nano-banana-2", reference_media=lambda given: str(given.photo)),
            "upload file",
            "final",
            NO_USE,
        ),
    ),
    "the balance is looked at": (
        "credits:read",
        Denied(generation(budget=Budget(min_credits_left=1)), "get credits", "final", NO_USE),
    ),
    "the hook reads a file": (
        "files:read",
        Denied(hook(lambda hook, file_id: hook.get_file(file_id)), "get file", "raised", "", ledger=(0, 0)),
    ),
    "the connection is tested": (
        "credits:read",
        Denied(connection_test, "get credits", "refused", "", ledger=(0, 0)),
    ),
}


def test_every_scope_that_an_endpoint_needs_has_a_row(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "keys", {"key": KEY, "scopes": []})
    told = [sandbox.request(at.method, at.path, key=KEY).body.decode() for at in endpoints("rivya")]
    needed = {found[1] for text in told if (found := re.search(r"lacks the scope ([\w:]+)", text))}
    assert {scope for scope, _ in ROWS.values()} == needed


@pytest.mark.parametrize(("scope", "denied"), ROWS.values(), ids=ROWS)
def test_a_key_without_a_scope(
    new_job: NewJob,
    sandbox: SandboxProcess,
    photo: Path,
    scope: str,
    denied: Denied,
) -> None:
    go = denied.act(Given(new_job, sandbox, photo))
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted({*SCOPES} - {scope})})
    state, text = go()
    assert state == denied.state, text
    known = {made["id"]: "generation" for made in sandbox.tasks()}
    assert plain(text, known) == denied.told(scope)
    assert sandbox.ledger()["charges"] == denied.ledger[0]
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted(SCOPES)})
    state, text = go()
    assert state == "delivered", text
    assert sandbox.ledger()["charges"] == denied.ledger[1]
    assert len(sandbox.tasks()) == denied.ledger[1]
