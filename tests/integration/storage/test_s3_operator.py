"""Tasks of a real Airflow that land on S3: what defers, what is rendered, and what dies."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.integration.gateways import TestedGateway, at_each
from tests.integration.generate_tasks import one_task
from tests.integration.storage import dying
from tests.integration.storage.conftest import Store
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import PROJECT, SandboxProcess

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("database", "connect")]


def check_landed(run: TaskInstanceHarness, s3: Store, folder: str) -> dict[str, Any]:
    """Look at the one output: its object alone in the folder, byte for byte, its place without connection."""
    result: dict[str, Any] = run.xcom()
    (output,) = result["outputs"]
    key = f"{folder}/{result['generation_id']}-0.png"
    assert (output["uri"], output["conn_id"]) == (f"s3://bucket/{key}", "store")
    assert "store@" not in json.dumps(result)
    content = s3.read(key)
    assert (len(content), hashlib.sha256(content).hexdigest()) == (output["size_bytes"], output["sha256"])
    assert [name for name in s3.names() if not name.endswith(".json")] == [key]
    return result


@at_each
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_connection_beside_the_path(
    s3: Store, gateway: TestedGateway, sandbox: SandboxProcess, deferrable: bool
) -> None:
    arguments = {"deferrable": deferrable, "output_path": "s3://bucket/run/", "output_conn_id": "store"}
    run = TaskInstanceHarness(one_task(arguments, gateway))
    first = run.begin()
    if deferrable:
        assert first.state == "deferred", first.text
        assert [name for name in s3.names() if not name.endswith(".json")] == []
        first = run.resume(run.fire(first))
    assert first.state == "success", first.text
    assert check_landed(run, s3, "run")["gateway"] == gateway.name
    assert sandbox.ledger()["charges"] == sandbox.ledger(gateway.name)["charges"] == 1


@at_each
def test_the_place_is_the_one_that_was_rendered_at_the_submission(
    s3: Store, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    """Airflow renders anew on every resume: here another folder, and a connection that is not there."""
    place = {"folder": "first", "connection": "store"}
    arguments = {
        "deferrable": True,
        "output_path": "s3://bucket/{{ place.folder }}/",
        "output_conn_id": "{{ place.connection }}",
    }
    run = TaskInstanceHarness(one_task(arguments, gateway), user_defined_macros={"place": place})
    deferred = run.begin()
    assert deferred.state == "deferred", deferred.text
    place.update(folder="second", connection="nobody")
    done = run.resume(run.fire(deferred))
    assert done.state == "success", done.text
    check_landed(run, s3, "first")
    assert sandbox.ledger()["charges"] == 1


def test_a_worker_that_dies_during_the_delivery(s3: Store, sandbox: SandboxProcess) -> None:
    """What it had uploaded is invisible; the next try lands the generation that is paid for."""
    run = TaskInstanceHarness(dying.build())
    deferred = run.begin()
    assert deferred.state == "deferred", deferred.text
    payload = json.dumps(run.fire(deferred).payload)
    died = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", dying.__name__, run.dag_id, payload],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    left = s3.client.list_multipart_uploads(Bucket="bucket")["Uploads"]
    generation_id = sandbox.tasks()[0]["id"]
    assert [upload["Key"] for upload in left] == [f"run/{generation_id}-0.png"]
    assert [name for name in s3.names() if not name.startswith("state/")] == []
    assert [record["state"] for record in s3.records()] == ["submitted"]
    run.miss_heartbeat()
    done = run.run()
    assert done.state == "success", done.text
    assert check_landed(run, s3, "run")["generation_id"] == generation_id
    assert [record["state"] for record in s3.records()] == ["delivered"]
    assert sandbox.ledger()["charges"] == 1


def test_a_gallery_in_a_bucket_is_a_page_for_its_console(s3: Store, sandbox: SandboxProcess) -> None:
    place = {"output_path": "s3://store@bucket/run/", "gallery": True, "thumbnails": 64}
    run = TaskInstanceHarness(one_task(place))
    done = run.run()
    assert done.state == "success", done.text
    result = run.xcom()
    assert result["gallery_uri"] == "s3://bucket/run/gallery.html"
    page = s3.client.get_object(Bucket="bucket", Key="run/gallery.html")
    assert page["ContentType"].startswith("text/html")
    assert page["Body"].read().count(b"data:image/webp") == 1
    small = s3.client.get_object(Bucket="bucket", Key=f"run/{result['generation_id']}-0.png.thumb.webp")
    assert small["ContentType"] == "image/webp"
