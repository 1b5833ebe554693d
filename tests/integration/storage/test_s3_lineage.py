"""Files on S3, as OpenLineage is told of them: by bucket and key, without the connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor
from tests.integration.lineage import Lineage
from tests.integration.storage.buckets import FOLDER
from tests.integration.storage.conftest import Store
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("database", "connect")]


def media(s3: Store) -> list[str]:
    return [key for key in s3.names() if key.startswith("run/") and "/.rivya/" not in key]


def test_a_deferred_task(s3: Store, sandbox: SandboxProcess, photo: Path) -> None:
    s3.put("in/photo.jpg", photo.read_bytes())
    earlier = {"outputs": [{"uri": "s3://bucket/in/photo.jpg", "conn_id": "store"}]}
    references: list[Any] = ["s3://store@bucket/in/photo.jpg", earlier, str(photo)]
    lineage = Lineage()
    run = TaskInstanceHarness(
        lambda: RivyaGenerateOperator(
            task_id=MAKE,
            model="nano-banana-2",
            prompt="A lighthouse",
            reference_media=references,
            output_path="s3://bucket/run/",
            output_conn_id="store",
            deferrable=True,
            on_success_callback=lineage,
        )
    )
    deferred = run.begin()
    assert deferred.state == "deferred", deferred.text
    assert "store@" not in json.dumps(run.carried())
    done = run.resume(run.fire(deferred))
    assert done.state == "success", done.text
    assert lineage.inputs == [("s3://bucket", "in/photo.jpg"), ("file", str(photo))]
    assert lineage.outputs == [("s3://bucket", key) for key in media(s3)]
    assert len(lineage.outputs) == 1


def test_a_deferred_sensor(s3: Store, sandbox: SandboxProcess) -> None:
    sandbox.post("/api/v1/generations", {"model": "z-image", "prompt": "A lighthouse"})
    (submitted,) = sandbox.tasks()
    lineage = Lineage()
    run = TaskInstanceHarness(
        lambda: RivyaTaskSensor(
            task_id=MAKE,
            generation_id=submitted["id"],
            output_path=FOLDER,
            deferrable=True,
            on_success_callback=lineage,
        )
    )
    done = run.run()
    assert done.state == "success", done.text
    assert (lineage.inputs, lineage.outputs) == ([], [("s3://bucket", f"run/{submitted['id']}-0.png")])
