"""Every documented error code, with its status and body."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.wire_tools import create
from tests.sandbox_process import Answer, SandboxProcess

ENDPOINTS = [
    ("GET", "/api/v1/credits", "credits:read"),
    ("POST", "/api/v1/generations", "generations:create"),
    ("GET", "/api/v1/generations/task_x", "generations:read"),
    ("POST", "/api/v1/files", "files:create"),
    ("GET", "/api/v1/files/file_x", "files:read"),
]

LINE = {"voice": "Adam", "text": "Land ahoy."}


def assert_error(answer: Answer, status: int, code: str) -> str:
    assert (answer.status, answer.error_code) == (status, code)
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "requestId"}
    assert body["error"]["requestId"].startswith("req_")
    return str(body["error"]["message"])


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 401, "api_key_missing"),
        ("rvya_sk_nobody", 401, "api_key_invalid"),
        ("rvya_sk_sandbox_revoked", 401, "api_key_revoked"),
        ("rvya_sk_sandbox_expired", 401, "api_key_expired"),
        ("rvya_sk_sandbox_noscope", 403, "api_scope_denied"),
    ],
)
def test_key_errors(
    sandbox: SandboxProcess, method: str, path: str, scope: str, key: str | None, status: int, code: str
) -> None:
    message = assert_error(sandbox.request(method, path, key=key), status, code)
    if code == "api_scope_denied":
        assert scope in message


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
def test_each_endpoint_needs_exactly_its_scope(
    sandbox: SandboxProcess, method: str, path: str, scope: str
) -> None:
    sandbox.control("POST", "keys", {"key": "rvya_sk_narrow", "scopes": [scope]})
    answers = {p: sandbox.request(m, p, key="rvya_sk_narrow").error_code for m, p, _ in ENDPOINTS}
    assert [p for p, code in answers.items() if code != "api_scope_denied"] == [path]


@pytest.mark.parametrize("header", ["rvya_sk_sandbox", "Basic cnY6eA==", "Bearer", "Bearer  "])
def test_only_a_bearer_key_counts(sandbox: SandboxProcess, header: str) -> None:
    answer = sandbox.get("/api/v1/credits", key=None, headers={"Authorization": header})
    assert_error(answer, 401, "api_key_missing")


def test_a_key_can_be_revoked(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "keys", {"key": "rvya_sk_sandbox", "state": "revoked"})
    assert_error(sandbox.get("/api/v1/credits"), 401, "api_key_revoked")


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/openapi.json", "/api/v1/credits"])
def test_the_public_api_can_be_off(sandbox: SandboxProcess, path: str) -> None:
    sandbox.control("POST", "public-api", {"enabled": False})
    assert_error(sandbox.get(path), 503, "public_api_disabled")
    sandbox.control("POST", "public-api", {"enabled": True})
    assert sandbox.get(path).status == 200


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/openapi.json"])
def test_public_outputs_need_no_key(sandbox: SandboxProcess, path: str) -> None:
    assert sandbox.get(path, key=None).status == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/nothing", "/results/x/0.png", "/files/x", "/results/x/y"]
)
def test_unknown_routes_answer_json(sandbox: SandboxProcess, path: str) -> None:
    assert_error(sandbox.get(path), 404, "not_found")


def test_a_wrong_method_says_so(sandbox: SandboxProcess) -> None:
    answer = sandbox.request("DELETE", "/api/v1/credits")
    assert_error(answer, 405, "not_found")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"model": NaN}', b'{"prompt": "\\ud800"}', b"[" * 100_000, b"\xff"]
)
def test_bodies_that_are_no_json_object(sandbox: SandboxProcess, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = sandbox.request("POST", "/api/v1/generations", body=body, headers=headers)
    assert_error(answer, 400, "validation_failed")


def test_another_content_type_is_refused(sandbox: SandboxProcess) -> None:
    answer = sandbox.request(
        "POST", "/api/v1/generations", body=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert "application/json" in assert_error(answer, 400, "validation_failed")


def test_rate_limited(sandbox: SandboxProcess) -> None:
    sandbox.assume(rate_limit_per_window=2, rate_limit_window_seconds=30)
    assert [sandbox.get("/api/v1/credits").status for _ in range(3)] == [200, 200, 429]
    refused = sandbox.get("/api/v1/credits")
    assert_error(refused, 429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 30
    assert sandbox.get("/api/v1/credits", key="rvya_sk_sandbox_other").status == 200
    sandbox.advance(30)
    assert sandbox.get("/api/v1/credits").status == 200


def test_every_fault_is_named_at_once(sandbox: SandboxProcess) -> None:
    params = {
        "aspect_ratio": "5:7",
        "resolution": 2,
        "colour": "red",
        "referenceMediaItems": [{"kind": "smell"}],
    }
    answer = create(
        sandbox, "nano-banana-2", prompt="", params=params, files=[], extra=1, client_request_id=5
    )
    message = assert_error(answer, 400, "validation_failed")
    for part in (
        "prompt",
        "aspect_ratio",
        "resolution",
        "colour",
        "Items[0].url",
        "files",
        "extra",
        "client_req",
    ):
        assert part in message
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize(
    ("model", "body", "named"),
    [
        ("nano", {}, "model"),
        (5, {}, "model"),
        ("z-image", {"prompt": "x" * 1001}, "1000"),
        ("z-image", {"prompt": None}, "prompt"),
        ("z-image", {"prompt": "  \n"}, "prompt"),
        ("z-image", {"params": []}, "params"),
        ("z-image", {"params": {"aspect_ratio": "16-9"}}, "16:9"),
        ("nano-banana-2", {"params": {"google_search": True}}, "google_search"),
        ("midjourney", {"params": {"version": 7}}, "version"),
        ("seedream-4-0", {"params": {"max_images": 7}}, "max_images"),
        ("seedream-4-0", {"params": {"max_images": 1.5}}, "steps of 1"),
        ("seedream-4-0", {"params": {"max_images": True}}, "max_images"),
        ("seedream-4-0", {"params": {"max_images": "2"}}, "max_images"),
        ("seedream-3-0", {"params": {"guidance_scale": 2.55}}, "steps of 0.1"),
        ("google-imagen4-fast", {"params": {"seed": -1}}, "from 0"),
        ("google-imagen4", {"params": {"seed": 1}}, "seed"),
        ("z-image", {"params": {"referenceMediaItems": [{}]}}, "no reference media"),
        ("flux-2-pro", {"params": {"referenceMediaItems": {}}}, "not a list"),
        ("flux-2-pro", {"params": {"referenceMediaItems": [1]}}, "not an object"),
        ("sora-2", {"params": {"n_frames": 10}}, "n_frames"),
        ("sora-watermark-remover", {"params": {"upload_method": "s3"}}, "params.video_url: required"),
        ("sora-watermark-remover", {"params": {"upload_method": "s3", "video_url": " "}}, "blank"),
        ("wan-2-2-animate-replace", {"params": {"video_url": "media/a.mp4"}}, "http(s) URL"),
        ("suno-music", {"params": {"model": "V3"}}, "params.model"),
        ("elevenlabs-dialogue-v3", {"params": {}}, "params.dialogue: required"),
        ("elevenlabs-dialogue-v3", {"params": {"dialogue": [{"voice": "Adam"}]}}, "item 0"),
        (
            "elevenlabs-dialogue-v3",
            {"params": {"dialogue": [{"voice": "Adam", "text": " "}]}},
            "text is blank",
        ),
        ("elevenlabs-dialogue-v3", {"params": {"dialogue": [{**LINE, "mood": "glad"}]}}, "[0].mood"),
    ],
)
def test_the_checks_of_a_generation(
    sandbox: SandboxProcess, model: Any, body: dict[str, Any], named: str
) -> None:
    assert named in assert_error(create(sandbox, model, **body), 400, "validation_failed")


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("seedream-3-0", {"guidance_scale": 2.6}),
        ("seedream-4-0", {"max_images": 6.0, "seed": 0}),
        ("google-imagen4-fast", {"seed": 10**30}),
        ("flux-kontext-pro", {"not_in_our_data": 1, "watermark": "ACME"}),
        ("z-image", {}),
        ("flux-2-pro", {"referenceMediaItems": []}),
        ("wan-2-2-animate-replace", {"video_url": "https://example.org/a.mp4"}),
        ("elevenlabs-dialogue-v3", {"dialogue": [LINE, LINE]}),
    ],
)
def test_what_the_checks_let_pass(sandbox: SandboxProcess, model: str, params: dict[str, Any]) -> None:
    assert create(sandbox, model, params=params).status == 201
