"""The hook's calls, sync and async, against a gateway over loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GatewayUnavailableError,
    GenerationError,
    IdempotencyConflictError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.hooks.rivya import RivyaHook
from tests.integration.conftest import SECRETS, Connect, sent
from tests.sandbox_process import SandboxProcess

CREATE = "/api/v1/generations"


@pytest.fixture
def hook(connect: Connect) -> Any:
    hook = RivyaHook()
    yield hook
    hook.close()


def body(hook: RivyaHook, prompt: str = "A bicycle", **params: Any) -> str:
    return hook.api.request_body("z-image", prompt, params)


@pytest.mark.parametrize("switches", [{}, {"create_status": 202, "create_shape": "short"}], ids=str)
def test_create_and_read(hook: RivyaHook, sandbox: SandboxProcess, switches: dict[str, Any]) -> None:
    sandbox.assume(**switches)
    created = hook.create_generation(body(hook), "key-1")
    assert created.id.startswith("task_")
    assert (created.credits_reserved, created.ended, created.urls) == (1, False, ())
    sandbox.advance(30)
    done = hook.get_generation(created.id)
    assert done.succeeded
    assert len(done.urls) == 1
    assert SECRETS.search(repr(done)) is None
    assert hook.create_generation(body(hook), "key-1").id == created.id
    assert sandbox.ledger()["charges"] == 1


async def test_create_and_read_async(connect: Connect, sandbox: SandboxProcess) -> None:
    hook = RivyaHook()
    created = await hook.acreate_generation(body(hook), "key-1")
    sandbox.advance(30)
    assert (await hook.aget_generation(created.id)).succeeded
    assert (await hook.aget_credits()).credits == 999
    assert "z-image" in [model.id for model in await hook.alist_models()]
    await hook.aclose()


def test_same_key_for_another_body(hook: RivyaHook) -> None:
    hook.create_generation(body(hook), "key-1")
    with pytest.raises(IdempotencyConflictError) as caught:
        hook.create_generation(body(hook, "Another"), "key-1")
    assert caught.value.http_status == 409
    assert caught.value.request_id


@pytest.mark.parametrize("switch", [True, False])
def test_credits(hook: RivyaHook, sandbox: SandboxProcess, switch: bool) -> None:
    sandbox.reset(speed=1)
    sandbox.assume(balance_excludes_reservations=switch)
    hook.create_generation(body(hook), "key-1")
    assert hook.get_credits().credits == (999 if switch else 1000)


@pytest.mark.parametrize("envelope", ["list", "bare"])
def test_models_need_no_key(hook: RivyaHook, sandbox: SandboxProcess, envelope: str) -> None:
    sandbox.assume(models_envelope=envelope, models_params_shape="map")
    assert "nano-banana-2" in [model.id for model in hook.list_models()]
    assert [request["has_authorization"] for request in sandbox.requests()] == [False]


@pytest.mark.parametrize("form", ["path", "text", "uri", "object"])
def test_upload(hook: RivyaHook, sandbox: SandboxProcess, photo: Path, form: str) -> None:
    source: Any = {
        "path": photo,
        "text": str(photo),
        "uri": f"file://{photo}",
        "object": ObjectStoragePath(f"file://{photo}"),
    }[form]
    uploaded = hook.upload_file(source, model="nano-banana-2")
    assert uploaded.id is not None
    assert hook.get_file(uploaded.id).url == uploaded.url
    assert sandbox.get(uploaded.url, key=None).body == photo.read_bytes()


@pytest.mark.parametrize(
    "switches",
    [{"file_shape": "camel"}, {"file_shape": "minimal"}, {"file_status": 200}, {"file_url_needs_key": True}],
    ids=str,
)
def test_upload_whatever_the_shape(
    hook: RivyaHook, sandbox: SandboxProcess, photo: Path, switches: dict[str, Any]
) -> None:
    sandbox.assume(**switches)
    assert hook.upload_file(photo).url.startswith(sandbox.url)


async def test_upload_async(connect: Connect, sandbox: SandboxProcess, photo: Path) -> None:
    hook = RivyaHook()
    uploaded = await hook.aupload_file(photo, kind="image")
    assert uploaded.id is not None
    assert (await hook.aget_file(uploaded.id)).url == uploaded.url
    await hook.aclose()
    hook.close()


def test_upload_of_no_media(hook: RivyaHook, sandbox: SandboxProcess, tmp_path: Path) -> None:
    notes = tmp_path / "notes.png"
    notes.write_text("no picture")
    with pytest.raises(InvalidRequestError, match=r"notes\.png.*is no image, video or audio file"):
        hook.upload_file(notes)
    with pytest.raises(InvalidRequestError, match="nowhere"):
        hook.upload_file("/nowhere.png")
    assert sandbox.requests() == []


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_upload_refused(hook: RivyaHook, sandbox: SandboxProcess, photo: Path, status: int) -> None:
    sandbox.assume(file_error_status=status)
    with pytest.raises(RequestRejectedError) as caught:
        hook.upload_file(photo, kind="video")
    assert caught.value.http_status == status
    assert not caught.value.retryable


def test_unknown_ids(hook: RivyaHook) -> None:
    with pytest.raises(NotFoundError, match="another account"):
        hook.get_generation("task_nowhere")
    with pytest.raises(NotFoundError):
        hook.get_file("file/../../credits")


# -- repeats -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503, "code": "public_api_disabled"},
        {"kind": "status", "status": 408, "body": "slow"},
        {"kind": "cut_before"},
        {"kind": "cut_after"},
        {"kind": "html"},
        {"kind": "rate_limit", "retry_after": 0},
        {"kind": "rate_limit", "retry_after": "date", "seconds": 0},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_passing_fault_is_repeated(hook: RivyaHook, sandbox: SandboxProcess, fault: dict[str, Any]) -> None:
    sandbox.fault(method="GET", path="/api/v1/credits", **fault)
    assert hook.get_credits().credits == 1000
    assert len(sandbox.requests()) == 2


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_create_without_a_key_is_not_repeated(hook: RivyaHook, sandbox: SandboxProcess, kind: str) -> None:
    sandbox.fault(method="POST", path=CREATE, kind=kind)
    with pytest.raises(GenerationError) as caught:
        hook.create_generation(body(hook))
    assert caught.value.retryable
    assert len(sent(sandbox, "POST", CREATE)) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 500}, GatewayUnavailableError),
        ({"kind": "rate_limit", "retry_after": None}, RateLimitedError),
        ({"kind": "html"}, UnexpectedAnswerError),
        ({"kind": "redirect", "location": "https://elsewhere.example/"}, UnexpectedAnswerError),
        ({"kind": "status", "status": 200, "body": [1]}, UnexpectedAnswerError),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_lasting_fault(
    connect: Connect, sandbox: SandboxProcess, fault: dict[str, Any], error: type[GenerationError]
) -> None:
    connect(retries=0)
    sandbox.fault(method="GET", path="/api/v1/credits", times=9, **fault)
    hook = RivyaHook()
    with pytest.raises(error) as caught:
        hook.get_credits()
    assert caught.value.conn_id == "rivya_default"
    assert len(sandbox.requests()) == 1
    hook.close()


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_rate_limit_with_and_without_retry_after(
    connect: Connect, sandbox: SandboxProcess, form: str
) -> None:
    connect(retries=0)
    sandbox.assume(rate_limit_per_window=1, rate_limit_window_seconds=60, retry_after=form)
    hook = RivyaHook()
    hook.get_credits()
    with pytest.raises(RateLimitedError) as caught:
        hook.get_credits()
    waits = caught.value.retry_after
    assert waits is None if form == "none" else (waits is not None and 50 <= waits <= 60)
    hook.close()


# -- the connection ------------------------------------------------------------------------------------


def test_connection_test(connect: Connect) -> None:
    worked, text = RivyaHook().test_connection()
    assert worked
    assert "1000 credits" in text


KEYS = [
    ("rvya_sk_sandbox_unheard_of", "api_key_invalid", "not a key Rivya can verify"),
    ("rvya_sk_sandbox_revoked", "api_key_revoked", "create a new one"),
    ("rvya_sk_sandbox_expired", "api_key_expired", "no longer valid"),
    ("rvya_sk_sandbox_noscope", "api_scope_denied", "scope"),
    (None, "password", "no API key is set"),
    ("two words", "password", "no spaces"),
]


@pytest.mark.parametrize(("key", "code", "told"), KEYS, ids=[case[1] + str(case[0])[-4:] for case in KEYS])
def test_connection_test_of_a_faulty_key(connect: Connect, key: str | None, code: str, told: str) -> None:
    connect(key=key)
    worked, text = RivyaHook().test_connection()
    assert not worked
    assert code in text
    assert told in text
    assert key is None or key not in text


def test_connection_test_of_a_gateway_that_is_off(connect: Connect, sandbox: SandboxProcess) -> None:
    connect(retries=0)
    sandbox.control("POST", "public-api", {"enabled": False})
    assert "switched off" in RivyaHook().test_connection()[1]
    connect(retries=0, host="http://127.0.0.1:9")
    worked, text = RivyaHook().test_connection()
    assert not worked
    assert "could not be reached" in text


def test_connection_missing_or_of_another_type(connect: Connect) -> None:
    with pytest.raises(
        ConnectionConfigError, match=r"There is no connection 'nowhere'.*connections add nowhere"
    ):
        RivyaHook("nowhere").get_credits()
    connect(conn_type="http")
    with pytest.raises(ConnectionConfigError, match="of type 'http', not 'rivya'"):
        RivyaHook().get_credits()
    assert "of type 'http'" in RivyaHook().test_connection()[1]


def test_refresh_takes_the_new_key(connect: Connect, sandbox: SandboxProcess) -> None:
    connect(key="rvya_sk_sandbox_revoked", retries=0)
    hook = RivyaHook()
    with pytest.raises(AuthenticationError) as caught:
        hook.get_credits()
    assert "rvya_sk" not in f"{caught.value!r} {caught.value} {hook!r} {hook.settings!r} {hook.get_conn()!r}"
    connect()
    hook.refresh()
    assert hook.get_credits().credits == 1000
    hook.close()
