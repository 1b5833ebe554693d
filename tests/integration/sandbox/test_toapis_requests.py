"""What ToAPIs' endpoints take and refuse in the sandbox, in every setting of the switches about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.toapis_tools import (
    IMAGES,
    NANO,
    PNG_DATA_URI,
    PUBLIC,
    VIDEOS,
    create,
    create_video,
    message,
    upload,
)
from tests.integration.sandbox.wire_tools import MKV, MP4, WAV, picture
from tests.sandbox_process import TOAPIS_KEY, SandboxProcess

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("model", "body", "named"),
    [
        (NANO, {"model": None}, "model: required"),
        (NANO, {"model": 3}, "model: 3 is not a string"),
        ("veo3.1-fast", {}, "makes video, not image"),
        (NANO, {"prompt": None}, "prompt: required"),
        (NANO, {"prompt": 1}, "prompt: 1 is not a string"),
        (NANO, {"prompt": " "}, "prompt: empty"),
        ("gpt-4o-image", {"prompt": "x" * 1001}, "1001 characters"),
        (NANO, {"size": "17:9"}, "size: '17:9' is not one of"),
        (NANO, {"size": 1}, "size: 1 is not a string"),
        (NANO, {"size": None}, "size: null"),
        (NANO, {"metadata": {"resolution": "8K"}}, "resolution: '8K'"),
        (NANO, {"metadata": []}, "metadata: []"),
        (NANO, {"n": "2"}, "n: '2' is a string"),
        (NANO, {"n": 0}, "n: 0"),
        (NANO, {"n": 1.5}, "n: 1.5"),
        (NANO, {"n": True}, "n: true"),
        (NANO, {"n": 1e300}, "n: 1e+300 is more than 10"),
        ("grok-4-1-image", {"n": 3}, "n: 3 is not one of 1, 2, 4"),
        ("grok-imagine-1.0", {"n": 11}, "n: 11 is out of range"),
        (
            "gemini-2.5-flash-image-official",
            {"metadata": {"temperature": 3}},
            "temperature: 3 is out of range",
        ),
        ("gemini-2.5-flash-image-official", {"temperature": 1}, "temperature: no field"),
        ("gemini-2.5-flash-image-preview", {"seed": 1}, "seed: no field"),
        (NANO, {"metadata": {"size": "1:1"}}, "metadata.size: no field"),
        ("gemini-omni-flash", {"resolution": "1080p"}, "makes video, not image"),
        ("doubao-seedream-4-0", {"size": "auto"}, "references: does not go with"),
        ("gpt-4o-image", {"mask_url": "mask.png"}, "mask_url: 'mask.png'"),
        ("gpt-image-2", {"response_format": "file"}, "response_format: 'file'"),
        (NANO, {"client_business_id": 7}, "client_business_id: 7"),
        (NANO, {"client_business_id": ""}, "client_business_id: ''"),
        (NANO, {"image_urls": PUBLIC}, "is not an array"),
        (NANO, {"image_urls": [3]}, "image_urls[0]: 3 is not a URL"),
        (NANO, {"image_urls": ["a.png"]}, "image_urls[0]: 'a.png' is no public http(s) URL"),
        (NANO, {"image_urls": ["file:///a.png"]}, "is no public http(s) URL"),
        (NANO, {"image_urls": [PUBLIC, PNG_DATA_URI]}, "image_urls[1]: base64 is no longer accepted"),
        (NANO, {"image_urls": ["A" * 100]}, "base64 is no longer accepted"),
        (NANO, {"image_urls": [PUBLIC] * 15}, "15 items"),
        ("grok-imagine-1.0", {"image_urls": [PUBLIC]}, "takes no reference images"),
    ],
)
def test_a_wrong_request_is_refused_and_nothing_charged(
    sandbox: SandboxProcess, model: str, body: dict[str, Any], named: str
) -> None:
    answer = create(sandbox, **{"model": model, **body})
    assert (answer.status, answer.error_code) == (400, "invalid_request")
    assert named in message(answer)
    assert sandbox.ledger()["entries"] == []


def test_every_fault_is_named_at_once(sandbox: SandboxProcess) -> None:
    text = message(create(sandbox, prompt="", size="1", n="1", image_urls=["x"], client_business_id=1))
    assert [part.partition(":")[0] for part in text.split("; ")] == [
        "client_business_id",
        "prompt",
        "n",
        "size",
        "image_urls[0]",
    ]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"model": "sora-2-official", "duration": 5}, "duration: 5 is not one of 4, 8, 12"),
        ({"model": "sora-2-official", "duration": "4"}, "duration: '4' is not a number"),
        ({"model": "kling-v3", "duration": 15, "image_urls": [PUBLIC]}, "references: does not go with"),
        ({"model": "kling-v3", "audio": "yes"}, "audio: 'yes' is not true or false"),
        ({"model": "kling-v3", "image_urls": [PUBLIC] * 3}, "3 items"),
        ({"model": NANO}, "makes image, not video"),
    ],
)
def test_videos_have_rules_of_their_own(sandbox: SandboxProcess, body: dict[str, Any], named: str) -> None:
    answer = create_video(sandbox, **body)
    assert answer.status == 400
    assert named in message(answer)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"n": NaN}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object(sandbox: SandboxProcess, body: bytes) -> None:
    answer = sandbox.request("POST", IMAGES, body=body, headers=JSON, key=TOAPIS_KEY)
    assert (answer.status, answer.error_code) == (400, "invalid_request")
    other = sandbox.request(
        "POST", IMAGES, body=b"{}", headers={"Content-Type": "text/plain"}, key=TOAPIS_KEY
    )
    assert other.status == 400


@pytest.mark.parametrize("key", [None, "sk-nobody", "sk-sandbox-revoked", "sk-sandbox-expired"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", IMAGES),
        ("POST", VIDEOS),
        ("GET", f"{IMAGES}/x"),
        ("GET", f"{VIDEOS}/x"),
        ("POST", "/v1/uploads/images"),
        ("POST", "/v1/uploads/videos"),
        ("GET", "/v1/models"),
        ("GET", "/v1/balance"),
        ("GET", "/balance"),
        ("GET", "/v1/user/balance"),
    ],
)
def test_a_key_is_needed_everywhere(sandbox: SandboxProcess, method: str, path: str, key: str | None) -> None:
    answer = sandbox.request(method, path, key=key, headers=JSON, body=b"{}" if method == "POST" else None)
    assert answer.status == (200 if path.endswith("balance") else 401)
    assert (b"No Authorization header" if key is None else b"Failed to get token info") in answer.body


def test_a_key_may_be_revoked_and_another_made(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "keys", {"key": TOAPIS_KEY, "state": "revoked"})
    assert create(sandbox).status == 401
    made = sandbox.control("POST", "keys", {"key": "sk-new"})
    assert (made["gateway"], made["account"]) == ("toapis", "toapis")
    assert create(sandbox, key="sk-new").status == 200
    assert sandbox.control("POST", "keys", {"key": "odd", "gateway": "toapis"})["gateway"] == "toapis"
    assert sandbox.post("/sandbox/keys", {"key": "odd", "gateway": "third"}, key=None).status == 400


@pytest.mark.parametrize(
    ("content", "kind", "mime", "named"),
    [
        (b"", "images", "image/png", "empty"),
        (b"text", "images", "image/png", "Unsupported image type"),
        (picture(form="BMP"), "images", "image/bmp", "Supported types: "),
        (MP4, "images", "video/mp4", "Supported types: "),
        (picture(), "videos", "image/jpeg", "Supported types: "),
        (WAV, "videos", "audio/wav", "Supported types: "),
        (MKV, "videos", "video/x-matroska", "Supported types: "),
        (picture(form="PNG"), "images", "image/jpeg", "declared as image/jpeg"),
        (picture() + bytes(10_000_000), "images", "image/jpeg", "too large"),
        (MP4 + bytes(50_000_000), "videos", "video/mp4", "too large"),
    ],
    ids=lambda value: value if isinstance(value, str) else len(value),
)
def test_wrong_uploads_are_400(
    sandbox: SandboxProcess, content: bytes, kind: str, mime: str, named: str
) -> None:
    answer = upload(sandbox, content, kind=kind, mime=mime)
    assert answer.status == 400
    assert answer.json()["success"] is False
    assert named in answer.json()["message"]


def test_an_upload_needs_its_form(sandbox: SandboxProcess) -> None:
    assert upload(sandbox, picture(), field="image").json()["message"] == "file: required"
    answer = sandbox.request("POST", "/v1/uploads/images", body=b"{}", headers=JSON, key=TOAPIS_KEY)
    assert (answer.status, answer.json()["success"]) == (400, False)


def test_the_limit_of_an_upload_follows_the_megabyte(sandbox: SandboxProcess) -> None:
    content = picture() + bytes(10_000_001)
    assert upload(sandbox, content).status == 400
    sandbox.assume(megabyte=1_048_576)
    assert upload(sandbox, content).status == 200


@pytest.mark.parametrize("path", ["/uploads/7/1_none.png", "/uploads/x", "/generated/none/0.png"])
def test_files_that_are_not_there(sandbox: SandboxProcess, path: str) -> None:
    assert sandbox.get(path, key=None).status == 404


def test_an_upload_that_is_gone_is_no_reference(sandbox: SandboxProcess) -> None:
    sandbox.assume(file_ttl_seconds=60)
    url = upload(sandbox, picture()).json()["data"]["url"]
    assert create(sandbox, image_urls=[url]).status == 200
    sandbox.advance(61)
    assert "no such upload" in message(create(sandbox, image_urls=[url]))
    assert sandbox.get(url, key=None).status == 404


def test_a_video_is_no_reference_image(sandbox: SandboxProcess) -> None:
    url = upload(sandbox, MP4, kind="videos").json()["data"]["url"]
    assert "takes image, not video" in message(create(sandbox, image_urls=[url]))
