"""Open points of Rivya's uploads, references, parameters and list of models."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.hooks.rivya import RivyaHook
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import RIVYA
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.open_points import FILES, NO_USE, Checks, check_turned, turned
from tests.integration.job_harness import JobHarness
from tests.integration.sandbox.wire_tools import MP4, create, finished, picture, upload
from tests.sandbox_process import SandboxProcess

MEGABYTE = 1_000_000

NewJobWith = Callable[..., JobHarness]


@pytest.fixture
def new_job_with(new_job: NewJob) -> NewJobWith:
    """Return a generation with a reference."""

    def new(reference: object, **arguments: Any) -> JobHarness:
        given = {"model": "nano-banana-2", "reference_media": str(reference), "client_request_id": "t-1"}
        return new_job(**{**given, **arguments})

    return new


def check_reference(sandbox: SandboxProcess, content: bytes) -> None:
    """The one reference of the last request that was taken in has these bytes."""
    (item,) = sandbox.tasks()[-1]["params"]["referenceMediaItems"]
    assert item["url"].startswith(f"{sandbox.url}/files/")
    assert sandbox.get(item["url"]).body == content


def test_every_switch_is_turned() -> None:
    check_turned(globals(), FILES)


@turned("file_status", "file_shape")
def test_uploaded_otherwise(
    new_job_with: NewJobWith, check: Checks, sandbox: SandboxProcess, photo: Path, setting: Any
) -> None:
    check.delivered(new_job_with(photo).run())
    check_reference(sandbox, photo.read_bytes())


@turned("file_url_needs_key")
def test_reference_at_the_gateway(
    new_job_with: NewJobWith, check: Checks, sandbox: SandboxProcess, photo: Path, setting: bool
) -> None:
    url = upload(sandbox, photo.read_bytes()).json()["url"]
    check.delivered(new_job_with(url).run())
    check_reference(sandbox, photo.read_bytes())


@turned("external_reference_urls")
def test_reference_by_url(
    new_job_with: NewJobWith, check: Checks, sandbox: SandboxProcess, setting: str
) -> None:
    url = finished(sandbox, create(sandbox))["result"]["primary_url"]
    check.delivered(new_job_with(url).run(), charges=2)
    # It is fetched and uploaded, so that the gateway is never asked to take it.
    check_reference(sandbox, sandbox.get(url).body)


@turned("file_ttl_seconds", values=(None, 60))
def test_upload_that_is_gone(
    new_job_with: NewJobWith,
    check: Checks,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    setting: float | None,
) -> None:
    refused = "the file has expired" if setting else ""
    check_repeated_later(new_job_with(photo), check, connect, sandbox, refused)


@turned("duration_token_ttl_seconds", values=(None, 60))
def test_token_that_is_gone(
    new_job_with: NewJobWith,
    check: Checks,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    setting: float | None,
) -> None:
    film = photo.with_name("film.mp4")
    film.write_bytes(MP4)
    job = new_job_with(film, model="wan-2-6", output_path=None)
    refused = ".durationToken: has expired" if setting else ""
    check_repeated_later(job, check, connect, sandbox, refused)


def check_repeated_later(
    job: JobHarness, check: Checks, connect: Connect, sandbox: SandboxProcess, refused: str
) -> None:
    """The uploads of a request without an answer are older than a minute when it is sent again."""
    check.in_doubt(job, connect, "cut_before")
    sandbox.advance(61)
    done = job.run()
    if refused:
        check.ended(done, "retryable", refused, "validation_failed", "(1 left)")
        assert job.record["state"] == "intent"
    else:
        assert done.state == "delivered", done.text
        assert sandbox.ledger()["charges"] == 1
    assert len(sent(sandbox, "POST", RIVYA.uploads)) == 1
    check.one_key()


@turned("file_error_code", values=("validation_failed", "file_rejected"))
def test_refused_file(new_job_with: NewJobWith, check: Checks, gif: Path, setting: str) -> None:
    done = new_job_with(gif, validation="off").run()
    check.ended(done, "final", "image/gif is not accepted", f"code {setting}, HTTP 400", NO_USE)
    assert check.creates() == []


@turned("file_error_status")
def test_refused_file_status(new_job_with: NewJobWith, check: Checks, gif: Path, setting: int) -> None:
    done = new_job_with(gif, validation="off").run()
    told = f"code validation_failed, HTTP {setting}, request id req_"
    check.ended(done, "final", "image/gif is not accepted", told, NO_USE)
    assert check.creates() == []


@pytest.fixture
def gif(tmp_path: Path) -> Path:
    """A reference that only the gateway refuses."""
    path = tmp_path / "photo.gif"
    path.write_bytes(picture(form="GIF"))
    return path


@turned("megabyte")
def test_largest_file(
    new_job_with: NewJobWith, check: Checks, sandbox: SandboxProcess, photo: Path, setting: int
) -> None:
    """The client keeps to the smaller megabyte: what it sends is right under both."""
    done = new_job_with(padded(photo, 10 * MEGABYTE + 1), model="seedream-4-5").run()
    check.ended(done, "final", "at most 10 MB", "Nothing was sent and nothing was charged")
    assert sandbox.requests() == []
    check.delivered(new_job_with(padded(photo, 10 * MEGABYTE), model="seedream-4-5").run())


def padded(photo: Path, size: int) -> Path:
    path = photo.with_name(f"{size}.jpg")
    path.write_bytes(photo.read_bytes().ljust(size, b"\0"))
    return path


@turned("unknown_params")
def test_unknown_parameter(new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str) -> None:
    done = new_job(model_params={"aspect_ratio": "4:3", "mood": "calm"}, validation="off").run()
    if setting == "refuse":
        check.ended(done, "final", "params.mood: unknown parameter of z-image", NO_USE)
    else:
        check.delivered(done)
        taken = {"mood": "calm"} if setting == "accept" else {}
        assert sandbox.tasks()[0]["params"] == {"aspect_ratio": "4:3", **taken}


@turned("models_params_shape", "models_envelope")
def test_model_list(connect: Connect, check: Checks, setting: str) -> None:
    with closing(RivyaHook()) as hook:
        models = {model.id: model for model in hook.list_models()}
    assert len(models) == 55
    assert models["z-image"].base_credits == 1
    assert check.creates() == []
