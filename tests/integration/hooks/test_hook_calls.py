"""The hook's calls, sync and async, against a gateway over loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GatewayError,
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
from airflow_provider_rivya.hooks.toapis import ToApisHook
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.leaks import SECRETS
from tests.sandbox_process import SandboxProcess
from tests.unit.media import samples

Hook = RivyaHook | ToApisHook

pytestmark = at_each


@pytest.fixture
def hook(connect: Connect, gateway: TestedGateway) -> Any:
    hook = gateway.hook()
    yield hook
    hook.close()


def body(gateway: TestedGateway, prompt: str = "A bicycle", key: str | None = None) -> str:
    return gateway.hook().api.request_body(gateway.model, prompt, {}, key=key)


def check_created_and_read(hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    created = hook.create_generation(body(gateway, key="key-1"), "key-1")
    assert created.id.startswith("task_")
    assert (created.credits_reserved, created.ended, created.urls) == (gateway.told(1), False, ())
    sandbox.advance(30)
    done = hook.get_generation(created.id)
    assert done.succeeded
    assert len(done.urls) == 1
    assert SECRETS.search(repr(done)) is None
    again = hook.create_generation(body(gateway, key="key-1"), "key-1")
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
    created = await hook.acreate_generation(body(gateway, key="key-1"), "key-1")
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
    hook.create_generation(body(gateway), "key-1")
    with pytest.raises(IdempotencyConflictError) as caught:
        hook.create_generation(body(gateway, "Another"), "key-1")
    assert caught.value.http_status == 409
    assert caught.value.request_id


@at("rivya")
@pytest.mark.parametrize("switch", [True, False])
def test_credits(hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, switch: bool) -> None:
    sandbox.reset(speed=1)
    sandbox.assume(balance_excludes_reservations=switch)
    hook.create_generation(body(gateway), "key-1")
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
def test_passing_fault_is_repeated(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="GET", path=gateway.balance, **fault)
    assert hook.get_credits().credits == 1000
    assert len(sandbox.requests()) == 2


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
@pytest.mark.parametrize("key", [None, "key-1"])
def test_create_is_repeated_only_where_its_key_is_honoured(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, kind: str, key: str | None
) -> None:
    sandbox.fault(method="POST", path=gateway.create, kind=kind)
    if key is not None and gateway.replays_keys:
        hook.create_generation(body(gateway), key)
        assert len(sent(sandbox, "POST", gateway.create)) == 2
        assert sandbox.ledger()["charges"] == 1
        return
    with pytest.raises(GatewayError) as caught:
        hook.create_generation(body(gateway, key=key), key)
    assert caught.value.retryable
    assert caught.value.maybe_taken_in
    assert len(sent(sandbox, "POST", gateway.create)) == 1


def test_create_is_repeated_where_it_was_certainly_not_taken_in(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.fault(method="POST", path=gateway.create, kind="rate_limit", retry_after=0)
    hook.create_generation(body(gateway, key="key-1"), "key-1")
    assert len(sent(sandbox, "POST", gateway.create)) == 2
    assert sandbox.ledger()["charges"] == 1


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
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    fault: dict[str, Any],
    error: type[GenerationError],
) -> None:
    connect(retries=0)
    sandbox.fault(method="GET", path=gateway.balance, times=9, **fault)
    hook = gateway.hook()
    with pytest.raises(error) as caught:
        hook.get_credits()
    assert caught.value.conn_id == gateway.conn_id
    assert len(sandbox.requests()) == 1
    hook.close()


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_rate_limit_with_and_without_retry_after(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, form: str
) -> None:
    connect(retries=0)
    sandbox.assume(rate_limit_per_window=1, rate_limit_window_seconds=60)
    sandbox.assume(**{"retry_after" if gateway.name == "rivya" else "toapis_retry_after": form})
    hook = gateway.hook()
    hook.get_credits()
    with pytest.raises(RateLimitedError) as caught:
        hook.get_credits()
    waits = caught.value.retry_after
    assert waits is None if form == "none" else (waits is not None and 50 <= waits <= 60)
    hook.close()


def test_all_hooks_of_an_account_pause_together(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    """Of one process; the account, not the connection's name, is what the gateway counts."""
    created = hook.create_generation(body(gateway, key="key-1"), "key-1")
    sandbox.fault(method="GET", path=gateway.status, kind="rate_limit", retry_after=2 * 86400)
    with pytest.raises(RateLimitedError):
        hook.get_generation(created.id, repeat=False)
    with gateway.hook() as another, pytest.raises(RateLimitedError, match="was not sent") as caught:
        another.get_generation(created.id)
    assert 86400 < (caught.value.retry_after or 0.0) <= 2 * 86400


