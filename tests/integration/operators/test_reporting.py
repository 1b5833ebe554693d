"""What a task tells Airflow besides its XCom: asset events, the link, metrics and spans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias

from airflow_provider_rivya.operators.reporting import without_urls
from tests.integration.conftest import NewTask, sent
from tests.integration.gateways import RIVYA, TestedGateway, at_each
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess
from tests.telemetry import StatusCode, Telemetry

TAGS = (("gateway", "rivya"), ("model", "z-image"))


def status_calls(sandbox: SandboxProcess, gateway: TestedGateway, run: TaskInstanceHarness) -> int:
    return len(sent(sandbox, "GET", f"{gateway.create}/{run.record()['generation_id']}"))


def test_an_outlets_event_has_the_result(new_task: NewTask, sandbox: SandboxProcess) -> None:
    run = new_task(outlets=[Asset("pictures", uri="s3://shop/pictures")], deferrable=True)
    assert run.run().state == "success"
    result = run.xcom()
    (event,) = run.asset_events()
    assert event == (
        "s3://shop/pictures",
        {"uris": [result["outputs"][0]["uri"]], "result": without_urls(result)},
    )


@at_each
def test_an_alias_becomes_the_landed_file(new_task: NewTask, sandbox: SandboxProcess) -> None:
    run = new_task(outlets=[AssetAlias("made")])
    assert run.run().state == "success"
    result = run.xcom()
    (output,) = without_urls(result)["outputs"]
    (event,) = run.asset_events()
    assert event == (output["uri"], {"generation_id": result["generation_id"], "output": output})
    assert "source_url" not in event[1]["output"]


@at_each
def test_the_link_is_empty_until_success(new_task: NewTask, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    run = new_task(deferrable=True)
    deferred = run.begin()
    assert deferred.state == "deferred"
    assert not run.xcom(key="_link_rivya_result")
    sandbox.advance(60)
    assert run.resume(run.fire(deferred)).state == "success"
    url = run.xcom(key="_link_rivya_result")
    assert url == run.xcom()["outputs"][0]["source_url"]
    assert url.startswith(sandbox.url)


def test_the_link_of_a_failure_is_empty(new_task: NewTask, sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="generation_fails")
    run = new_task()
    assert run.run().state == "up_for_retry"
    assert not run.xcom(key="_link_rivya_result")


@at_each
@pytest.mark.parametrize(
    ("waits", "asks"),
    [
        ({"deferrable": True}, "triggerer"),
        ({"deferrable": False}, "worker"),
        ({"deferrable": True, "inline_wait": timedelta(minutes=1)}, "worker"),
    ],
    ids=["in the triggerer", "on the worker", "inline"],
)
def test_metrics(
    new_task: NewTask,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    telemetry: Telemetry,
    waits: dict[str, Any],
    asks: str,
) -> None:
    tags = (("gateway", gateway.name), ("model", gateway.model))
    run = new_task(**waits)
    assert run.run().state == "success"
    assert telemetry.metric("rivya.generation.submitted") == {tags: 1}
    assert telemetry.metric("rivya.generation.credits.spent") == ({tags: 1} if gateway.tells_credits else {})
    duration = telemetry.metric("rivya.generation.duration")[tags]
    assert duration > 0 or gateway.name == "toapis"  # whose times are whole seconds
    asking = telemetry.triggerer if asks == "triggerer" else telemetry.worker
    calls = status_calls(sandbox, gateway, run)
    # After a deferral the generation is read once more; what was just seen as ended here is not.
    read_again = 1 if asks == "triggerer" else 0
    assert calls > read_again
    assert asking.metric("rivya.generation.polls") == {tags: calls - read_again}
    assert {"rivya.generation.failed", "rivya.generation.reattached"}.isdisjoint(telemetry.worker.names)


def test_metrics_of_a_failure(new_task: NewTask, sandbox: SandboxProcess, telemetry: Telemetry) -> None:
    sandbox.fault(kind="generation_fails", refund=False)
    assert new_task().run().state == "failed"
    assert telemetry.metric("rivya.generation.failed") == {TAGS: 1}
    assert telemetry.metric("rivya.generation.credits.spent") == {TAGS: 1}
    assert telemetry.metric("rivya.generation.duration") == {}


def test_metrics_of_a_retry_that_pays_nothing(
    new_task: NewTask, sandbox: SandboxProcess, telemetry: Telemetry
) -> None:
    sandbox.fault(method="GET", path="/results/*", kind="truncated", times=3)
    run = new_task()
    assert run.run().state == "up_for_retry"
    assert telemetry.metric("rivya.generation.credits.spent") == {}
    polls, calls = telemetry.metric("rivya.generation.polls"), status_calls(sandbox, RIVYA, run)
    assert run.run().state == "success"
    # It looks, and sees that there is nothing to wait for.
    assert telemetry.metric("rivya.generation.polls") == polls
    assert status_calls(sandbox, RIVYA, run) == calls + 1
    for name in ("submitted", "reattached", "credits.spent"):
        assert telemetry.metric(f"rivya.generation.{name}") == {TAGS: 1}


def test_what_is_landed_again_is_counted_once(
    new_task: NewTask, sandbox: SandboxProcess, telemetry: Telemetry
) -> None:
    run = new_task(on_rerun_after_delivery="reuse")
    assert run.run().state == "success"
    run.clear()
    assert run.run().state == "success"
    assert telemetry.metric("rivya.generation.credits.spent") == {TAGS: 1}
    assert telemetry.metric("rivya.generation.submitted") == {TAGS: 1}


@at_each
def test_spans(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, telemetry: Telemetry
) -> None:
    run = new_task(deferrable=True)
    assert run.run().state == "success"
    result = run.xcom()
    (submit,), (wait,), (download,) = (
        telemetry.spans(f"rivya.{name}") for name in ("submit", "wait", "download")
    )
    for span in (submit, wait, download):
        assert span.attributes is not None
        assert span.attributes["rivya.generation_id"] == result["generation_id"]
        assert span.attributes["rivya.model"] == gateway.model
        assert span.status.status_code is StatusCode.UNSET
    assert download.attributes is not None
    assert download.attributes["rivya.bytes"] == result["outputs"][0]["size_bytes"]
    assert (
        (submit.end_time or 0) <= (wait.start_time or 0) <= (wait.end_time or 0) <= (download.start_time or 0)
    )
    told = "".join(span.to_json() for span in (submit, wait, download))
    assert "lighthouse" not in told
    assert "http" not in told


def test_spans_of_what_goes_wrong(new_task: NewTask, sandbox: SandboxProcess, telemetry: Telemetry) -> None:
    sandbox.fault(method="POST", path="/api/v1/generations", kind="status", status=400)
    assert new_task().run().state == "failed"
    (submit,) = telemetry.spans("rivya.submit")
    assert submit.status.description == "RequestRejectedError"
    sandbox.fault(method="GET", path="/results/*", kind="truncated", times=3)
    assert new_task().run().state == "up_for_retry"
    (download,) = telemetry.spans("rivya.download")
    assert download.status.description == "DownloadError"
