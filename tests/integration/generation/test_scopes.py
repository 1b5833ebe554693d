"""A key that lacks one scope: the call that needs it is refused, by name, and nothing is paid for in vain."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import PermissionDeniedError
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.sandbox.state.accounts import SCOPES
from airflow_provider_rivya.waiting.decide import Patience
from tests.integration.conftest import Connect
from tests.integration.fault_kinds import endpoints
from tests.integration.fault_messages import plain
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.fault_outcomes import NO_USE
from tests.integration.sandbox.wire_tools import upload
from tests.sandbox_process import KEY, SandboxProcess

PAID_FOR: dict[str, tuple[str, dict[str, Any]]] = {
    "generations:create": ("create generation", {}),
    "files:create": ("upload file", {"model": "nano-banana-2", "reference_media": "{photo}"}),
    "credits:read": ("get credits", {"budget": Budget(min_credits_left=1)}),
}
"""By the missing scope: the call that is refused before anything is paid, and a request that makes it."""


def take_scope(sandbox: SandboxProcess, scope: str) -> None:
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted({*SCOPES} - {scope})})


def give_all_scopes(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted(SCOPES)})


def refusal(scope: str, call: str, about: str = "") -> str:
    return (
        f"The gateway refused '{call}': The API key lacks the scope {scope} "
        f"[{about}connection rivya_default, code api_scope_denied, HTTP 403, request id <request>]. "
        "Create a key that has the scope this call needs; older keys lack newer scopes."
    )


def test_every_scope_that_an_endpoint_needs_is_tried(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "keys", {"key": KEY, "scopes": []})
    told = [sandbox.request(at.method, at.path, key=KEY).body.decode() for at in endpoints("rivya")]
    needed = {found[1] for text in told if (found := re.search(r"lacks the scope ([\w:]+)", text))}
    assert needed == {*PAID_FOR, "generations:read", "files:read"}


@pytest.mark.parametrize("scope", PAID_FOR)
def test_what_is_refused_before_it_is_paid(
    new_job: NewJob, sandbox: SandboxProcess, photo: Path, scope: str
) -> None:
    call, arguments = PAID_FOR[scope]
    filled = {name: str(photo) if value == "{photo}" else value for name, value in arguments.items()}
    job = new_job(filled)
    take_scope(sandbox, scope)
    done = job.run()
    assert done.state == "final"
    assert plain(done.text, {}) == f"{refusal(scope, call)} {NO_USE}"
    assert sandbox.ledger()["charges"] == 0
    give_all_scopes(sandbox)
    job.clear()
    assert job.run().state == "delivered"
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize("deferred", [True, False])
def test_what_cannot_be_read_is_not_paid_for_again(
    new_job: NewJob, sandbox: SandboxProcess, deferred: bool
) -> None:
    job = new_job(patience=Patience(refused=0.0))
    take_scope(sandbox, "generations:read")
    done = job.run(deferred=deferred)
    assert done.state == "retryable"
    (task,) = sandbox.tasks()
    told = refusal("generations:read", "get generation", "generation <generation>, ")
    assert plain(done.text, {task["id"]: "generation"}) == (
        f"The gateway kept refusing the key while the generation was waited for: {told} "
        "Generation <generation> goes on at the gateway and 1 credit is reserved. "
        "The next try (2 left) re-attaches to it and does not pay again."
    )
    give_all_scopes(sandbox)
    assert job.run(deferred=deferred).state == "delivered"
    assert sandbox.ledger()["charges"] == 1


def test_the_hook_reads_a_file(connect: Connect, sandbox: SandboxProcess, photo: Path) -> None:
    file_id = upload(sandbox, photo.read_bytes()).json()["id"]
    take_scope(sandbox, "files:read")
    with closing(RivyaHook()) as hook:
        with pytest.raises(PermissionDeniedError) as refused:
            hook.get_file(file_id)
        assert plain(str(refused.value), {}) == refusal("files:read", "get file")
        give_all_scopes(sandbox)
        assert hook.get_file(file_id).id == file_id


def test_the_connection_is_tested(connect: Connect, sandbox: SandboxProcess) -> None:
    take_scope(sandbox, "credits:read")
    works, text = RivyaHook().test_connection()
    assert not works
    assert plain(text, {}) == refusal("credits:read", "get credits")
    give_all_scopes(sandbox)
    works, text = RivyaHook().test_connection()
    assert works, text