# -- the connection ------------------------------------------------------------------------------------


def test_connection_test(connect: Connect, gateway: TestedGateway) -> None:
    worked, text = gateway.hook().test_connection()
    assert worked
    assert "1000 credits" in text


def check_faulty_key(gateway: TestedGateway, connect: Connect, key: str | None, *told: str) -> None:
    connect(key=key)
    worked, text = gateway.hook().test_connection()
    assert not worked
    for words in told:
        assert words in text
    assert key is None or key not in text


@pytest.mark.parametrize(
    ("key", "told"), [(None, "no API key is set"), ("two words", "no spaces")], ids=["none", "two words"]
)
def test_connection_test_without_a_usable_key(
    connect: Connect, gateway: TestedGateway, key: str | None, told: str
) -> None:
    check_faulty_key(gateway, connect, key, "password", told)


KEYS = [
    ("rvya_sk_sandbox_unheard_of", "api_key_invalid", "not a key Rivya can verify"),
    ("rvya_sk_sandbox_revoked", "api_key_revoked", "create a new one"),
    ("rvya_sk_sandbox_expired", "api_key_expired", "no longer valid"),
    ("rvya_sk_sandbox_noscope", "api_scope_denied", "scope"),
]


@at("rivya")
@pytest.mark.parametrize(("key", "code", "told"), KEYS, ids=[case[1] + case[0][-4:] for case in KEYS])
def test_connection_test_of_a_faulty_key(
    connect: Connect, gateway: TestedGateway, key: str, code: str, told: str
) -> None:
    check_faulty_key(gateway, connect, key, code, told)


@at("toapis")
@pytest.mark.parametrize("key", ["sk-sandbox-unheard-of", "sk-sandbox-revoked", "rvya_sk_sandbox"])
@pytest.mark.parametrize("status", [401, 403, 200])
def test_connection_test_of_a_key_that_is_refused(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, key: str, status: int
) -> None:
    """The balance call tells by its text alone that it does not take a key."""
    sandbox.assume(toapis_balance_error_status=status)
    check_faulty_key(gateway, connect, key, "Failed to get token info", "Put a valid API key (sk-...)")


def test_connection_test_of_a_gateway_that_is_away(connect: Connect, gateway: TestedGateway) -> None:
    connect(retries=0, host="http://127.0.0.1:9")
    worked, text = gateway.hook().test_connection()
    assert not worked
    assert "could not be reached" in text


@at("rivya")
def test_connection_test_of_a_gateway_that_is_off(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    sandbox.control("POST", "public-api", {"enabled": False})
    assert "switched off" in gateway.hook().test_connection()[1]


@at("toapis")
@pytest.mark.parametrize("status", [404, 200])
def test_connection_test_where_the_balance_does_not_answer(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, status: int
) -> None:
    """The endpoint is documented on a copy of the documentation alone: the list of models tells the same."""
    sandbox.fault(method="GET", path=gateway.balance, kind="status", status=status, body="<html>", times=9)
    worked, text = gateway.hook().test_connection()
    assert worked, text
    assert "models. The balance could not be read" in text


def test_connection_missing_or_of_another_type(connect: Connect, gateway: TestedGateway) -> None:
    with pytest.raises(
        ConnectionConfigError, match=r"There is no connection 'nowhere'.*connections add nowhere"
    ):
        gateway.hook("nowhere").get_credits()
    connect(conn_type="http")
    with pytest.raises(ConnectionConfigError, match=f"of type 'http', not '{gateway.name}'"):
        gateway.hook().get_credits()
    assert "of type 'http'" in gateway.hook().test_connection()[1]


def test_threads_share_one_client_and_one_downloader(hook: Hook) -> None:
    together = threading.Barrier(8, timeout=60)

    def ask(_: int) -> tuple[int, int]:
        together.wait()
        return id(hook.get_conn()), id(hook.downloader())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    before = hook.get_conn(), hook.downloader()
    hook.close()
    assert hook.get_conn() is not before[0]
    assert hook.downloader() is not before[1]


def test_refresh_takes_the_new_key(connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    connect(key=gateway.revoked, retries=0)
    hook = gateway.hook()
    with pytest.raises(AuthenticationError) as caught:
        hook.get_credits()
    shown = f"{caught.value!r} {caught.value} {hook!r} {hook.settings!r} {hook.get_conn()!r}"
    assert gateway.revoked not in shown
    assert gateway.key not in shown
    connect()
    hook.refresh()
    assert hook.get_credits().credits == 1000
    hook.close()
