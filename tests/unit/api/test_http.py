"""The senders over real sockets: what goes out. Every test that can be is run with both of them."""

from __future__ import annotations

import io
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall, FilePart
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from tests.unit.api.senders import BUSY, CREATE, CREATE_AT_TOAPIS, DONE, KEY, Send, send_async, send_sync
from tests.unit.api.wire import Wire, answer


def test_a_creation_on_the_wire(send: Send) -> None:
    with Wire(DONE) as wire:
        assert send(wire.url, CREATE).id == "task_1"
    (request,) = wire.received
    assert (request.method, request.target, request.body) == ("POST", "/api/v1/generations", b'{"model":"z"}')
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("airflow-provider-rivya/")


def test_without_an_idempotency_key_no_such_header(send: Send, paid_once: ApiCall[Any]) -> None:
    with Wire(DONE) as wire:
        send(wire.url, paid_once)
    assert "idempotency-key" not in wire.received[0].headers


def test_a_creation_at_toapis_on_the_wire(send: Send) -> None:
    with Wire(answer(201, {"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]})) as wire:
        assert send(wire.url, CREATE_AT_TOAPIS).id == "task_1"
    (request,) = wire.received
    assert (request.method, request.target) == ("POST", "/v1/images/generations")
    assert request.body == b'{"model":"z","client_business_id":"key-1"}'
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_query_stays_a_query(send: Send) -> None:
    with Wire(answer(200, {"success": True, "data": [{"id": "m"}]})) as wire:
        assert [model.id for model in send(wire.url, toapis.list_models())] == ["m"]
    assert wire.received[0].target == "/v1/models?type=all"
    assert wire.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_public_calls_carry_no_key(send: Send) -> None:
    with Wire(answer(200, [{"id": "z-image"}])) as wire:
        assert [model.id for model in send(wire.url, rivya.list_models())] == ["z-image"]
    assert "authorization" not in wire.received[0].headers


def test_a_path_stays_quoted(send: Send) -> None:
    with Wire(answer(200, {"status": "queued"})) as wire:
        assert send(wire.url, rivya.get_generation("a/b?c d")).id == "a/b?c d"
        assert send(wire.url, toapis.get_generation("..")).id == ".."
    assert [request.target for request in wire.received] == [
        "/api/v1/generations/a%2Fb%3Fc%20d",
        "/v1/images/generations/%2E%2E",
    ]


def test_a_repeat_sends_the_same_bytes(send: Send) -> None:
    with Wire(BUSY, BUSY, DONE) as wire:
        assert send(wire.url, CREATE).id == "task_1"
    bodies = {(request.body, request.headers["idempotency-key"]) for request in wire.received}
    assert (len(wire.received), bodies) == (3, {(b'{"model":"z"}', "key-1")})


def test_a_file_goes_as_a_form_and_is_opened_anew_for_a_repeat() -> None:
    streams: list[io.BytesIO] = []

    def opener() -> io.BytesIO:
        streams.append(io.BytesIO(b"\x89PNG bytes"))
        return streams[-1]

    call = rivya.upload_file(FilePart("ü b.png", "image/png", opener), "image", "nano-banana-2")
    with Wire(BUSY, answer(200, {"url": "https://x/1"})) as wire:
        assert send_sync(wire.url, call).url == "https://x/1"
    assert len(wire.received) == len(streams) == 2
    assert all(stream.closed for stream in streams)
    for request in wire.received:
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b"\x89PNG bytes" in request.body
        assert b"Content-Type: image/png" in request.body
        assert b'name="kind"\r\n\r\nimage' in request.body
        assert b'name="model"\r\n\r\nnano-banana-2' in request.body
        assert "idempotency-key" not in request.headers


def test_a_file_for_toapis_goes_with_its_purpose_alone() -> None:
    part = FilePart("b.png", "image/png", lambda: io.BytesIO(b"\x89PNG bytes"))
    said = {"success": True, "message": "", "data": {"id": "upload_1", "url": "https://x/1"}}
    with Wire(BUSY, answer(200, said)) as wire:
        assert send_sync(wire.url, toapis.upload_file(part, "image", "nano-banana-2")).id == "upload_1"
    assert [request.target for request in wire.received] == ["/v1/uploads/images"] * 2
    for request in wire.received:
        assert (
            b'name="file"; filename="b.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG bytes' in request.body
        )
        assert b'name="purpose"\r\n\r\ngeneration' in request.body
        assert request.body.count(b"Content-Disposition") == 2


def test_files_are_not_sent_on_an_event_loop() -> None:
    call = rivya.upload_file(FilePart("a", "image/png", io.BytesIO), "image")
    with pytest.raises(TypeError, match="SyncSender"):
        send_async("http://127.0.0.1:9", call)
