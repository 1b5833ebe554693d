"""A hook's ``generate()``: from a request to files in one call, paid for once under a key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidRequestError,
)
from airflow_provider_rivya.hooks.base import GatewayHook
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

pytestmark = at_each


def test_one_call_lands_the_files(
    gateway: TestedGateway, hook: GatewayHook, sandbox: SandboxProcess, photo: Path, landing: Path
) -> None:
    result = hook.generate(
        model=gateway.references[0], prompt="A red bicycle", reference_media=photo, output_path=landing
    )
    (output,) = result.outputs
    assert output.uri == f"file://{landing}/{result.generation_id}-0.{(output.uri or '').rpartition('.')[2]}"
    assert result.to_xcom()["gateway"] == gateway.name
    assert len(sent(sandbox, "POST", gateway.uploads)) == 1
    assert sandbox.ledger(gateway.name)["charges"] == 1


def test_on_an_event_loop(
    gateway: TestedGateway, hook: GatewayHook, sandbox: SandboxProcess, landing: Path
) -> None:
    async def both() -> set[str]:
        results = await asyncio.gather(
            *(
                hook.agenerate(model=gateway.model, prompt=f"A bicycle, {colour}", output_path=landing)
                for colour in ("red", "blue")
            )
        )
        return {result.generation_id for result in results}

    assert asyncio.run(both()) == {task["id"] for task in sandbox.tasks()}
    assert len(list(landing.iterdir())) == 2


def test_the_same_key_is_paid_for_once(
    gateway: TestedGateway, hook: GatewayHook, sandbox: SandboxProcess, landing: Path
) -> None:
    first, second = (
        hook.generate(model=gateway.model, prompt="A", output_path=landing, idempotency_key="run-1-row-7")
        for _ in range(2)
    )
    assert first.generation_id == second.generation_id
    assert sandbox.ledger(gateway.name)["charges"] == 1


def test_every_fault_at_once_and_nothing_sent(
    gateway: TestedGateway, hook: GatewayHook, sandbox: SandboxProcess
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        hook.generate(
            model=gateway.references[0],
            model_params=gateway.faulty,
            output_path="relative/",
            if_exists="fail",
        )
    assert {fault.path for fault in caught.value.faults} >= {"prompt", "output_path"}
    assert caught.value.final
    assert sandbox.requests() == []


def test_a_lost_answer_names_the_key(
    gateway: TestedGateway, connect: Connect, hook: GatewayHook, sandbox: SandboxProcess, landing: Path
) -> None:
    connect(retries=0)
    sandbox.fault(kind="cut_after", method="POST", path=gateway.create)
    if gateway.replays_keys:
        with pytest.raises(GatewayError, match="To be charged once, call generate"):
            hook.generate(model=gateway.model, prompt="A")
    else:
        assert hook.generate(model=gateway.model, prompt="A").generation_id
    assert sandbox.ledger(gateway.name)["charges"] == 1


def test_a_timeout_says_how_to_fetch_it(
    gateway: TestedGateway, hook: GatewayHook, sandbox: SandboxProcess
) -> None:
    sandbox.reset(speed=1)
    with pytest.raises(GenerationTimeoutError) as caught:
        hook.generate(model=gateway.model, prompt="A", timeout=0.2)
    (task,) = sandbox.tasks()
    assert f"rivya fetch {task['id']} --output FOLDER --conn-id {gateway.conn_id}" in str(caught.value)


def test_a_failed_generation(gateway: TestedGateway, hook: GatewayHook, sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="generation_fails")
    with pytest.raises(GenerationFailedError) as caught:
        hook.generate(model=gateway.model, prompt="A")
    assert "rivya fetch" not in str(caught.value)
