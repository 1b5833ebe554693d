"""The hook's calls, sync and async, against a gateway over loopback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_provider_rivya.exceptions import (
    IdempotencyConflictError,
    InvalidRequestError,
    NotFoundError,
    RequestRejectedError,
)
from airflow_provider_rivya.hooks.rivya import RivyaHook
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import Hook, TestedGateway, at, at_each
from tests.integration.leaks import SECRETS
from tests.sandbox_process import SandboxProcess
from tests.unit.media import samples

pytestmark = at_each


def check_created_and_read(hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    created = hook.create_generation(gateway.body(key="key-1"), "key-1")
    assert created.id.startswith("task_")
    assert (created.credits_reserved, created.ended, created.urls) == (gateway.told(1), False, ())
    sandbox.advance(30)
    done = hook.get_generation(created.id)
    assert done.succeeded
    assert len(done.urls) == 1
    assert SECRETS.search(repr(done)) is None
    again = hook.create_generation(gateway.body(key="key-1"), "key-1")
    assert (again.id == created.id) is gateway.replays_keys
    assert sandbox.ledger(gateway.name)["charges"] == (1 if gateway.replays_keys else 2)


def test_create_and_read(hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    check_created_and_read(hook, gateway, sandbox)


@at("rivya")
def test_create_and_read_of_the_other_shape(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.assume(create_status=202, create_shape="short")
    check_created_and_read(hook, gateway, sandbox)


async def test_create_and_read_async(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    hook = gateway.hook()
    created = await hook.acreate_generation(gateway.body(key="key-1"), "key-1")
    sandbox.advance(30)
    assert (await hook.aget_generation(created.id)).succeeded
    if hook.api.capabilities.finds_by_key:
        found = await hook.afind_generation("key-1")
        assert found is not None
        assert found.id == created.id
    assert (await hook.aget_credits()).credits == 1000 - gateway.cost
    assert gateway.model in [model.id for model in await hook.alist_models()]
    await hook.aclose()


@at("rivya")
def test_same_key_for_another_body(hook: Hook, gateway: TestedGateway) -> None:
    hook.create_generation(gateway.body(), "key-1")
    with pytest.raises(IdempotencyConflictError) as caught:
        hook.create_generation(gateway.body("Another"), "key-1")
    assert caught.value.http_status == 409
    assert caught.value.request_id


@at("rivya")
@pytest.mark.parametrize("switch", [True, False])
def test_credits(hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, switch: bool) -> None:
    sandbox.reset(speed=1)
    sandbox.assume(balance_excludes_reservations=switch)
    hook.create_generation(gateway.body(), "key-1")
    assert hook.get_credits().credits == (999 if switch else 1000)


@at("rivya")
@pytest.mark.parametrize("envelope", ["list", "bare"])
def test_models_need_no_key(hook: Hook, sandbox: SandboxProcess, envelope: str) -> None:
    sandbox.assume(models_envelope=envelope, models_params_shape="map")
    assert "nano-banana-2" in [model.id for model in hook.list_models()]
    assert [request["has_authorization"] for request in sandbox.requests()] == [False]


@at("rivya")
async def test_the_openapi_document_needs_no_key(connect: Connect, sandbox: SandboxProcess) -> None:
    with closing(RivyaHook()) as hook:
        document = hook.get_openapi()
        assert await hook.aget_openapi() == document
        await hook.aclose()
    assert document == sandbox.get("/api/v1/openapi.json", key=None).json()
    assert "/api/v1/generations" in document["paths"]
    asked = sent(sandbox, "GET", "/api/v1/openapi.json")
    assert [request["has_authorization"] for request in asked] == [False] * 3


@pytest.mark.parametrize("form", ["path", "text", "uri", "object"])
def test_upload(hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path, form: str) -> None:
    source: Any = {
        "path": photo,
        "text": str(photo),
        "uri": f"file://{photo}",
        "object": ObjectStoragePath(f"file://{photo}"),
    }[form]
    uploaded = hook.upload_file(source, model="nano-banana-2")
    assert uploaded.id is not None
    if isinstance(hook, RivyaHook):  # the other one documents no call for it
        assert hook.get_file(uploaded.id).url == uploaded.url
    assert len(sent(sandbox, "POST", gateway.uploads)) == 1
    assert sandbox.get(uploaded.url, key=None).body == photo.read_bytes()


@at("rivya")
@pytest.mark.parametrize(
    "switches",
    [{"file_shape": "camel"}, {"file_shape": "minimal"}, {"file_status": 200}, {"file_url_needs_key": True}],
    ids=str,
)
def test_upload_whatever_the_shape(
    hook: Hook, sandbox: SandboxProcess, photo: Path, switches: dict[str, Any]
) -> None:
    sandbox.assume(**switches)
    assert hook.upload_file(photo).url.startswith(sandbox.url)


async def test_upload_async(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> None:
    hook = gateway.hook()
    uploaded = await hook.aupload_file(photo, kind="image")
    assert uploaded.id is not None
    if isinstance(hook, RivyaHook):
        assert (await hook.aget_file(uploaded.id)).url == uploaded.url
    assert uploaded.url.startswith(sandbox.url)
    await hook.aclose()
    hook.close()


def test_upload_of_no_media(hook: Hook, sandbox: SandboxProcess, tmp_path: Path) -> None:
    notes = tmp_path / "notes.png"
    notes.write_text("no picture")
    with pytest.raises(InvalidRequestError, match=r"notes\.png.*is not an image, video or audio file"):
        hook.upload_file(notes)
    with pytest.raises(InvalidRequestError, match="nowhere"):
        hook.upload_file("/nowhere.png")
    assert sandbox.requests() == []


@at("toapis")
@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda hook, sound: hook.upload_file(sound),
            "(?s)sound.wav.*no endpoint for 'audio'; allowed: image, video",
        ),
        (lambda hook, _: hook.get_generation("task_1", category="audio"), "no endpoint for 'audio'"),
        (lambda hook, _: hook.find_generation("key-1", category="audio"), "no endpoint for 'audio'"),
        (lambda hook, _: hook.create_generation("{}", category="sound"), "no endpoint for 'sound'"),
        (
            lambda hook, _: hook.api.request_body("m", "p", {"metadata": 1}, client_request_id="t-1"),
            "(?s)metadata.*client_request_id",
        ),
    ],
    ids=["sound", "status", "look-up", "creation", "body"],
)
def test_what_has_no_place_is_not_sent(
    hook: Hook, sandbox: SandboxProcess, tmp_path: Path, call: Callable[[Hook, Path], Any], told: str
) -> None:
    sound = tmp_path / "sound.wav"
    sound.write_bytes(samples.wav())
    with pytest.raises(InvalidRequestError, match=told):
        call(hook, sound)
    assert sandbox.requests() == []


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_upload_refused(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path, status: int
) -> None:
    sandbox.fault(method="POST", path=gateway.uploads, kind="status", status=status)
    with pytest.raises(RequestRejectedError) as caught:
        hook.upload_file(photo)
    assert caught.value.http_status == status
    assert not caught.value.retryable


@at("rivya")
@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_upload_of_another_kind_than_said(
    hook: Hook, sandbox: SandboxProcess, photo: Path, status: int
) -> None:
    sandbox.assume(file_error_status=status)
    with pytest.raises(RequestRejectedError) as caught:
        hook.upload_file(photo, kind="video")
    assert caught.value.http_status == status
    assert not caught.value.retryable


def test_unknown_ids(hook: Hook, gateway: TestedGateway) -> None:
    told = {"rivya": "another account", "toapis": "of the account that submitted it"}[gateway.name]
    with pytest.raises(NotFoundError, match=told) as caught:
        hook.get_generation("task_nowhere")
    assert caught.value.code == gateway.not_found
    with pytest.raises(NotFoundError):
        hook.get_generation("task/../../credits")
    if isinstance(hook, RivyaHook):
        with pytest.raises(NotFoundError):
            hook.get_file("file/../../credits")
