"""What a task tells OpenLineage, through Airflow's own extraction."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from tests.integration.conftest import NewTask
from tests.integration.lineage import Lineage, Name
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

MODEL = "nano-banana-2"


@pytest.fixture
def lineage() -> Lineage:
    return Lineage()


@pytest.fixture
def task(new_task: NewTask, lineage: Lineage) -> Callable[..., TaskInstanceHarness]:
    """Return a run whose task tells its lineage."""
    return lambda *given, **more: new_task(*given, model=MODEL, on_success_callback=lineage, **more)


def resumed(run: TaskInstanceHarness, sandbox: SandboxProcess, before: Callable[[], object]) -> None:
    """
    Run a task over a deferral.

    :param before: done between the trigger's event and the resume.
    """
    sandbox.reset(speed=1)
    deferred = run.begin()
    assert deferred.state == "deferred", deferred.text
    sandbox.advance(60)
    event = run.fire(deferred)
    before()
    done = run.resume(event)
    assert done.state == "success", done.text


def landed(landing: Path) -> list[Name]:
    return [("file", str(file)) for file in landing.iterdir() if file.is_file()]


@pytest.mark.parametrize("deferrable", [True, False])
def test_references_are_inputs_and_files_are_outputs(
    task: Callable[..., TaskInstanceHarness],
    lineage: Lineage,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    deferrable: bool,
) -> None:
    other = shutil.copy(photo, photo.with_name("what? #1.jpg"))
    earlier = {"outputs": [{"uri": f"file://{other}", "conn_id": None}]}
    run = task(reference_media=[photo, earlier, str(photo)], deferrable=deferrable)
    done = run.run()
    assert done.state == "success", done.text
    assert lineage.inputs == [("file", str(photo)), ("file", str(other))]
    assert len(lineage.outputs) == 1
    assert lineage.outputs == landed(landing)


def test_what_renders_otherwise_on_the_resume_changes_no_input(
    task: Callable[..., TaskInstanceHarness],
    lineage: Lineage,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_PICTURE", str(photo))
    run = task(reference_media="{{ var.value.picture }}", deferrable=True)
    resumed(run, sandbox, lambda: monkeypatch.setenv("AIRFLOW_VAR_PICTURE", "/nowhere/else.jpg"))
    assert lineage.inputs == [("file", str(photo))]
    assert lineage.outputs == landed(landing)


def test_a_resume_with_the_event_alone_has_the_argument(
    task: Callable[..., TaskInstanceHarness], lineage: Lineage, sandbox: SandboxProcess, photo: Path
) -> None:
    run = task(reference_media=str(photo), deferrable=True)
    resumed(run, sandbox, run.forget_what_was_carried)
    assert lineage.inputs == [("file", str(photo))]


@pytest.mark.parametrize("deferrable", [True, False])
def test_the_url_of_a_result_is_neither_told_nor_carried(
    new_task: NewTask,
    task: Callable[..., TaskInstanceHarness],
    lineage: Lineage,
    sandbox: SandboxProcess,
    photo: Path,
    deferrable: bool,
) -> None:
    first = new_task(output_path=None)
    assert first.run().state == "success"
    result = first.xcom()
    (output,) = result["outputs"]
    run = task(
        reference_media=[result, output["source_url"], f"{output['source_url']}?signature=1", photo],
        output_path=None,
        deferrable=deferrable,
    )
    done = run.begin()
    if deferrable:
        carried = json.dumps(run.carried())
        assert str(photo) in carried
        assert "http" not in carried
        done = run.resume(run.fire(done))
    assert done.state == "success", done.text
    assert lineage.inputs == [("file", str(photo))]
    assert lineage.outputs == []


def test_what_can_be_read_once_is_told_too(
    task: Callable[..., TaskInstanceHarness], lineage: Lineage, sandbox: SandboxProcess, photo: Path
) -> None:
    given: dict[str, Any] = {}
    run = task(given, deferrable=True)
    given["reference_media"] = (path for path in [photo])
    done = run.run()
    assert done.state == "success", done.text
    assert lineage.inputs == [("file", str(photo))]


def test_references_that_cannot_be_named_harm_nothing(
    task: Callable[..., TaskInstanceHarness], lineage: Lineage, sandbox: SandboxProcess, photo: Path
) -> None:
    class Fickle:
        """Can be read before anything is paid, and not after."""

        def __iter__(self) -> Iterator[Path]:
            if sandbox.tasks():
                raise ConnectionError("the supervisor is gone")
            return iter([photo])

    given: dict[str, Any] = {}
    run = task(given)
    given["reference_media"] = Fickle()
    done = run.run()
    assert done.state == "success", done.text
    assert (lineage.inputs, len(lineage.outputs)) == ([], 1)


def test_without_openlineage_there_is_no_lineage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage.extractors", None)
    operator = RivyaGenerateOperator(task_id="make", model="z-image", prompt="x")
    assert operator.get_openlineage_facets_on_complete(None) is None
