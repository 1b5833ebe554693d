"""Open points of Rivya's results: their URLs, order and formats, and how long a task id stays readable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_rivya.waiting.decide import Patience
from tests.integration.conftest import Connect
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.open_points import RESULTS, Checks, check_turned, turned
from tests.integration.landed_files import file_of
from tests.sandbox_process import SandboxProcess

PAID = "; its result is not lost. The next try (2 left) fetches it again and does not"


def test_every_switch_is_turned() -> None:
    check_turned(globals(), RESULTS)


@turned("result_primary", "result_redirect", "result_needs_key")
def test_offered_otherwise(new_job: NewJob, check: Checks, setting: Any) -> None:
    check.delivered(new_job().run())


@turned("result_order")
def test_order(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str) -> None:
    done = new_job(model="seedream-4-0", model_params={"max_images": 3}).run()
    result = check.delivered(done, outputs=3)
    names = [output["source_url"].rpartition("/")[2] for output in result["outputs"]]
    assert names == (["0.png", "1.png", "2.png"] if setting == "as_made" else ["2.png", "1.png", "0.png"])
    for index, output in enumerate(result["outputs"]):
        assert file_of(output).name == f"{result['generation_id']}-{index}.png"
        assert file_of(output).read_bytes() == sandbox.get(output["source_url"], key=None).body


@turned("result_host")
def test_other_host(new_job: NewJob, check: Checks, connect: Connect, setting: str) -> None:
    job = new_job()
    if setting == "localhost":
        told = ("not a public address", "allowed_download_hosts", PAID)
        check.ended(job.run(), "retryable", *told, charges=1)
        connect(allowed_download_hosts="localhost")
    check.delivered(job.run())


@turned("result_url_ttl_seconds", values=(None, 60))
def test_expired_url(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: float | None) -> None:
    job = new_job()
    waiting = job.defer()
    finished = job.watch(waiting)
    sandbox.advance(61)
    # The URLs of a minute ago have expired: they are read again, not carried.
    check.delivered(job.resume(waiting, finished))


@turned("raw_audio")
def test_raw_audio(
    new_job: NewJob, check: Checks, sandbox: SandboxProcess, landing: Path, setting: str
) -> None:
    params = {"output_format": "pcm_16000", "duration_seconds": 0.5}
    done = new_job(model="elevenlabs-sound-effect-v2", prompt="Rain", model_params=params).run()
    (output,) = done.result["outputs"]
    told = (output["mime_type"], output["size_bytes"], bool(output["doubts"]), output["duration_s"])
    if setting == "headerless":
        assert told == ("audio/L16;rate=16000", 16000, True, 0.5)
    else:
        assert told == ("audio/wav", 16044, False, 0.5)
    assert list(landing.iterdir()) == [file_of(output)]
    assert file_of(output).read_bytes() == sandbox.get(output["source_url"], key=None).body
    assert sandbox.ledger()["charges"] == 1


@turned("task_retention_seconds", values=(None, 3600))
def test_forgotten_task(
    new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: float | None
) -> None:
    job = new_job(patience=Patience(not_found=0.1))
    waiting = job.defer()
    sandbox.advance(3601)
    done = job.resume(waiting, job.watch(waiting))
    if setting is None:
        check.delivered(done)
        return
    task_id = sandbox.tasks()[0]["id"]
    told = f"Generation {task_id} was accepted and 1 credit is reserved. The next try (%d left) asks for it"
    check.ended(done, "retryable", told % 2, "never submits a second one", charges=1)
    check.ended(job.run(deferred=True), "retryable", told % 1, "never submits a second one", charges=1)
    assert len(check.creates()) == 1
