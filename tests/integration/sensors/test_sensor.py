"""The sensor, driven by Airflow's own functions, against a gateway where something else submitted."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.triggers.base import TriggerEvent

from airflow_provider_rivya._compat import AirflowFailException, AirflowSensorTimeout
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
)
from airflow_provider_rivya.sandbox.state.store import SCOPES
from airflow_provider_rivya.sensors.toapis import ToApisTaskSensor
from airflow_provider_rivya.waiting.decide import Patience
from tests import airflows
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.sensors.conftest import NewSensor
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import KEY, SandboxProcess

pytestmark = at_each

ONLY_WATCHES = "This task only watches and has paid nothing."


def check(run: TaskInstanceHarness, gateway: TestedGateway, sandbox: SandboxProcess) -> dict[str, Any]:
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


def test_in_the_triggerer(sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=0.2)
    run = sensor()
    began = time.time()
    deferred = run.begin()
    assert deferred.state == "deferred", deferred.text
    assert deferred.trigger is not None
    path, arguments = deferred.trigger
    assert path == gateway.trigger_path
    numbers = {"submitted_at", "deadline", "credits_reserved"}
    assert set(arguments) == {"generation_id", gateway.conn_argument, "category", *numbers}
    assert began + 3600 <= arguments["deadline"] <= time.time() + 3600
    assert not run.xcom(key="_link_rivya_result")
    if airflows.STATE_STORE:
        assert run.standing()["waits"] == "in the triggerer"
    sandbox.advance(150)
    assert run.resume(run.fire(deferred)).state == "success"
    (output,) = check(run, gateway, sandbox)["outputs"]
    assert output["uri"] is None
    assert output["source_url"].startswith(sandbox.url)


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("form", ["file://{}/", Path], ids=["URL", "path"])
def test_landing(
    sensor: NewSensor,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    deferrable: bool,
    form: Any,
) -> None:
    place = form.format(landing) if isinstance(form, str) else form(landing)
    run = sensor(deferrable=deferrable, output_path=place)
    done = run.run()
    assert done.state == "success", done.text
    (output,) = check(run, gateway, sandbox)["outputs"]
    (file,) = landing.iterdir()
    assert output["uri"] == f"file://{file}"
    assert output["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_result_is_decoded_where_that_is_asked_for(
    sensor: NewSensor, sandbox: SandboxProcess, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"deferrable": False, "output_path": f"file://{landing}/", "verify": "decode"}
    assert sensor(**given).run().state == "success"
    monkeypatch.setitem(sys.modules, "av", None)
    done = sensor(**given).begin()
    assert isinstance(done.error, InvalidRequestError)
    assert "decoding needs PyAV" in done.text


def test_what_has_ended_needs_no_triggerer(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.reset(speed=1)
    run = sensor()
    sandbox.advance(60)
    assert run.begin().state == "success"
    check(run, gateway, sandbox)


def test_rescheduled(sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    run = sensor(deferrable=False, mode="reschedule")
    assert run.begin().state == "up_for_reschedule"
    if airflows.STATE_STORE:
        assert run.standing()["waits"] == "on the worker"
    sandbox.advance(60)
    assert run.resume_rescheduled().state == "success"
    result = check(run, gateway, sandbox)
    if airflows.STATE_STORE:
        assert (run.standing()["status"], run.standing()["generation_id"]) == (
            "succeeded",
            result["generation_id"],
        )


def test_resume_with_the_event_alone(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.reset(speed=1)
    run = sensor()
    deferred = run.begin()
    sandbox.advance(60)
    event = run.fire(deferred)
    run.forget_what_was_carried()
    assert run.resume(event).state == "success"
    check(run, gateway, sandbox)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_gateway_in_trouble_is_waited_out(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, deferrable: bool
) -> None:
    connect(retries=0)
    run = sensor(deferrable=deferrable)
    sandbox.fault(method="GET", path=gateway.status, kind="status", status=503, times=3)
    done = run.run()
    assert done.state == "success", done.text
    result = check(run, gateway, sandbox)
    assert len(sent(sandbox, "GET", f"{gateway.create}/{result['generation_id']}")) >= 4


# -- what goes wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"generation_id": "{{ none }}"}, ["generation_id: 'None', as a template renders"]),
        (
            {"generation_id": " ", "output_path": ""},
            ["generation_id: it is empty", "output_path: it is empty"],
        ),
    ],
)
@pytest.mark.parametrize("deferrable", [True, False])
def test_bad_input_is_told_before_the_gateway_is_touched(
    sensor: NewSensor, sandbox: SandboxProcess, arguments: dict[str, Any], told: list[str], deferrable: bool
) -> None:
    run = sensor(**{"generation_id": "task_1", "deferrable": deferrable, **arguments})
    done = run.begin()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert isinstance(done.error, AirflowFailException)
    assert len(done.error.faults) == len(told)
    assert all(line in done.text for line in told), done.text
    assert sandbox.requests() == []
    assert run.xcom(key="failure")["kind"] == "invalid_request"


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
    check(run, gateway, sandbox)


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
    assert done.text.endswith(f"{ONLY_WATCHES} The gateway's verdict stands, so no retry is made.")
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
    assert "a timeout is a sensor's last word, so no retry is made" in done.text
    assert run.xcom(key="failure") == {
        "kind": "timeout",
        "submitted": True,
        "generation_id": sandbox.tasks()[-1]["id"],
        "credits": None,
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
    check(run, gateway, sandbox)


def test_arguments_that_make_no_sense(gateway: TestedGateway) -> None:
    wrong: Any = "maybe"
    with pytest.raises(ValueError, match="if_exists is 'maybe'"):
        gateway.sensor(task_id=MAKE, generation_id="task_1", if_exists=wrong)


# -- where the one gateway is not like the other ---------------------------------------------------------


@at("toapis")
def test_the_id_of_its_submitter_will_do(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, elsewhere: Callable[[], str]
) -> None:
    elsewhere()
    run = sensor(generation_id="order-1")
    done = run.run()
    assert done.state == "success", done.text
    check(run, gateway, sandbox)


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
@pytest.mark.parametrize("category", ["audio", "images", None])
def test_a_category_that_there_is_not(category: Any) -> None:
    with pytest.raises(ValueError, match=f"category is {category!r}; allowed: image, video"):
        ToApisTaskSensor(task_id=MAKE, generation_id="task_1", category=category)


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
