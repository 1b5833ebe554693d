"""The client against every setting of ToAPIs' open points of how a call is refused."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    InsufficientCreditsError,
    NotFoundError,
    RequestRejectedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.sandbox.assumptions.toapis_refusals import REFUSALS
from tests.integration.conftest import sent
from tests.integration.gateways import TOAPIS, at
from tests.integration.hooks.toapis_limit_scenes import LIMITS
from tests.integration.hooks.toapis_scenes import IMAGES, Client, Scene, check_settings, each_setting
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")

TOO_MANY = "n: 11 is out of range: from 1 to 10"


def rejected(code: str | None, words: str | None = TOO_MANY) -> Scene:
    def scene(client: Client) -> None:
        error = client.refused(params={"n": 11}, error=RequestRejectedError, status=400)
        assert error.code == code
        assert words is None or words in error.message
        assert not error.retryable

    return scene


def rejected_in_an_object(client: Client) -> None:
    client.sandbox.assume(toapis_error_body="object")
    rejected("invalid_request")(client)


def key_refused(code: str) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.assume(toapis_error_body="object")
        client.sandbox.control("POST", "keys", {"key": TOAPIS.key, "state": "revoked"})
        error = client.refused(error=AuthenticationError, status=401)
        assert error.code == code

    return scene


def upload_refused(client: Client) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        client.hook.upload_file(client.photo, kind="video")
    assert "Unsupported video type: image/jpeg. Supported types: mp4" in caught.value.message
    assert "up to 50 MB" in str(caught.value)
    assert caught.value.http_status == 400


def unknown_task(known_as_such: bool) -> Scene:
    """Only the gateway's own word that there is none is one."""

    def scene(client: Client) -> None:
        error = NotFoundError if known_as_such else UnexpectedAnswerError
        with pytest.raises(GatewayError) as caught:
            client.hook.get_generation("task_img_gone")
        assert type(caught.value) is error
        if known_as_such:
            assert client.hook.find_generation("order-1") is None
        else:
            with pytest.raises(UnexpectedAnswerError):
                client.hook.find_generation("order-1")
        made = client.create()
        found = client.hook.find_generation("order-1")
        assert found is not None
        assert found.id == made.id

    return scene


def unavailable(taken_in: bool | None, code: str | None = None) -> Scene:
    """:param taken_in: whether a task was made; ``None``: the answer itself tells that none was."""

    def scene(client: Client) -> None:
        with pytest.raises(GatewayUnavailableError) as caught:
            client.create()
        error = caught.value
        assert (error.http_status, error.code, error.retryable) == (503, code, True)
        assert error.maybe_taken_in is (taken_in is not None)
        assert (error.retry_after is not None) is (code is not None)
        found = client.hook.find_generation("order-1")
        assert (found is not None) is bool(taken_in)
        client.check_charges(int(bool(taken_in)))

    return scene


def unavailable_but_made(client: Client) -> None:
    client.sandbox.assume(toapis_503="html")
    unavailable(True)(client)
    client.sandbox.assume(toapis_503="json_unknown")
    with pytest.raises(GatewayUnavailableError):
        client.create()
    client.check_charges(2)


def unavailable_and_not_made(client: Client) -> None:
    client.sandbox.assume(toapis_503="json_unknown")
    unavailable(False)(client)


def told_in(language: str) -> Scene:
    """No decision hangs on the words."""

    def scene(client: Client) -> None:
        error = client.refused(params={"n": 11}, error=RequestRejectedError, status=400)
        assert error.message.isascii() is (language == "en")
        assert client.hook.find_generation("order-1") is None
        client.sandbox.set_credits(1, "toapis")
        with pytest.raises(InsufficientCreditsError):
            client.create()
        balance_of_a_bad_key(client)

    return scene


def server_error(client: Client) -> None:
    client.sandbox.fault(method="*", path=f"{IMAGES}*", kind="status", status=502, times=2)
    with pytest.raises(GatewayUnavailableError) as caught:
        client.create()
    assert caught.value.maybe_taken_in
    assert caught.value.retryable
    assert "<html" not in str(caught.value)
    with pytest.raises(GatewayUnavailableError):
        client.hook.find_generation("order-1")
    assert len(sent(client.sandbox, "POST", IMAGES)) == 1


def moved(status: int, *, task_known: bool) -> Scene:
    """A connection that names another of the gateway's hosts."""

    def scene(client: Client) -> None:
        made = client.create()
        elsewhere = client.sandbox.url.replace("127.0.0.1", "localhost")
        client.connect(host=elsewhere, retries=0)
        with closing(ToApisHook()) as hook:
            if task_known:
                assert hook.get_generation(made.id).id == made.id
                return
            with pytest.raises((NotFoundError, AuthenticationError), match="host") as caught:
                hook.get_generation(made.id)
        assert caught.value.http_status == status

    return scene


EDIT = "grok-imagine-1.0-edit"


def edited(client: Client) -> None:
    reference = (client.upload(),)
    refused: Any = {"error": RequestRejectedError, "status": 400}
    assert "is not served at" in client.refused(EDIT, {}, reference, dialect=Dialect(), **refused).message
    client.delivered(EDIT, references=reference)
    assert len(sent(client.sandbox, "POST", "/v1/images/edits")) == 1


def no_edits(client: Client) -> None:
    with pytest.raises(NotFoundError, match="Invalid URL") as caught:
        client.create(EDIT, references=(client.upload(),))
    assert not caught.value.maybe_taken_in
    client.check_charges(0)


