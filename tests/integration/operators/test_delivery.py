"""What comes of a task when all goes well."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from PIL import Image

from tests import airflows
from tests.integration.conftest import Connect, NewTask, sent
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.generate_tasks import one_task
from tests.integration.landed_files import check_image
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess


@at_each
@pytest.mark.parametrize("deferrable", [True, False])
def test_text_to_image(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path, deferrable: bool
) -> None:
    run = new_task(deferrable=deferrable)
    assert run.run().state == "success"
    result = run.xcom()
    assert {name: result[name] for name in ("gateway", "model", "status", "credits_final")} == {
        "gateway": gateway.name,
        "model": gateway.model,
        "status": "succeeded",
        "credits_final": gateway.told(1),
    }
    (output,) = result["outputs"]
    check_image(output)
    assert [path.name for path in landing.iterdir()] == [f"{result['generation_id']}-0.png"]
    assert sandbox.ledger(gateway.name)["charges"] == 1
    assert run.record()["state"] == "delivered"
    assert "body" not in run.record()


@at_each
def test_resume_with_the_event_alone(new_task: NewTask, sandbox: SandboxProcess) -> None:
    # DAG.test() of Airflow 3.3 drops what the deferral carried.
    run = new_task(deferrable=True)
    deferred = run.begin()
    assert deferred.state == "deferred"
    event = run.fire(deferred)
    assert event.payload == {"status": "succeeded", "task_id": event.payload["task_id"], "code": None}
    run.forget_what_was_carried()
    assert run.resume(event).state == "success"
    check_image(run.xcom()["outputs"][0])
    assert sandbox.ledger()["charges"] == 1


@at_each
def test_inline_wait_needs_no_triggerer(new_task: NewTask, sandbox: SandboxProcess) -> None:
    run = new_task(deferrable=True, inline_wait=timedelta(seconds=20))
    assert run.begin().state == "success"


def test_inline_wait_over_defers(new_task: NewTask, sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=1)
    run = new_task(deferrable=True, inline_wait=timedelta(seconds=0.1))
    deferred = run.begin()
    assert deferred.state == "deferred"
    sandbox.advance(30)
    assert run.resume(run.fire(deferred)).state == "success"


@at_each
def test_deferral_carries_no_secret(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    _, arguments = new_task(deferrable=True).begin().trigger or ("", {})
    numbers = {"submitted_at", "deadline", "credits_reserved"}
    assert set(arguments) == {"generation_id", gateway.conn_argument, "category", *numbers}
    assert "http" not in json.dumps(arguments)


def test_execution_timeout_wins_if_smaller(new_task: NewTask) -> None:
    _, arguments = new_task(deferrable=True, execution_timeout=timedelta(minutes=2)).begin().trigger or (
        "",
        {},
    )
    assert 0 < arguments["deadline"] - arguments["submitted_at"] < 125


@at_each
@pytest.mark.parametrize("form", ["path", "uri", "list", "object"])
def test_reference_file(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path, form: str
) -> None:
    value: Any = {
        "path": str(photo),
        "uri": f"file://{photo}",
        "list": [str(photo), photo],
        "object": ObjectStoragePath(f"file://{photo}"),
    }[form]
    run = new_task(model=gateway.references[0], reference_media=value)
    done = run.run()
    assert done.state == "success", done.text
    check_image(run.xcom()["outputs"][0])
    # The same content is uploaded once.
    assert len(sent(sandbox, "POST", gateway.uploads)) == 1
    if gateway.name == "rivya":  # the other one's parameters do not have them
        items = sandbox.tasks()[0]["params"]["referenceMediaItems"]
        assert len(items) == (2 if form == "list" else 1)


@at_each
@pytest.mark.parametrize("landed", [True, False])
def test_result_as_the_next_reference(
    new_task: NewTask,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    connect: Connect,
    landed: bool,
) -> None:
    place = f"file://{landing}/" if landed else None

    def build() -> None:
        first = gateway.operator(task_id="first", model=gateway.model, prompt="A bicycle", output_path=place)
        gateway.operator(
            task_id="second",
            model=gateway.references[0],
            prompt="Paint it green",
            reference_media=first.output,
            output_path=f"file://{landing}/",
        )

    run = TaskInstanceHarness(build)
    assert run.run("first").state == "success"
    source = run.xcom("first")["outputs"][0]
    assert (source["uri"] is not None) is landed
    done = run.run("second")
    assert done.state == "success", done.text
    check_image(run.xcom("second")["outputs"][0])
    assert sandbox.ledger()["charges"] == 2


@at_each
def test_several_outputs(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    model, params = gateway.several
    run = new_task(model=model, model_params=params)
    done = run.run()
    assert done.state == "success", done.text
    outputs = run.xcom()["outputs"]
    assert [output["index"] for output in outputs] == [0, 1, 2, 3]
    assert len({output["sha256"] for output in outputs}) == 4
    for output in outputs:
        check_image(output)
    assert len(list(landing.iterdir())) == 4


def test_fixed_name(new_task: NewTask, landing: Path, sandbox: SandboxProcess) -> None:
    run = new_task(output_path=f"file://{landing}/lighthouse.png")
    assert run.run().state == "success"
    assert [path.name for path in landing.iterdir()] == ["lighthouse.png"]
    check_image(run.xcom()["outputs"][0])


@at_each
def test_no_output_path_hands_urls_on(new_task: NewTask, landing: Path, sandbox: SandboxProcess) -> None:
    run = new_task(output_path=None)
    assert run.run().state == "success"
    (output,) = run.xcom()["outputs"]
    assert output["uri"] is None
    assert output["sha256"] is None
    assert output["source_url"].startswith(sandbox.url)
    assert list(landing.iterdir()) == []


@at_each
def test_mapped(
    database: None, connect: Connect, landing: Path, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    prompts = [f"Lighthouse number {number}" for number in range(5)]

    def build() -> None:
        gateway.operator.partial(
            task_id=MAKE, model=gateway.model, output_path=f"file://{landing}/", deferrable=True
        ).expand(prompt=prompts)

    run = TaskInstanceHarness(build)
    for index in range(5):
        done = run.run(map_index=index)
        assert done.state == "success", done.text
        check_image(run.xcom(map_index=index)["outputs"][0])
    assert sandbox.ledger()["charges"] == 5
    assert sorted(task["prompt"] for task in sandbox.tasks()) == prompts
    records = set() if airflows.STATE_STORE else {".rivya"}
    assert {path.name for path in landing.iterdir() if path.suffix != ".png"} == records
    assert len(list(landing.glob("*.png"))) == 5


@pytest.mark.parametrize(
    ("policy", "state", "kept"), [("overwrite", "success", False), ("skip", "success", True)]
)
def test_file_of_that_name(
    new_task: NewTask, landing: Path, sandbox: SandboxProcess, policy: str, state: str, kept: bool
) -> None:
    old = landing / "lighthouse.png"
    Image.new("RGB", (7, 5)).save(old)
    before = old.read_bytes()
    run = new_task(output_path=f"file://{old}", if_exists=policy)
    done = run.run()
    assert done.state == state, done.text
    assert (old.read_bytes() == before) is kept
    check_image(run.xcom()["outputs"][0])


@at_each
def test_file_of_that_name_must_not_be(new_task: NewTask, landing: Path, sandbox: SandboxProcess) -> None:
    (landing / "lighthouse.png").write_bytes(b"mine")
    run = new_task(output_path=f"file://{landing}/lighthouse.png", if_exists="fail")
    done = run.run()
    assert done.state == "failed"
    assert "exists already" in done.text
    assert sandbox.ledger()["charges"] == 0
    assert (landing / "lighthouse.png").read_bytes() == b"mine"


@at_each
def test_template_files(
    database: None,
    connect: Connect,
    landing: Path,
    tmp_path: Path,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
) -> None:
    (tmp_path / "prompt.txt").write_text("A harbour on {{ ds }}, dawn")
    (tmp_path / "params.json").write_text(json.dumps(gateway.wide))
    run = TaskInstanceHarness(
        one_task(
            {"prompt": "prompt.txt", "model_params": "params.json", "output_path": f"file://{landing}/"},
            gateway,
        ),
        template_searchpath=[str(tmp_path)],
    )
    done = run.run()
    assert done.state == "success", done.text
    (task,) = sandbox.tasks()
    assert task["prompt"] == f"A harbour on {datetime.now():%Y-%m-%d}, dawn"
    assert gateway.wide.items() <= task["params"].items()


def test_trace_id_is_sent(new_task: NewTask, sandbox: SandboxProcess) -> None:
    assert new_task(client_request_id="{{ run_id }}").run().state == "success"
    assert sandbox.tasks()[0]["client_request_id"] == "manual__run"


@at_each
def test_the_same_photograph_twice_is_uploaded_once(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    Image.new("RGB", (64, 64), "navy").save(other)
    task = new_task(
        {
            "model": gateway.references[0],
            "prompt": "a cat",
            "deferrable": False,
            "reference_media": [str(photo), str(other), str(photo)],
        }
    )
    done = task.run()
    assert done.state == "success", done.text
    uploads = [entry for entry in sandbox.requests() if entry["path"] == gateway.uploads]
    assert len(uploads) == 2
    if gateway.name != "rivya":  # the other one's parameters do not have them
        return
    (made,) = sandbox.tasks()
    assert len(made["params"]["referenceMediaItems"]) == 3
    urls = [item["url"] for item in made["params"]["referenceMediaItems"]]
    assert urls[0] == urls[2] != urls[1]


@at("toapis")
def test_the_dialect_is_a_template(new_task: NewTask, sandbox: SandboxProcess) -> None:
    sandbox.assume(toapis_model_ids="guide")
    run = new_task(
        model="nano-banana-2",
        dialect={"model": "{{ 'nano' }}-banana-2", "endpoint": "{{ 'image' }}"},
    )
    done = run.run()
    assert done.state == "success", done.text
    assert run.xcom()["model"] == "nano-banana-2"
