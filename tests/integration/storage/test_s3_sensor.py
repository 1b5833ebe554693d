"""The sensor's files on S3, and every way in which a bucket cannot be used."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor
from tests.integration.storage.buckets import FOLDER, UNUSABLE, Break
from tests.integration.storage.conftest import Store
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("database", "connect")]


def sensor(generation_id: str, output_path: str) -> TaskInstanceHarness:
    return TaskInstanceHarness(
        lambda: RivyaTaskSensor(
            task_id=MAKE,
            generation_id=generation_id,
            output_path=output_path,
            deferrable=False,
            poke_interval=0.05,
            retries=2,
            retry_delay=timedelta(0),
        )
    )


def test_what_something_else_submitted_lands_on_s3(s3: Store, sandbox: SandboxProcess) -> None:
    sandbox.post("/api/v1/generations", {"model": "z-image", "prompt": "A lighthouse"})
    (submitted,) = sandbox.tasks()
    run = sensor(submitted["id"], FOLDER)
    done = run.run()
    assert done.state == "success", done.text
    (output,) = run.xcom()["outputs"]
    assert (output["uri"], output["conn_id"]) == (f"s3://bucket/run/{submitted['id']}-0.png", "store")
    assert s3.names() == [f"run/{submitted['id']}-0.png"]
    assert hashlib.sha256(s3.read(s3.names()[0])).hexdigest() == output["sha256"]
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize(("harm", "path", "says"), [c[1:] for c in UNUSABLE], ids=[c[0] for c in UNUSABLE])
def test_an_unusable_output_place_is_told_before_the_gateway_is_touched(
    s3: Store,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    harm: Break,
    path: str,
    says: str,
) -> None:
    harm(s3, monkeypatch)
    retryable = "right now" in says
    done = sensor("task_1", path).run()
    assert done.state == ("up_for_retry" if retryable else "failed"), done.text
    assert isinstance(done.error, StorageError if retryable else AirflowFailException)
    assert says in done.text
    assert "testing" not in done.text
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []
