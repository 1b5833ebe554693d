"""What a sensor tells Airflow besides its XCom: asset events, metrics and lineage."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import Asset, AssetAlias

from airflow_provider_rivya.operators.reporting import without_urls
from tests.integration.conftest import sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.lineage import Lineage
from tests.integration.sensors.conftest import NewSensor
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess
from tests.telemetry import Telemetry

pytestmark = at_each

POLLS = "rivya.generation.polls"

each_way = pytest.mark.parametrize("deferrable", [True, False])


@pytest.fixture(autouse=True)
def _time_stands_still(sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)


def watched(
    run: TaskInstanceHarness, sandbox: SandboxProcess, deferrable: bool, state: str = "success"
) -> None:
    """Run a sensor whose generation ends after its first look, if it is deferrable, else before."""
    if not deferrable:
        sandbox.advance(60)
    done = run.begin()
    if deferrable:
        assert done.state == "deferred", done.text
        sandbox.advance(60)
        done = run.resume(run.fire(done))
    assert done.state == state, done.text


@each_way
def test_an_outlets_event_has_the_result(
    sensor: NewSensor, sandbox: SandboxProcess, landing: Path, deferrable: bool
) -> None:
    pictures = Asset("watched", uri="s3://shop/watched")
    run = sensor(outlets=[pictures], output_path=f"file://{landing}/", deferrable=deferrable)
    watched(run, sandbox, deferrable)
    result = run.xcom()
    extra = {"uris": [result["outputs"][0]["uri"]], "result": without_urls(result)}
    assert run.asset_events() == [("s3://shop/watched", extra)]
    assert sandbox.url not in str(extra)


@each_way
def test_an_alias_becomes_the_landed_file(
    sensor: NewSensor, sandbox: SandboxProcess, landing: Path, deferrable: bool
) -> None:
    run = sensor(outlets=[AssetAlias("seen")], output_path=f"file://{landing}/", deferrable=deferrable)
    watched(run, sandbox, deferrable)
    result = run.xcom()
    (output,) = without_urls(result)["outputs"]
    extra = {"generation_id": result["generation_id"], "output": output}
    assert run.asset_events() == [(output["uri"], extra)]


@each_way
def test_what_was_not_landed_is_no_asset(
    sensor: NewSensor, sandbox: SandboxProcess, deferrable: bool
) -> None:
    pictures = Asset("watched", uri="s3://shop/watched")
    run = sensor(outlets=[AssetAlias("seen"), pictures], deferrable=deferrable)
    watched(run, sandbox, deferrable)
    extra = {"uris": [], "result": without_urls(run.xcom())}
    assert run.asset_events() == [("s3://shop/watched", extra)]


@each_way
def test_lineage_names_the_landed_file(
    sensor: NewSensor, sandbox: SandboxProcess, landing: Path, deferrable: bool
) -> None:
    lineage = Lineage()
    run = sensor(on_success_callback=lineage, output_path=f"file://{landing}/", deferrable=deferrable)
    watched(run, sandbox, deferrable)
    (file,) = landing.iterdir()
    assert (lineage.inputs, lineage.outputs) == ([], [("file", str(file))])


@each_way
def test_it_counts_its_polls_alone(
    sensor: NewSensor,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    telemetry: Telemetry,
    landing: Path,
    deferrable: bool,
) -> None:
    run = sensor(deferrable=deferrable, output_path=f"file://{landing}/")
    watched(run, sandbox, deferrable)
    assert telemetry.worker.names | telemetry.triggerer.names == {POLLS}
    asking = telemetry.triggerer if deferrable else telemetry.worker
    tags = (("gateway", gateway.name), ("model", gateway.model))
    calls = sent(sandbox, "GET", f"{gateway.create}/{run.xcom()['generation_id']}")
    # Neither the look before a deferral nor the reading after it is one.
    assert asking.metric(POLLS) == {tags: len(calls) - (2 if deferrable else 0)}


def test_each_look_of_a_rescheduled_one_is_a_poll(
    sensor: NewSensor, gateway: TestedGateway, sandbox: SandboxProcess, telemetry: Telemetry
) -> None:
    run = sensor(deferrable=False, mode="reschedule")
    assert run.begin().state == "up_for_reschedule"
    sandbox.advance(60)
    assert run.resume_rescheduled().state == "success"
    assert telemetry.worker.metric(POLLS) == {(("gateway", gateway.name), ("model", gateway.model)): 2}


@each_way
def test_what_failed_is_counted_by_who_submitted_it(
    sensor: NewSensor, sandbox: SandboxProcess, telemetry: Telemetry, deferrable: bool
) -> None:
    sandbox.fault(kind="generation_fails", refund=False)
    watched(sensor(deferrable=deferrable), sandbox, deferrable, "failed")
    assert telemetry.worker.names | telemetry.triggerer.names == {POLLS}
