"""A key that lacks one scope: the call that needs it is refused, by name, and nothing is paid for in vain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import PermissionDeniedError
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.sandbox.state import SCOPES
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor
from airflow_provider_rivya.waiting import decide as waiting
from tests.integration.fault_messages import plain
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.integration.conftest import NewTask
from tests.integration.operators.fault_outcomes import NO_USE
from tests.integration.sandbox.test_sandbox_errors import ENDPOINTS
from tests.integration.sandbox.wire_tools import create, upload
from tests.sandbox_process import KEY, SandboxProcess


@dataclass(frozen=True)
class Stage:
    new_task: NewTask
    sandbox: SandboxProcess
    photo: Path


Ended = tuple[str, str]
"""A state, and what is said."""

Act = Callable[[Stage], Callable[[], Ended]]
"""Prepares something with a key that has all scopes; what it returns is done twice."""


def _tries(run: TaskInstanceHarness) -> Callable[[], Ended]:
    state = ""

    def go() -> Ended:
        nonlocal state
        if state == "failed":
            run.clear()
        done = run.run()
        state = done.state
        return done.state, done.text

    return go


def task(**arguments: Any) -> Act:
    def act(stage: Stage) -> Callable[[], Ended]:
        given = {name: value(stage) if callable(value) else value for name, value in arguments.items()}
        return _tries(stage.new_task(given))

    return act


def sensor(stage: Stage) -> Callable[[], Ended]:
    made = create(stage.sandbox).json()["id"]
    given = {"task_id": MAKE, "generation_id": made, "retries": 2, "retry_delay": timedelta(0)}
    return _tries(TaskInstanceHarness(lambda: RivyaTaskSensor(**given)))


def hook(call: Callable[[RivyaHook, str], Any]) -> Act:
    """:param call: gets the hook and the id of an uploaded file."""

    def act(stage: Stage) -> Callable[[], Ended]:
        file_id = upload(stage.sandbox, stage.photo.read_bytes()).json()["id"]

        def go() -> Ended:
            with closing(RivyaHook()) as hook:
                try:
                    call(hook, file_id)
                except PermissionDeniedError as error:
                    return "raised", str(error)
            return "success", ""

        return go

    return act


def connection_test(stage: Stage) -> Callable[[], Ended]:
    def go() -> Ended:
        works, text = RivyaHook().test_connection()
        return "success" if works else "refused", text

    return go


GOES_ON = (
    "Generation <generation> goes on at the gateway and 1 credit is reserved. "
    "The next try (2 left) re-attaches to it and does not pay again."
)
ONLY_WATCHES = "This task only watches and has paid nothing. A retry would not help, so none is made."


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
    return Denied(act, "get generation", "up_for_retry", GOES_ON, KEPT_REFUSING, ledger=(1, 1))


ROWS: Mapping[str, tuple[str, Denied]] = {
    "a task submits": (
        "generations:create",
        Denied(task(), "create generation", "failed", NO_USE),
    ),
    "a task waits in the triggerer": (
        "generations:read",
        paid_and_unreadable(task(deferrable=True)),
    ),
    "a task waits on the worker": (
        "generations:read",
        paid_and_unreadable(task(deferrable=False)),
    ),
    "a task uploads a reference": (
        "files:create",
        Denied(
            task(model="nano-banana-2", reference_media=lambda stage: str(stage.photo)),
            "upload file",
            "failed",
            NO_USE,
        ),
    ),
    "a task looks at the balance": (
        "credits:read",
        Denied(task(min_credits_left=1), "get credits", "failed", NO_USE),
    ),
    "a sensor": (
        "generations:read",
        Denied(sensor, "get generation", "failed", ONLY_WATCHES, ledger=(1, 1)),
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


def test_every_scope_that_an_endpoint_needs_has_a_row() -> None:
    assert {scope for scope, _ in ROWS.values()} == {scope for _, _, scope in ENDPOINTS}


@pytest.mark.parametrize(("scope", "denied"), ROWS.values(), ids=ROWS)
def test_a_key_without_a_scope(
    new_task: NewTask,
    sandbox: SandboxProcess,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    denied: Denied,
) -> None:
    monkeypatch.setattr(waiting, "KEY_GRACE", 0.0)
    go = denied.act(Stage(bench, sandbox, photo))
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted({*SCOPES} - {scope})})
    state, text = go()
    assert state == denied.state, text
    known = {made["id"]: "generation" for made in sandbox.tasks()}
    assert plain(text, known) == denied.told(scope)
    assert sandbox.ledger()["charges"] == denied.ledger[0]
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted(SCOPES)})
    state, text = go()
    assert state == "success", text
    assert sandbox.ledger()["charges"] == denied.ledger[1]
    assert len(sandbox.tasks()) == denied.ledger[1]
