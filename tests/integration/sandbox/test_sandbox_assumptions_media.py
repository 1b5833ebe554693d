"""The open points of files, references, parameters and the models list, in every setting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.wire_tools import MP4, WAV, create, finished, picture, reference, upload
from tests.sandbox_process import SandboxProcess

EXTERNAL = {"url": "https://example.org/a.png", "kind": "image"}


@pytest.mark.parametrize("status", [200, 201])
def test_file_status(sandbox: SandboxProcess, status: int) -> None:
    sandbox.assume(file_status=status)
    assert upload(sandbox, picture()).status == status


@pytest.mark.parametrize(
    ("shape", "present", "absent"),
    [
        ("snake", {"object", "kind", "mime_type", "size_bytes", "duration_seconds"}, {"mimeType"}),
        ("camel", {"kind", "mimeType", "sizeBytes", "durationSeconds"}, {"mime_type", "size_bytes"}),
        ("minimal", set(), {"kind", "name", "mime_type", "mimeType"}),
    ],
)
def test_file_shape(sandbox: SandboxProcess, shape: str, present: set[str], absent: set[str]) -> None:
    sandbox.assume(file_shape=shape)
    fields = set(upload(sandbox, WAV, kind="audio").json())
    assert {"id", "url", "duration_token"} | present <= fields
    assert not absent & fields


@pytest.mark.parametrize(("ttl", "found"), [(None, True), (60, False)])
def test_file_ttl_seconds(sandbox: SandboxProcess, ttl: float | None, found: bool) -> None:
    sandbox.assume(file_ttl_seconds=ttl)
    file = upload(sandbox, picture())
    assert (file.json()["expires_at"] is None) is found
    sandbox.advance(61)
    answers = [
        sandbox.get(path).status for path in (f"/api/v1/files/{file.json()['id']}", file.json()["url"])
    ]
    assert answers == ([200, 200] if found else [404, 404])
    created = create(sandbox, "flux-2-pro", params={"referenceMediaItems": [reference(file)]})
    assert created.status == (201 if found else 400)


@pytest.mark.parametrize(("code", "status"), [("validation_failed", 400), ("file_too_large", 413)])
def test_file_error(sandbox: SandboxProcess, code: str, status: int) -> None:
    sandbox.assume(file_error_code=code, file_error_status=status)
    answer = upload(sandbox, b"text")
    assert (answer.status, answer.error_code) == (status, code)


@pytest.mark.parametrize(("needed", "status"), [(True, 401), (False, 200)])
def test_file_url_needs_key(sandbox: SandboxProcess, needed: bool, status: int) -> None:
    sandbox.assume(file_url_needs_key=needed)
    url = upload(sandbox, picture()).json()["url"]
    assert sandbox.get(url, key=None).status == status
    assert sandbox.get(url).status == 200


@pytest.mark.parametrize("shape", ["list", "map"])
def test_models_params_shape(sandbox: SandboxProcess, shape: str) -> None:
    sandbox.assume(models_params_shape=shape)
    models = {model["id"]: model for model in sandbox.get("/api/v1/models", key=None).json()["data"]}
    params = models["z-image"]["params"]
    entry = params[0] if shape == "list" else params["aspect_ratio"]
    assert entry["options"][0] == "1:1"
    assert ("key" in entry) is (shape == "list")


@pytest.mark.parametrize("envelope", ["list", "bare"])
def test_models_envelope(sandbox: SandboxProcess, envelope: str) -> None:
    sandbox.assume(models_envelope=envelope)
    body = sandbox.get("/api/v1/models", key=None).json()
    entries = body if envelope == "bare" else body["data"]
    assert len(entries) == 55
    assert entries[0].keys() >= {"id", "base_credits", "params", "api_status", "reference_media", "notices"}


@pytest.mark.parametrize(
    ("treatment", "status", "kept"),
    [
        ("refuse", 400, None),
        ("drop", 201, {"aspect_ratio": "4:3"}),
        ("accept", 201, {"aspect_ratio": "4:3", "x": 1}),
    ],
)
def test_unknown_params(
    sandbox: SandboxProcess, treatment: str, status: int, kept: dict[str, Any] | None
) -> None:
    sandbox.assume(unknown_params=treatment)
    assert create(sandbox, params={"aspect_ratio": "4:3", "x": 1}, y=2).status == status
    assert [task["params"] for task in sandbox.tasks()] == ([] if kept is None else [kept])
    assert create(sandbox, files=[]).status == 400


@pytest.mark.parametrize(("rule", "status"), [("per_model", 400), ("refuse", 400), ("accept", 201)])
def test_external_reference_urls(sandbox: SandboxProcess, rule: str, status: int) -> None:
    sandbox.assume(external_reference_urls=rule)
    created = create(sandbox, "flux-2-pro", params={"referenceMediaItems": [EXTERNAL]})
    assert created.status == status
    if status == 201:
        assert sandbox.get(finished(sandbox, created)["result"]["primary_url"]).status == 200


@pytest.mark.parametrize(("megabyte", "status"), [(1_000_000, 400), (1_048_576, 201)])
def test_megabyte(sandbox: SandboxProcess, megabyte: int, status: int) -> None:
    sandbox.assume(megabyte=megabyte)
    content = picture()
    assert upload(sandbox, content + bytes(10_000_001 - len(content))).status == status


@pytest.mark.parametrize(("ttl", "status"), [(None, 201), (60, 400)])
def test_duration_token_ttl_seconds(sandbox: SandboxProcess, ttl: float | None, status: int) -> None:
    sandbox.assume(duration_token_ttl_seconds=ttl)
    video = upload(sandbox, MP4, kind="video")
    item = {**reference(video, "video"), "durationToken": video.json()["duration_token"]}
    sandbox.advance(61)
    created = create(sandbox, "wan-2-6", params={"referenceMediaItems": [item]})
    assert created.status == status
    assert (b"expired" in created.body) is (status == 400)


@pytest.mark.parametrize(
    ("packed", "name", "mime", "size"),
    [("wav", "0.wav", "audio/wav", 16044), ("headerless", "0.pcm", "application/octet-stream", 16000)],
)
def test_raw_audio(sandbox: SandboxProcess, packed: str, name: str, mime: str, size: int) -> None:
    sandbox.assume(raw_audio=packed)
    params = {"output_format": "pcm_16000", "duration_seconds": 0.5}
    status = finished(sandbox, create(sandbox, "elevenlabs-sound-effect-v2", params=params))
    url = status["result"]["primary_url"]
    answer = sandbox.get(url, key=None)
    assert (url.rpartition("/")[2], answer.headers["content-type"], len(answer.body)) == (name, mime, size)
