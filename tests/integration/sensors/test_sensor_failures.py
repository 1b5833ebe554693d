"""What a sensor says and leaves where its generation, its key or its place fails it."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.triggers.base import TriggerEvent

from airflow_provider_rivya._compat import AirflowSensorTimeout
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
)
from airflow_provider_rivya.sandbox.state.accounts import SCOPES
from airflow_provider_rivya.waiting.decide import Patience
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.sensors.conftest import NewSensor, check_result
from tests.sandbox_process import KEY, SandboxProcess

pytestmark = at_each

ONLY_WATCHES = "This task only watches and has paid nothing."


@pytest.mark.parametrize("deferrable", [True, False])
def test_no_connection(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, deferrable: bool
) -> None:
    run = sensor(generation_id="task_1", **{gateway.conn_argument: "nowhere"}, deferrable=deferrable)
    done = run.begin()
    assert done.state == "failed", done.text
    assert "There is no connection 'nowhere'" in done.text
    assert sandbox.requests() == []


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_wrong_key(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, deferrable: bool
) -> None:
    connect(key=gateway.revoked)
    run = sensor(deferrable=deferrable)
    done = run.begin()
    assert done.state == "failed", done.text
    assert isinstance(done.error, AuthenticationError)
    assert done.text.endswith(f"{ONLY_WATCHES} A retry would not help, so none is made.")
    assert run.xcom(key="failure")["kind"] == "key"


@at("rivya")
def test_a_key_without_the_scope(sensor: NewSensor, sandbox: SandboxProcess) -> None:
    run = sensor()
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted({*SCOPES} - {"generations:read"})})
    done = run.begin()
    assert done.state == "failed", done.text
    assert isinstance(done.error, PermissionDeniedError)
    assert "The gateway refused 'get generation': The API key lacks the scope generations:read" in done.text
    assert done.text.endswith(f"{ONLY_WATCHES} A retry would not help, so none is made.")
    sandbox.control("POST", "keys", {"key": KEY, "scopes": sorted(SCOPES)})
    run.clear()
    assert run.run().state == "success"


def test_an_unknown_id_is_given_a_minute(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    run = sensor(generation_id="task_unknown")
    assert run.begin().state == "deferred"
    event = {"status": "not_found", "task_id": "task_unknown", "code": gateway.not_found}
    done = run.resume(TriggerEvent(event))
    assert done.state == "failed", done.text
    assert isinstance(done.error, NotFoundError)
    assert "The gateway knows no generation 'task_unknown' in the account of this connection" in done.text
    assert done.text.endswith(f"{ONLY_WATCHES} A retry would not help, so none is made.")
    assert run.xcom(key="failure")["kind"] == "not_found"


def test_an_id_that_becomes_known(sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    run = sensor()
    sandbox.fault(
        method="GET", path=gateway.status, kind="status", status=404, code=gateway.not_found, times=2
    )
    done = run.run()
    assert done.state == "success", done.text
    check_result(run, gateway, sandbox)


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("refund", [True, False])
def test_a_failed_generation(
    sensor: NewSensor,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    deferrable: bool,
    refund: bool,
) -> None:
    sandbox.fault(kind="generation_fails", refund=refund)
    run = sensor(deferrable=deferrable, output_path=f"file://{landing}/")
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, GenerationFailedError)
    assert done.text.endswith(f"{ONLY_WATCHES} The gateway's result is final, so no retry is made.")
    assert list(landing.iterdir()) == []
    assert len(sent(sandbox, "POST", gateway.create)) == 1


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_timeout(sensor: NewSensor, sandbox: SandboxProcess, deferrable: bool) -> None:
    sandbox.reset(speed=1)
    run = sensor(deferrable=deferrable, timeout=0.2)
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, GenerationTimeoutError)
    assert isinstance(done.error, AirflowSensorTimeout)
    assert "a sensor is not retried after a timeout" in done.text
    assert run.xcom(key="failure") == {
        "kind": "timeout",
        "submitted": True,
        "generation_id": sandbox.tasks()[-1]["id"],
        "credits": None,
        "message": done.text,
    }


@pytest.mark.parametrize(("timeout", "state"), [(True, "failed"), (False, "up_for_retry")])
def test_airflow_ends_the_deferral(
    sensor: NewSensor, sandbox: SandboxProcess, timeout: bool, state: str
) -> None:
    sandbox.reset(speed=1)
    run = sensor()
    assert run.begin().state == "deferred"
    done = run.fail_deferral(timeout=timeout)
    assert done.state == state, done.text
    assert isinstance(done.error, GenerationError)
    assert sandbox.tasks()[-1]["id"] in done.text
    assert ONLY_WATCHES in done.text


@pytest.mark.parametrize("policy", ["soft_fail", "never_fail"])
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_failure_may_be_a_skip(
    sensor: NewSensor, sandbox: SandboxProcess, policy: str, deferrable: bool
) -> None:
    sandbox.fault(kind="generation_fails")
    run = sensor(deferrable=deferrable, **{policy: True})
    done = run.run()
    assert done.state == "skipped", done.text
    assert run.xcom(key="failure")["kind"] == "generation_failed"


def test_a_full_place_is_tried_again(
    sensor: NewSensor,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
) -> None:
    sandbox.fault(method="GET", path=gateway.results, kind="truncated", times=3)
    run = sensor(output_path=f"file://{landing}/")
    first = run.run()
    assert first.state == "up_for_retry", first.text
    assert (
        "The result is not lost. The next try (2 left) fetches it again, which costs nothing." in first.text
    )
    assert list(landing.iterdir()) == []
    assert run.run().state == "success"
    check_result(run, gateway, sandbox)


@at("toapis")
@pytest.mark.parametrize("deferrable", [True, False])
def test_images_and_videos_are_kept_apart(
    sensor: NewSensor,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
) -> None:
    for waiter in (gateway.trigger, gateway.sensor):
        monkeypatch.setattr(waiter, "patience", Patience(not_found=0.1))
    run = sensor(category="video", deferrable=deferrable)
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, NotFoundError)
    assert {
        request["path"].rpartition("/")[0] for request in sandbox.requests() if request["method"] == "GET"
    } == {"/v1/videos/generations"}


@at("toapis")
def test_an_expired_result_ends_the_watching(
    sensor: NewSensor, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.assume(toapis_expires_at="past")
    run = sensor(output_path=f"file://{landing}/")
    done = run.run()
    assert done.state == "failed", done.text
    assert f"{ONLY_WATCHES} The time for which the gateway keeps the result is over" in done.text
    assert list(landing.iterdir()) == []
