"""Sensors of generations that something else has submitted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

NewSensor = Callable[..., TaskInstanceHarness]


@pytest.fixture
def elsewhere(gateway: TestedGateway, sandbox: SandboxProcess) -> Callable[[], str]:
    """Submit a generation as something else does, and return its task id."""

    def submit() -> str:
        own: dict[str, dict[str, Any]] = {
            "rivya": {"params": {}},
            "toapis": {"client_business_id": "order-1"},
        }
        body = own[gateway.name]
        answer = sandbox.post(
            gateway.create, {"model": gateway.model, "prompt": "A lighthouse", **body}, key=gateway.key
        )
        assert answer.status in (200, 201, 202), answer
        return str(sandbox.tasks()[-1]["id"])

    return submit


@pytest.fixture
def sensor(
    database: None, connect: Connect, gateway: TestedGateway, elsewhere: Callable[[], str]
) -> NewSensor:
    """Return a DAG run with one sensor ``make``, for a generation that was submitted elsewhere."""

    def new(**arguments: Any) -> TaskInstanceHarness:
        given: dict[str, Any] = {
            "task_id": MAKE,
            "deferrable": True,
            "poke_interval": 0.05,
            "retries": 2,
            "retry_delay": timedelta(0),
            **arguments,
        }
        if "generation_id" not in given:
            given["generation_id"] = elsewhere()
        return TaskInstanceHarness(lambda: gateway.sensor(**given))

    return new


def check_result(run: TaskInstanceHarness, gateway: TestedGateway, sandbox: SandboxProcess) -> dict[str, Any]:
    """Look at the XComs of a sensor that has found its generation, and that this was paid for once."""
    result = run.xcom()
    assert result["generation_id"] == sandbox.tasks()[-1]["id"]
    assert {name: result[name] for name in ("gateway", "model", "status", "credits_final")} == {
        "gateway": gateway.name,
        "model": gateway.model,
        "status": "succeeded",
        "credits_final": gateway.told(1),
    }
    assert run.xcom(key="_link_rivya_result") == result["outputs"][0]["source_url"]
    assert sandbox.ledger()["charges"] == 1
    return dict(result)
