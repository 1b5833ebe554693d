"""Open points of results: their URLs, order and formats, and how long a task id stays readable."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya.waiting import decide as waiting
from tests.integration.operators.stage import Stage, scene
from tests.integration.landed_files import file_of

PAID = "; its result is not lost. The next try (2 left) fetches it again and does not"


@scene("result_primary", "result_redirect", "result_needs_key")
def offered_otherwise(stage: Stage, value: Any) -> None:
    stage.delivers(stage.new_task())


@scene("result_order")
def order(stage: Stage, order: str) -> None:
    run = stage.new_task(model="seedream-4-0", model_params={"max_images": 3})
    result = stage.delivers(run, outputs=3)
    names = [output["source_url"].rpartition("/")[2] for output in result["outputs"]]
    assert names == (["0.png", "1.png", "2.png"] if order == "as_made" else ["2.png", "1.png", "0.png"])
    for index, output in enumerate(result["outputs"]):
        assert file_of(output).name == f"{result['generation_id']}-{index}.png"
        assert file_of(output).read_bytes() == stage.sandbox.get(output["source_url"], key=None).body


@scene("result_host")
def other_host(stage: Stage, host: str) -> None:
    run = stage.new_task()
    if host == "localhost":
        told = ("not a public address", "allowed_download_hosts", PAID)
        stage.ends(run, "up_for_retry", *told, charges=1)
        stage.connect(allowed_download_hosts="localhost")
    stage.delivers(run)


@scene("result_url_ttl_seconds", values=(None, 60))
def expired_url(stage: Stage, kept: float | None) -> None:
    run = stage.new_task(deferrable=True)
    event = run.fire(run.begin())
    stage.sandbox.advance(61)
    # The URLs of a minute ago have expired: they are read again, not carried.
    stage.delivered(run, run.resume(event))


@scene("raw_audio")
def raw_audio(stage: Stage, packed: str) -> None:
    params = {"output_format": "pcm_16000", "duration_seconds": 0.5}
    run = stage.new_task(model="elevenlabs-sound-effect-v2", prompt="Rain", model_params=params)
    if packed == "headerless":
        told = "is not an image, video or audio file"
        stage.ends(run, "up_for_retry", told, PAID, charges=1)
        return
    done = run.run()
    assert done.state == "success", done.text
    (output,) = run.xcom()["outputs"]
    assert (output["mime_type"], output["size_bytes"]) == ("audio/wav", 16044)
    assert list(stage.landing.iterdir()) == [file_of(output)]
    assert file_of(output).read_bytes() == stage.sandbox.get(output["source_url"], key=None).body
    assert stage.sandbox.ledger()["charges"] == 1


@scene("task_retention_seconds", values=(None, 3600))
def forgotten_task(stage: Stage, kept: float | None) -> None:
    stage.patch.setattr(waiting, "NOT_FOUND_GRACE", 0.1)
    run = stage.new_task(deferrable=True)
    first = run.begin()
    stage.sandbox.advance(3601)
    done = run.resume(run.fire(first))
    if kept is None:
        stage.delivered(run, done)
        return
    task_id = stage.sandbox.tasks()[0]["id"]
    told = f"Generation {task_id} was accepted and 1 credit is reserved. The next try (%d left) asks for it"
    stage.ended(done, "up_for_retry", told % 2, "never submits it anew", charges=1)
    stage.ends(run, "up_for_retry", told % 1, "never submits it anew", charges=1)
    assert len(stage.creates()) == 1
