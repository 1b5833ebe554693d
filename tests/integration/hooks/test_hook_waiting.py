"""Waiting for a generation with the hook alone, blocking and on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import GenerationFailedError, GenerationTimeoutError
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.decide import Finished, Patience
from airflow_provider_rivya.waiting.loop import Target, awatch, watch
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

Wait = Callable[..., Any]

pytestmark = at_each


@pytest.fixture(params=["sync", "async"])
def wait(request: pytest.FixtureRequest, connect: Connect, gateway: TestedGateway) -> Wait:
    """Submit a generation and wait for it in one of the two ways."""

    def submit_and_wait(before: Callable[[], None] = lambda: None, **options: Any) -> Any:
        hook = gateway.hook()
        try:
            created = hook.create_generation(hook.api.request_body(gateway.model, "A bicycle", {}), "key-1")
            before()
            if request.param == "sync":
                return hook.wait_for_generation(created.id, **options)

            async def run() -> Any:
                try:
                    return await hook.await_generation(created.id, **options)
                finally:
                    await hook.aclose()

            return asyncio.run(run())
        finally:
            hook.close()

    return submit_and_wait


def test_success(wait: Wait) -> None:
    generation = wait()
    assert generation.succeeded
    assert len(generation.urls) == 1


@pytest.mark.parametrize("error", [None, {"code": "generation_failed", "message": "no luck"}])
@pytest.mark.parametrize("refund", [True, False])
def test_failure(
    wait: Wait, gateway: TestedGateway, sandbox: SandboxProcess, error: dict[str, str] | None, refund: bool
) -> None:
    sandbox.fault(kind="generation_fails", error=error, refund=refund)
    with pytest.raises(GenerationFailedError) as caught:
        wait()
    assert caught.value.generation_id == sandbox.tasks()[0]["id"]
    assert caught.value.credits_final == gateway.told(0 if refund else gateway.cost)
    assert caught.value.code == (error["code"] if error else None)


def test_timeout(wait: Wait, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    with pytest.raises(GenerationTimeoutError, match="may still be running") as caught:
        wait(timeout=0.2)
    assert caught.value.generation_id == sandbox.tasks()[0]["id"]


@pytest.mark.parametrize("code", ["api_key_invalid", "api_key_revoked", "api_key_expired", None])
def test_replaced_key_is_taken_up(
    wait: Wait, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, code: str | None
) -> None:
    code = code or gateway.key_refused
    sandbox.fault(method="GET", path=gateway.status, kind="status", status=401, code=code, times=2)
    assert wait().succeeded


def test_key_is_replaced_while_waiting(
    wait: Wait, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect
) -> None:
    def exchange() -> None:
        sandbox.control("POST", "keys", {"key": gateway.key, "state": "revoked"})
        sandbox.control("POST", "keys", {"key": gateway.replaced, "account": gateway.account})
        connect(key=gateway.replaced)

    assert wait(before=exchange).succeeded


def test_unknown_task_is_tolerated_briefly(
    wait: Wait, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.fault(
        method="GET", path=gateway.status, kind="status", status=404, code=gateway.not_found, times=2
    )
    assert wait().succeeded


def test_unknown_status_is_no_end(wait: Wait, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    sandbox.fault(method="GET", path=gateway.status, kind="unknown_status", status="upscaling", for_polls=3)
    assert wait().succeeded


@pytest.mark.parametrize(
    ("status", "refusal", "outcome"),
    [(401, "key_refused", "refused"), (404, "not_found", "not_found")],
)
async def test_faults_end_the_waiting_after_their_grace(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, status: int, refusal: str, outcome: Any
) -> None:
    code = getattr(gateway, refusal)
    sandbox.fault(method="GET", path=gateway.status, kind="status", status=status, code=code, times=1000)
    with closing(gateway.hook()) as hook:

        def target() -> Target:
            return Target.of("task_1", hook.api, hook.settings, "image", 30.0, patience=Patience(0.1, 0.1))

        assert await asyncio.to_thread(watch, hook, target(), StopFlag()) == Finished(outcome, code)
        assert await awatch(hook, target()) == Finished(outcome, code)
        await hook.aclose()
