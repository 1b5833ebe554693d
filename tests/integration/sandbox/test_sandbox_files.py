"""Uploads: what the bytes are, whose limits count, and references made of them."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from tests.integration.sandbox.wire_tools import FTYP, MKV, MP4, WAV, WEBM, create, picture, reference, upload
from tests.sandbox_process import SandboxProcess


@pytest.mark.parametrize(
    ("content", "kind", "mime", "duration"),
    [
        (picture(form="JPEG"), "image", "image/jpeg", None),
        (picture(form="PNG"), "image", "image/png", None),
        (picture(form="WEBP"), "image", "image/webp", None),
        (MP4, "video", "video/mp4", 2.5),
        (FTYP + b"qt  " + bytes(20), "video", "video/quicktime", None),
        (WEBM, "video", "video/webm", None),
        (WAV, "audio", "audio/wav", 1.0),
        (b"ID3\x04" + bytes(60), "audio", "audio/mpeg", None),
        (b"\xff\xfb\x90\x00" + bytes(60), "audio", "audio/mpeg", None),
        (b"\xff\xf1\x50\x80" + bytes(60), "audio", "audio/aac", None),
        (b"OggS" + bytes(60), "audio", "audio/ogg", None),
        (FTYP + b"M4A " + bytes(20), "audio", "audio/mp4", None),
    ],
)
def test_what_is_accepted(
    sandbox: SandboxProcess, content: bytes, kind: str, mime: str, duration: float | None
) -> None:
    answer = upload(sandbox, content, kind=kind, client_request_id="x" * 128)
    file = answer.json()
    assert answer.status == 201
    assert file["id"].startswith("file_")
    assert (file["kind"], file["mime_type"], file["size_bytes"]) == (kind, mime, len(content))
    assert (file["duration_seconds"], "duration_token" in file) == (duration, kind != "image")
    assert sandbox.get(f"/api/v1/files/{file['id']}").json() == file
    stored = sandbox.get(file["url"], key=None)
    assert (stored.body, stored.headers["content-type"]) == (content, mime)


@pytest.mark.parametrize(
    ("content", "fields", "named"),
    [
        (b"", {}, "empty"),
        (b"<html>", {}, "signature"),
        (picture(form="GIF"), {}, "image/gif"),
        (MKV, {"kind": "video"}, "x-matroska"),
        (MP4, {"kind": "image"}, "video/mp4"),
        (picture(), {"kind": "picture"}, "kind"),
        (picture(), {"mime": "image/png"}, "declared as image/png"),
        (picture(), {"client_request_id": "x" * 129}, "129"),
        (picture(), {"model": "nano"}, "not a known model"),
        (picture(), {"model": "z-image"}, "no reference media"),
        (WAV, {"kind": "audio", "model": "flux-2-pro"}, "not audio"),
        (WEBM, {"kind": "video", "model": "happyhorse-1-0"}, "by happyhorse-1-0"),
        (picture() + bytes(10_000_000), {}, "at most 10 MB"),
    ],
)
def test_what_is_refused(sandbox: SandboxProcess, content: bytes, fields: dict[str, str], named: str) -> None:
    answer = upload(sandbox, content, **fields)
    assert (answer.status, answer.error_code) == (400, "validation_failed")
    assert named in answer.json()["error"]["message"]


def test_a_model_has_its_own_limits(sandbox: SandboxProcess) -> None:
    large = picture() + bytes(10_000_000)
    assert upload(sandbox, large, model="nano-banana-2").status == 201
    assert upload(sandbox, MKV, kind="video", model="wan-2-6").status == 201


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"nonsense"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
        ),
    ],
)
def test_bodies_that_are_no_upload(sandbox: SandboxProcess, content_type: str, body: bytes) -> None:
    answer = sandbox.request("POST", "/api/v1/files", body=body, headers={"Content-Type": content_type})
    assert (answer.status, answer.error_code) == (400, "validation_failed")


def test_a_foreign_file_is_not_found(sandbox: SandboxProcess) -> None:
    path = f"/api/v1/files/{upload(sandbox, picture()).json()['id']}"
    assert sandbox.get(path, key="rvya_sk_sandbox_other").error_code == "not_found"


def test_references_are_accepted(sandbox: SandboxProcess) -> None:
    file = upload(sandbox, picture())
    item = {**reference(file), "name": "a.jpg", "mimeType": "image/jpeg", "durationSeconds": 0}
    assert create(sandbox, "flux-2-pro", params={"referenceMediaItems": [item] * 8}).status == 201


@pytest.mark.parametrize(
    ("model", "change", "count", "named"),
    [
        ("flux-2-pro", {}, 9, "at most 8"),
        ("flux-2-pro", {"kind": "video"}, 1, "not video"),
        ("flux-2-pro", {"kind": "smell"}, 1, "smell"),
        ("flux-2-pro", {"mimeType": "image/png"}, 1, "image/jpeg"),
        ("flux-2-pro", {"mime_type": "image/jpeg"}, 1, "unknown field"),
        ("flux-2-pro", {"url": 1}, 1, "wrong type"),
        ("flux-2-pro", {"url": "file:///etc/passwd"}, 1, "http(s)"),
        ("flux-2-pro", {"durationSeconds": -1}, 1, "below 0"),
        ("flux-2-pro", {"durationSeconds": True}, 1, "wrong type"),
        ("gpt-image-2", {"kind": "video"}, 1, "not video"),
        ("happyhorse-1-0", {}, 10, "without a video up to 9"),
    ],
)
def test_references_are_checked(
    sandbox: SandboxProcess, model: str, change: dict[str, Any], count: int, named: str
) -> None:
    item = {**reference(upload(sandbox, picture())), **change}
    answer = create(sandbox, model, params={"referenceMediaItems": [item] * count})
    assert (answer.status, answer.error_code) == (400, "validation_failed")
    assert named in answer.json()["error"]["message"]


def test_a_size_counts_against_the_model_at_creation_too(sandbox: SandboxProcess) -> None:
    large = upload(sandbox, picture() + bytes(10_000_000), model="nano-banana-2")
    answer = create(sandbox, "flux-2-pro", params={"referenceMediaItems": [reference(large)]})
    assert "at most 10 MB" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("token", "status"), [(None, 400), ("dur_wrong", 400), ("", 201)])
def test_a_video_needs_its_duration_token(sandbox: SandboxProcess, token: str | None, status: int) -> None:
    video = upload(sandbox, MP4, kind="video", model="wan-2-6")
    item = reference(video, "video")
    if token is not None:
        item["durationToken"] = token or video.json()["duration_token"]
    created = create(sandbox, "wan-2-6", params={"referenceMediaItems": [item]})
    assert created.status == status
    assert (b"durationToken" in created.body) is (status == 400)


def test_a_reference_of_another_account_is_refused(sandbox: SandboxProcess) -> None:
    foreign = upload(sandbox, picture(), key="rvya_sk_sandbox_other")
    answer = create(sandbox, "flux-2-pro", params={"referenceMediaItems": [reference(foreign)]})
    assert "no such file of this account" in answer.json()["error"]["message"]


def test_a_wav_header_of_zeros_has_no_duration(sandbox: SandboxProcess) -> None:
    silent = b"RIFF" + struct.pack("<I", 60) + b"WAVE" + bytes(60)
    assert upload(sandbox, silent, kind="audio").json()["duration_seconds"] is None
