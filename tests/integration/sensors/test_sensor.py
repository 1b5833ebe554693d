"""The sensor, driven by Airflow's own functions, against a gateway where something else submitted."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.sensors.toapis import ToApisTaskSensor
from tests import airflows
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.sensors.conftest import NewSensor, check_result
from tests.integration.task_harness import MAKE
from tests.sandbox_process import SandboxProcess

pytestmark = at_each


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
    (output,) = check_result(run, gateway, sandbox)["outputs"]
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
    (output,) = check_result(run, gateway, sandbox)["outputs"]
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
    check_result(run, gateway, sandbox)


def test_rescheduled(sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    run = sensor(deferrable=False, mode="reschedule")
    assert run.begin().state == "up_for_reschedule"
    if airflows.STATE_STORE:
        assert run.standing()["waits"] == "on the worker"
    sandbox.advance(60)
    assert run.resume_rescheduled().state == "success"
    result = check_result(run, gateway, sandbox)
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
    check_result(run, gateway, sandbox)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_gateway_in_trouble_is_waited_out(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, deferrable: bool
) -> None:
    connect(retries=0)
    run = sensor(deferrable=deferrable)
    sandbox.fault(method="GET", path=gateway.status, kind="status", status=503, times=3)
    done = run.run()
    assert done.state == "success", done.text
    result = check_result(run, gateway, sandbox)
    assert len(sent(sandbox, "GET", f"{gateway.create}/{result['generation_id']}")) >= 4


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


def test_arguments_that_make_no_sense(gateway: TestedGateway) -> None:
    wrong: Any = "maybe"
    with pytest.raises(ValueError, match="if_exists is 'maybe'"):
        gateway.sensor(task_id=MAKE, generation_id="task_1", if_exists=wrong)


@at("toapis")
def test_the_id_of_its_submitter_will_do(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, elsewhere: Callable[[], str]
) -> None:
    elsewhere()
    run = sensor(generation_id="order-1")
    done = run.run()
    assert done.state == "success", done.text
    check_result(run, gateway, sandbox)


@at("toapis")
@pytest.mark.parametrize("category", ["audio", "images", None])
def test_a_category_that_there_is_not(category: Any) -> None:
    with pytest.raises(ValueError, match=f"category is {category!r}; allowed: image, video"):
        ToApisTaskSensor(task_id=MAKE, generation_id="task_1", category=category)