def content_refused_on_create(client: Client) -> None:
    client.sandbox.fault(kind="content_refused")
    error = client.refused(error=RequestRejectedError, status=422)
    assert error.code == "content_policy_violation"
    assert "the same content would be refused again" in str(error)


def content_refused_later(code: str, advised: bool = False) -> Scene:
    """Words decide nothing: they are advised on."""

    def scene(client: Client) -> None:
        client.sandbox.fault(kind="content_refused")
        done = client.ended(client.create())
        assert done.failure is not None
        assert done.failure.code == code
        assert (done.failure.advice is not None) is advised
        assert done.credits_final is None

    return scene


def too_large(status: int) -> Scene:
    def scene(client: Client) -> None:
        client.photo.write_bytes(client.photo.read_bytes().ljust(10 * 1_048_576 + 1, b"\0"))
        with pytest.raises(RequestRejectedError, match="up to 10 MB") as caught:
            client.upload()
        assert caught.value.http_status == status

    return scene


def unknown_model(error: type[GatewayError], status: int) -> Scene:
    def scene(client: Client) -> None:
        told = client.refused(dialect=Dialect(model="brand-new"), error=error, status=status)
        assert "'brand-new' is not a model that this key may use" in told.message
        assert not told.retryable

    return scene


def quoted_n(error: type[GatewayError], status: int) -> Scene:
    def scene(client: Client) -> None:
        with pytest.raises(error) as caught:
            client.create(params={"n": "2"})
        assert caught.value.http_status == status
        assert caught.value.maybe_taken_in is (status == 500)
        client.check_charges(0)
        assert client.create(params={"n": 2}).id  # which is what the catalogue sees to

    return scene


def foreign_task(error: type[GatewayError]) -> Scene:
    def scene(client: Client) -> None:
        body = {"model": "grok-imagine-1.0", "prompt": "A bicycle"}
        theirs = client.sandbox.post(IMAGES, body, key="sk-sandbox-other").json()["id"]
        with pytest.raises(error) as caught:
            client.hook.get_generation(theirs)
        assert type(caught.value) is error

    return scene


def balance_of_a_bad_key(client: Client) -> None:
    client.sandbox.control("POST", "keys", {"key": TOAPIS.key, "state": "revoked"})
    with pytest.raises(AuthenticationError, match="Failed to get token info"):
        client.hook.get_credits()


ROWS: dict[str, dict[Any, Scene]] = {
    **LIMITS,
    "toapis_error_body": {
        "number_type": rejected("invalid_request_error"),
        "code_name": rejected("invalid_request"),
        "message_name": rejected("invalid_request", None),
        "object": rejected("invalid_request"),
        "privacy": rejected("invalid_request"),
        "message": rejected(None),
        "success": rejected(None),
        "text": rejected(None),
        "plain": rejected(None),
    },
    "toapis_error_names": {
        "status_pages": key_refused("unauthorized"),
        "guides": key_refused("authentication_error"),
    },
    "toapis_error_name_in": dict.fromkeys(("both", "type", "code"), rejected_in_an_object),
    "toapis_upload_error": dict.fromkeys(
        ("message", "error", "message_object", "error_object"), upload_refused
    ),
    "toapis_server_error_body": dict.fromkeys(("json", "html", "empty"), server_error),
    "toapis_hosts": {
        "shared": moved(200, task_known=True),
        "apart": moved(401, task_known=False),
        "tasks_apart": moved(404, task_known=False),
    },
    "toapis_edits": {"present": edited, "absent": no_edits},
    "toapis_refused_content": {
        "on_create": content_refused_on_create,
        "failed_task": content_refused_later("content_policy_violation"),
        "failed_task_words": content_refused_later("generation_failed", advised=True),
        "failed_task_422": content_refused_later("generation_failed"),
    },
    "toapis_unknown_model_status": {
        400: unknown_model(RequestRejectedError, 400),
        404: unknown_model(NotFoundError, 404),
    },
    "toapis_quoted_n_status": {
        400: quoted_n(RequestRejectedError, 400),
        422: quoted_n(RequestRejectedError, 422),
        500: quoted_n(GatewayUnavailableError, 500),
    },
    "toapis_foreign_task_status": {
        404: foreign_task(NotFoundError),
        403: foreign_task(NotFoundError),  # by its name, as no page says what a 403 means
    },
    "toapis_balance_error_status": dict.fromkeys((401, 200, 403), balance_of_a_bad_key),
    "toapis_bad_key_text": dict.fromkeys(("whole", "beginning"), balance_of_a_bad_key),
    "toapis_upload_error_status": {400: too_large(400), 413: too_large(413)},
    "toapis_unknown_task": {
        **dict.fromkeys(("404_number", "404_name", "400_message", "400_code"), unknown_task(True)),
        "html": unknown_task(False),
    },
    "toapis_503": {
        "off": lambda client: client.delivered(),
        "rate_limit_unavailable": unavailable(None, "rate_limit_unavailable"),
        "no_channel": unavailable(None),
        "html": unavailable(False),
        "json_unknown": unavailable(False),
    },
    "toapis_503_makes_task": {True: unavailable_but_made, False: unavailable_and_not_made},
    "toapis_message_language": {"en": told_in("en"), "zh": told_in("zh")},
}


@each_setting(ROWS)
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_setting_has_a_row() -> None:
    check_settings(ROWS, {point.name: point.described(point.default) for point in REFUSALS})
