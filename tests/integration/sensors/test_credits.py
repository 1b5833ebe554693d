"""The credits sensor, driven by Airflow's own functions, against the sandbox's balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException, AirflowSensorTimeout
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    InsufficientCreditsError,
    InvalidRequestError,
)
from airflow_provider_rivya.sensors.rivya import RivyaCreditsSensor
from tests.integration.conftest import Connect, sent
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

CREDITS = "/api/v1/credits"

NewSensor = Callable[..., TaskInstanceHarness]


@pytest.fixture
def sensor(database: None, connect: Connect) -> NewSensor:
    """Return a DAG run with one credits sensor ``make``."""

    def new(**arguments: Any) -> TaskInstanceHarness:
        given: dict[str, Any] = {
            "task_id": MAKE,
            "min_credits": 100,
            "poke_interval": 0.05,
            "retries": 2,
            "retry_delay": timedelta(0),
            **arguments,
        }
        return TaskInstanceHarness(lambda: RivyaCreditsSensor(**given))

    return new


@pytest.mark.parametrize("wanted", [100, 99.5, "100", "{{ 10 * 10 }}", 0])
def test_enough(sensor: NewSensor, sandbox: SandboxProcess, wanted: Any) -> None:
    sandbox.reset(credits=100)
    run = sensor(min_credits=wanted)
    done = run.run()
    assert done.state == "success", done.text
    assert run.xcom() == 100
    assert len(sent(sandbox, "GET", CREDITS)) == 1
    assert sandbox.ledger()["charges"] == 0


def test_rescheduled_until_it_is_topped_up(
    sensor: NewSensor, sandbox: SandboxProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset(credits=99)
    run = sensor(mode="reschedule")
    assert run.begin().state == "up_for_reschedule"
    assert run.resume_rescheduled().state == "up_for_reschedule"
    sandbox.reset(credits=1_234_567)
    assert run.resume_rescheduled().state == "success"
    assert run.xcom() == 1_234_567
    told = capfd.readouterr().out
    account = "The account of connection 'rivya_default' has"
    assert told.count(f"{account} 99 credits, min_credits is 100: waiting.") == 2
    assert told.count(f"{account} 1,234,567 credits, min_credits is 100: enough.") == 1


def test_asked_to_stop_between_two_looks(connect: Connect, database: None, sandbox: SandboxProcess) -> None:
    class Stopped(RivyaCreditsSensor):
        def poke(self, context: Any) -> Any:
            enough = super().poke(context)
            self.on_kill()
            return enough

    sandbox.reset(credits=99)
    given: dict[str, Any] = {"poke_interval": 600, "retries": 2, "retry_delay": timedelta(0)}
    done = TaskInstanceHarness(lambda: Stopped(task_id=MAKE, min_credits=100, **given)).run()
    assert done.state == "up_for_retry"
    assert "This task only reads the balance and pays nothing. A retry goes on looking." in done.text
    assert len(sent(sandbox, "GET", CREDITS)) == 1


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_timeout_tells_both_numbers(sensor: NewSensor, sandbox: SandboxProcess, mode: str) -> None:
    sandbox.reset(credits=40)
    run = sensor(mode=mode, timeout=0.01)
    done = run.begin()
    while done.state == "up_for_reschedule":
        done = run.resume_rescheduled()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InsufficientCreditsError)
    assert isinstance(done.error, AirflowSensorTimeout)
    assert "The balance is 40 credits; min_credits=100 was not reached within" in done.text
    assert done.text.endswith("A sensor is not retried after a timeout.")
    assert run.xcom(key="failure")["kind"] == "credits"


def test_a_gateway_in_trouble_is_waited_out(
    sensor: NewSensor, sandbox: SandboxProcess, connect: Connect
) -> None:
    connect(retries=0)
    sandbox.reset(credits=100)
    sandbox.fault(method="GET", path=CREDITS, kind="status", status=503, times=3)
    done = sensor().run()
    assert done.state == "success", done.text
    assert len(sent(sandbox, "GET", CREDITS)) == 4


def test_a_balance_that_was_never_read(sensor: NewSensor, sandbox: SandboxProcess, connect: Connect) -> None:
    connect(retries=0)
    sandbox.fault(method="GET", path=CREDITS, kind="status", status=503, times=1000)
    done = sensor(timeout=0.01).run()
    assert done.state == "failed", done.text
    assert "The balance could not be read; min_credits=100 was not reached" in done.text


def test_a_wrong_key(sensor: NewSensor, connect: Connect) -> None:
    connect(key="rvya_sk_wrong")
    run = sensor()
    done = run.begin()
    assert done.state == "failed", done.text
    assert isinstance(done.error, AuthenticationError)
    assert done.text.endswith("pays nothing. A retry would not help, so none is made.")
    assert run.xcom(key="failure") == {
        "kind": "key",
        "submitted": False,
        "generation_id": None,
        "credits": None,
        "message": done.text,
    }


def test_a_key_that_is_refused_later_may_be_being_replaced(
    sensor: NewSensor, sandbox: SandboxProcess, connect: Connect
) -> None:
    sandbox.reset(credits=1)
    run = sensor(mode="reschedule")
    assert run.begin().state == "up_for_reschedule"
    connect(key="rvya_sk_wrong")
    assert run.resume_rescheduled().state == "up_for_reschedule"


def test_no_connection(sensor: NewSensor, sandbox: SandboxProcess) -> None:
    done = sensor(rivya_conn_id="nowhere").begin()
    assert done.state == "failed", done.text
    assert isinstance(done.error, ConnectionConfigError)
    assert isinstance(done.error, AirflowFailException)
    assert sandbox.requests() == []


def test_a_connection_that_is_lost_meanwhile_is_tried_again(
    sensor: NewSensor, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset(credits=1)
    run = sensor(mode="reschedule")
    assert run.begin().state == "up_for_reschedule"
    monkeypatch.delenv("AIRFLOW_CONN_RIVYA_DEFAULT")
    done = run.resume_rescheduled()
    assert done.state == "up_for_retry", done.text
    assert done.text.endswith("Once the connection can be used, a retry goes on looking.")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("plenty", "'plenty' is not a number"),
        ("{{ none }}", "'None' is not a number"),
        ("", "'' is not a number"),
        ("-5", "'-5' cannot be a balance"),
        ("nan", "'nan' cannot be a balance"),
    ],
)
def test_bad_input_is_told_before_the_gateway_is_asked(
    sensor: NewSensor, sandbox: SandboxProcess, wanted: str, told: str
) -> None:
    done = sensor(min_credits=wanted).begin()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert f"min_credits: {told}; allowed: a number of credits, 0 or more" in done.text
    assert sandbox.requests() == []


@pytest.mark.parametrize("policy", ["soft_fail", "never_fail"])
def test_a_failure_may_be_a_skip(sensor: NewSensor, connect: Connect, policy: str) -> None:
    connect(key="rvya_sk_wrong")
    done = sensor(**{policy: True}).run()
    assert done.state == "skipped", done.text
