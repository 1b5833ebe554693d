"""Open points of uploads, references, parameters and the list of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_rivya.hooks.rivya import RivyaHook
from tests.integration.conftest import sent
from tests.integration.operators.stage import NO_USE, Stage, scene
from tests.integration.landed_files import CREATE
from tests.integration.sandbox.wire_tools import MP4, create, finished, picture, upload

UPLOAD = "/api/v1/files"
MEGABYTE = 1_000_000


def items(stage: Stage) -> list[dict[str, Any]]:
    """The references of the one request that was taken in."""
    return list(stage.sandbox.tasks()[-1]["params"]["referenceMediaItems"])


@scene("file_status", "file_shape")
def uploaded_otherwise(stage: Stage, value: Any) -> None:
    stage.delivers(stage.with_reference())
    (item,) = items(stage)
    assert stage.sandbox.get(item["url"]).body == stage.photo.read_bytes()


@scene("file_url_needs_key")
def reference_at_the_gateway(stage: Stage, needed: bool) -> None:
    url = upload(stage.sandbox, stage.photo.read_bytes()).json()["url"]
    stage.delivers(stage.with_reference(reference_media=url))
    (item,) = items(stage)
    assert stage.sandbox.get(item["url"]).body == stage.photo.read_bytes()


@scene("external_reference_urls")
def reference_by_url(stage: Stage, rule: str) -> None:
    url = finished(stage.sandbox, create(stage.sandbox))["result"]["primary_url"]
    stage.delivers(stage.with_reference(reference_media=url), charges=2)
    # It is fetched and uploaded, so that the gateway is never asked to take it.
    (item,) = items(stage)
    assert item["url"].startswith(f"{stage.sandbox.url}/files/")
    assert stage.sandbox.get(item["url"]).body == stage.sandbox.get(url).body


@scene("file_ttl_seconds", values=(None, 60))
def upload_that_is_gone(stage: Stage, kept: float | None) -> None:
    _repeats_later(stage, stage.with_reference(), "the file has expired" if kept else "")


@scene("duration_token_ttl_seconds", values=(None, 60))
def token_that_is_gone(stage: Stage, kept: float | None) -> None:
    film = stage.photo.with_name("film.mp4")
    film.write_bytes(MP4)
    run = stage.with_reference(model="wan-2-6", reference_media=str(film), output_path=None)
    _repeats_later(stage, run, ".durationToken: has expired" if kept else "")


def _repeats_later(stage: Stage, run: Any, refused: str) -> None:
    """The uploads of a request without an answer are older than a minute when it is sent again."""
    stage.in_doubt(run, "cut_before")
    stage.sandbox.advance(61)
    done = run.run()
    if refused:
        stage.ended(done, "up_for_retry", refused, "validation_failed", "(1 left)")
        assert run.record()["state"] == "intent"
    else:
        assert done.state == "success", done.text
        assert stage.sandbox.ledger()["charges"] == 1
    assert len(sent(stage.sandbox, "POST", UPLOAD)) == 1
    assert len({entry["idempotency_key"] for entry in stage.creates()}) == 1


@scene("file_error_code", values=("validation_failed", "file_rejected"))
def refused_file(stage: Stage, code: str) -> None:
    stage.ends(_with_a_gif(stage), "failed", "image/gif is not accepted", f"code {code}, HTTP 400", NO_USE)
    assert stage.creates() == []


@scene("file_error_status")
def refused_file_status(stage: Stage, status: int) -> None:
    told = f"code validation_failed, HTTP {status}, request id req_"
    stage.ends(_with_a_gif(stage), "failed", "image/gif is not accepted", told, NO_USE)
    assert stage.creates() == []


def _with_a_gif(stage: Stage) -> Any:
    """A task whose reference only the gateway refuses."""
    path = stage.photo.with_name("photo.gif")
    path.write_bytes(picture(form="GIF"))
    return stage.with_reference(reference_media=str(path), validation="off")


@scene("megabyte")
def largest_file(stage: Stage, megabyte: int) -> None:
    """The client keeps to the smaller megabyte: what it sends is right under both."""
    stage.ends(
        stage.with_reference(model="seedream-4-5", reference_media=str(_padded(stage, 10 * MEGABYTE + 1))),
        "failed",
        "at most 10 MB",
        "Nothing was sent and nothing was charged",
    )
    assert stage.sandbox.requests() == []
    largest = str(_padded(stage, 10 * MEGABYTE))
    stage.delivers(stage.with_reference(model="seedream-4-5", reference_media=largest))


def _padded(stage: Stage, size: int) -> Path:
    path = stage.photo.with_name(f"{size}.jpg")
    content = stage.photo.read_bytes()
    path.write_bytes(content + bytes(size - len(content)))
    return path


@scene("unknown_params")
def unknown_parameter(stage: Stage, treatment: str) -> None:
    run = stage.new_task(model_params={"aspect_ratio": "4:3", "mood": "calm"}, validation="off")
    if treatment == "refuse":
        stage.ends(run, "failed", "params.mood: unknown parameter of z-image", NO_USE)
    else:
        stage.delivers(run)
        kept = {"mood": "calm"} if treatment == "accept" else {}
        assert stage.sandbox.tasks()[0]["params"] == {"aspect_ratio": "4:3", **kept}


@scene("models_params_shape", "models_envelope")
def model_list(stage: Stage, value: str) -> None:
    hook = RivyaHook()
    try:
        models = {model.id: model for model in hook.list_models()}
    finally:
        hook.close()
    assert len(models) == 55
    assert models["z-image"].base_credits == 1
    assert CREATE not in [entry["path"] for entry in stage.sandbox.requests()]
