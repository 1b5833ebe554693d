"""What is sent to Rivya: methods, paths, bodies."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall, FilePart
from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.schemas import ReferenceMedia
from airflow_provider_rivya.exceptions import GatewayError

URL = "https://cdn.example/a.png?signature=s3cret"


@pytest.mark.parametrize(
    ("call", "method", "path", "needs_key", "repeatable"),
    [
        (rivya.create_generation("{}", "key-1"), "POST", "/api/v1/generations", True, True),
        (rivya.create_generation("{}", None), "POST", "/api/v1/generations", True, False),
        (rivya.get_generation("task_1"), "GET", "/api/v1/generations/task_1", True, True),
        (rivya.get_generation("a/b?c#d e%"), "GET", "/api/v1/generations/a%2Fb%3Fc%23d%20e%25", True, True),
        (rivya.get_generation(".."), "GET", "/api/v1/generations/%2E%2E", True, True),
        (rivya.get_generation("a.b"), "GET", "/api/v1/generations/a.b", True, True),
        (rivya.get_file("../x"), "GET", "/api/v1/files/..%2Fx", True, True),
        (rivya.get_credits(), "GET", "/api/v1/credits", True, True),
        (rivya.list_models(), "GET", "/api/v1/models", False, True),
        (rivya.get_openapi(), "GET", "/api/v1/openapi.json", False, True),
    ],
)
def test_method_and_path(
    call: ApiCall[Any], method: str, path: str, needs_key: bool, repeatable: bool
) -> None:
    assert (call.method, call.path) == (method, path)
    assert (call.needs_key, call.repeatable) == (needs_key, repeatable)


def test_a_creation_carries_body_and_key_as_given() -> None:
    call = rivya.create_generation('{"model": "z"}', "key-1")
    assert (call.body, call.idempotency_key, call.generation_id) == ('{"model": "z"}', "key-1", None)
    assert rivya.create_generation("{}", None).idempotency_key is None
    assert rivya.get_generation("task_1").generation_id == "task_1"


def test_an_upload_sends_only_the_fields_that_are_given() -> None:
    def opener() -> io.BytesIO:
        return io.BytesIO(b"x")

    part = FilePart("a.png", "image/png", opener)
    call = rivya.upload_file(part, "image")
    assert (call.method, call.path, call.repeatable) == ("POST", "/api/v1/files", True)
    assert call.file == FilePart("a.png", "image/png", opener, {"kind": "image"})
    everything = rivya.upload_file(part, "image", "nano-banana-2").file
    assert everything is not None
    assert everything.fields == {"kind": "image", "model": "nano-banana-2"}


def test_the_body_has_what_is_given_and_nothing_else() -> None:
    assert rivya.request_body("z-image", None, {}) == '{"model":"z-image"}'
    assert rivya.request_body("z-image", "", {"a": 1}) == '{"model":"z-image","prompt":"","params":{"a":1}}'
    assert rivya.request_body("z", "Übung — 日本", {}) == '{"model":"z","prompt":"Übung — 日本"}'


def test_there_is_one_endpoint_one_spelling_and_no_look_up() -> None:
    for ours, plain in [
        (rivya.create_generation("{}", "k", "video"), rivya.create_generation("{}", "k")),
        (rivya.get_generation("t", "audio"), rivya.get_generation("t")),
    ]:
        assert (ours.path, ours.body, ours.idempotency_key) == (plain.path, plain.body, plain.idempotency_key)
    spelled = rivya.request_body("z", "p", {"resolution": "2k"}, key="k", dialect=Dialect(model="other"))
    assert spelled == rivya.request_body("z", "p", {"resolution": "2k"})
    assert not rivya.capabilities.finds_by_key
    with pytest.raises(GatewayError, match="Rivya has no call that finds a generation by its key"):
        rivya.find_generation("k")
    assert (rivya.name, rivya.title, rivya.capabilities.replays_keys) == ("rivya", "Rivya", True)


def test_the_documented_body_with_references() -> None:
    params = {"aspect_ratio": "1:1"}
    references = [
        ReferenceMedia(url=URL, kind="image", name="abc.png", mime_type="image/png"),
        ReferenceMedia(url="https://x/2", kind="audio", duration_token="tok"),
    ]
    body = rivya.request_body("nano-banana-2", "restyle", params, references, "job-0001")
    assert json.loads(body) == {
        "model": "nano-banana-2",
        "prompt": "restyle",
        "params": {
            "aspect_ratio": "1:1",
            "referenceMediaItems": [
                {"url": URL, "kind": "image", "name": "abc.png", "mimeType": "image/png"},
                {"url": "https://x/2", "kind": "audio", "durationToken": "tok"},
            ],
        },
        "client_request_id": "job-0001",
    }
    assert params == {"aspect_ratio": "1:1"}
    assert body == rivya.request_body("nano-banana-2", "restyle", params, references, "job-0001")
