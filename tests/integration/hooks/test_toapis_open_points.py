"""
The client against every setting of every switch of the sandbox's ToAPIs.

One row for each setting: what the gateway's documentation leaves open may turn out any of these ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    DownloadError,
    GatewayError,
    GatewayUnavailableError,
    InsufficientCreditsError,
    NotFoundError,
    OutputError,
    RateLimitedError,
    RequestRejectedError,
)
from airflow_provider_rivya.landing.land import landed
from airflow_provider_rivya.sandbox.recording import can_play
from airflow_provider_rivya.storage.place import OutputPlace
from tests.integration.conftest import sent
from tests.integration.gateways import TOAPIS, at
from tests.integration.hooks.toapis_scenes import IMAGES, NANO_BANANA_2, Client, check_settings
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")

Scene = Callable[[Client], None]
TWO_K = {"resolution": "2K"}


# -- answers -------------------------------------------------------------------------------------------


def delivered(client: Client) -> None:
    client.delivered()


def waits(first: str, then: str) -> Scene:
    def scene(client: Client) -> None:
        created = client.create()
        read = client.hook.get_generation(created.id)
        assert (created.status, read.status) == (first, then)
        client.sandbox.advance(10)
        assert client.hook.get_generation(created.id).status == "processing"

    return scene


def progress(wanted: Callable[[int | None], bool]) -> Scene:
    def scene(client: Client) -> None:
        created = client.create()
        client.sandbox.advance(10)
        assert wanted(client.hook.get_generation(created.id).progress)
        assert client.ended(created).succeeded

    return scene


def results(files: int) -> Scene:
    """Four were asked for: where the answer has one place for a URL, it has one URL."""

    def scene(client: Client) -> None:
        client.delivered(params={"n": 4}, files=files)

    return scene


def inline_results(client: Client) -> None:
    """Nobody asks for them, see the catalogue; if they come all the same, it is a result without URLs."""
    done = client.ended(client.create(NANO_BANANA_2, {"response_format": "b64_json"}))
    assert done.succeeded
    with pytest.raises(OutputError, match="lists no result"):
        landed(client.hook, done, OutputPlace(f"file://{client.landing}/"))
    client.check_charges(1)


def results_by_url(client: Client) -> None:
    client.delivered(NANO_BANANA_2, {"response_format": "b64_json"})


def echo(model: str) -> Scene:
    def scene(client: Client) -> None:
        created = client.create(NANO_BANANA_2, dialect=Dialect(model="nano_banana_2"))
        assert created.model == model
        assert client.ended(created).model == model

    return scene


def failure(code: str | None, message: str | None = "The task could not be completed") -> Scene:
    def scene(client: Client) -> None:
        told = client.failed().failure
        assert told is not None
        assert (told.code, told.message) == (code, message)

    return scene


# -- refusals ------------------------------------------------------------------------------------------


def rejected(code: str | None) -> Scene:
    def scene(client: Client) -> None:
        error = client.refused(params={"n": 11}, error=RequestRejectedError, status=400)
        assert error.code == code
        assert "n: 11 is out of range: from 1 to 10" in error.message
        assert not error.retryable

    return scene


def key_refused(code: str) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.control("POST", "keys", {"key": TOAPIS.key, "state": "revoked"})
        error = client.refused(error=AuthenticationError, status=401)
        assert error.code == code

    return scene


def upload_refused(client: Client) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        client.hook.upload_file(client.photo, kind="video")
    assert "image/jpeg is not accepted; accepted: video/mp4" in caught.value.message
    assert "up to 50 MB" in str(caught.value)
    assert caught.value.http_status == 400


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


def rate_limit(told: bool) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.assume(rate_limit_per_window=0, rate_limit_window_seconds=60)
        error = client.refused(error=RateLimitedError, status=429)
        waits = error.retry_after
        assert error.retryable
        assert (waits is not None and 50 <= waits <= 61) if told else waits is None

    return scene


def quota(error: type[GatewayError], status: int) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.set_credits(1, "toapis")
        told = client.refused(error=error, status=status)
        assert "quota is too low" in told.message

    return scene


def content_refused_on_create(client: Client) -> None:
    client.sandbox.fault(kind="content_refused")
    error = client.refused(error=RequestRejectedError, status=422)
    assert error.code == "content_policy_violation"
    assert "the same content would be refused again" in str(error)


def content_refused_later(client: Client) -> None:
    client.sandbox.fault(kind="content_refused")
    done = client.ended(client.create())
    assert done.failure is not None
    assert done.failure.code == "content_policy_violation"


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


# -- results -------------------------------------------------------------------------------------------


def expiry(told: bool) -> Scene:
    def scene(client: Client) -> None:
        done = client.ended(client.create())
        assert (done.expires_at is not None) is told
        if done.expires_at is not None and done.updated_at is not None:
            assert (done.expires_at - done.updated_at).total_seconds() == 86400

    return scene


def expired(status: int, after: float = 0) -> Scene:
    def scene(client: Client) -> None:
        done = client.ended(client.create())
        client.sandbox.advance(after)
        assert done.succeeded
        assert done.expires_at is not None
        with pytest.raises(DownloadError) as caught:
            landed(client.hook, done, OutputPlace(f"file://{client.landing}/"))
        assert caught.value.http_status == status
        assert list(client.landing.iterdir()) == []

    return scene


def past(client: Client) -> None:
    client.sandbox.assume(toapis_expires_at="past")
    expired(client.sandbox.control("GET", "assumptions")["toapis_expired_url_status"]["value"])(client)


def named(suffix: str) -> Scene:
    def scene(client: Client) -> None:
        (path,) = client.delivered()
        assert path.suffix == suffix

    return scene


# -- credits -------------------------------------------------------------------------------------------


def charged(at_creation: float, at_the_end: float = 10) -> Scene:
    def scene(client: Client) -> None:
        created = client.create()
        assert client.spent == at_creation
        assert client.hook.get_credits().credits == 1000 - at_creation
        assert client.ended(created).credits_final is None
        assert client.spent == at_the_end

    return scene


def price(credits: float) -> Scene:
    def scene(client: Client) -> None:
        client.delivered(NANO_BANANA_2, TWO_K)
        assert client.spent == credits

    return scene


def video_price(credits: float) -> Scene:
    def scene(client: Client) -> None:
        if not can_play():
            pytest.skip("this installation of the sandbox makes no video")
        assert not client.create("sora-2").ended
        assert client.spent == credits

    return scene


def refund(spent: float) -> Scene:
    """Whatever becomes of the credits, no answer tells of it."""

    def scene(client: Client) -> None:
        client.sandbox.assume(refund_delay_seconds=3600)
        client.failed()
        assert client.spent == spent

    return scene


def balance(credits: float, unit: str, *, unlimited: bool = False) -> Scene:
    def scene(client: Client) -> None:
        told = client.hook.get_credits()
        assert (told.credits, told.unit, told.unlimited) == (credits, unit, unlimited)
        worked, text = client.hook.test_connection()
        assert worked
        assert ("unlimited" in text) is unlimited
        assert (f"{credits:g} {unit}" in text) is not unlimited

    return scene


# -- requests ------------------------------------------------------------------------------------------


def takes(sent: Dialect, *, not_taken: Dialect | None = None) -> Scene:
    """What is spelled as the gateway wants it is made; what is not is refused, and costs nothing."""

    def scene(client: Client) -> None:
        reference = client.upload()
        if not_taken is not None:
            client.refused(
                NANO_BANANA_2, TWO_K, (reference,), dialect=not_taken, error=RequestRejectedError, status=400
            )
        client.delivered(NANO_BANANA_2, TWO_K, (reference,), sent)
        assert client.spent == 6  # so the resolution was seen

    return scene


def references_refused(client: Client) -> None:
    error = client.refused(NANO_BANANA_2, TWO_K, (client.upload(),), error=RequestRejectedError, status=400)
    assert 'not an object {"url": ...}' in error.message


def gif(taken: bool) -> Scene:
    def scene(client: Client) -> None:
        path = client.photo.with_suffix(".gif")
        Image.new("RGB", (64, 64), "navy").save(path)
        arguments: Any = (NANO_BANANA_2, {}, (client.upload(path),))
        if taken:
            client.delivered(*arguments)
        else:
            error = client.refused(*arguments, error=RequestRejectedError, status=400)
            assert "GIF is no reference format" in error.message

    return scene


def disputed(taken: bool) -> Scene:
    def scene(client: Client) -> None:
        arguments: Any = (NANO_BANANA_2, {"size": "3:2"})
        if taken:
            client.delivered(*arguments)
        else:
            client.refused(*arguments, error=RequestRejectedError, status=400)

    return scene


def most(taken: bool) -> Scene:
    def scene(client: Client) -> None:
        model, params = NANO_BANANA_2, {"n": 11}
        if taken:
            client.delivered(model, params, files=11)
        else:
            client.refused(model, params, error=RequestRejectedError, status=400)

    return scene


def unknown_field(taken: bool) -> Scene:
    def scene(client: Client) -> None:
        arguments: Any = ("gpt-4o-image", {"glow": "yes"})
        if taken:
            client.delivered(*arguments)
        else:
            error = client.refused(*arguments, error=RequestRejectedError, status=400)
            assert "glow: no field of gpt-4o-image" in error.message

    return scene


# -- the caller's own id -------------------------------------------------------------------------------


def repeated(outcome: type[GatewayError] | bool, status: int = 0) -> Scene:
    """:param outcome: whether the second request makes a second task, or the error that it gets."""

    def scene(client: Client) -> None:
        first = client.create()
        if isinstance(outcome, bool):
            assert (client.create().id != first.id) is outcome
            client.check_charges(1 + outcome)
            return
        with pytest.raises(outcome) as caught:
            client.create()
        assert caught.value.http_status == status
        client.check_charges(1)

    return scene


def shared(latest: bool) -> Scene:
    def scene(client: Client) -> None:
        made = [client.create().id for _ in range(2)]
        found = client.hook.find_generation("order-1")
        assert found is not None
        assert found.id == made[latest]

    return scene


def looked_up(at_once: bool, later: bool = True, category: str = "image") -> Scene:
    def scene(client: Client) -> None:
        model = "grok-imagine-1.0" if category == "image" else "sora-2"
        if category == "video" and not can_play():
            pytest.skip("this installation of the sandbox makes no video")
        assert client.hook.find_generation("order-1", category=category) is None
        made = client.create(model)
        for wanted in (at_once, later):
            found = client.hook.find_generation("order-1", category=category)
            assert (found is not None) is wanted
            assert found is None or found.id == made.id
            client.sandbox.advance(10)
        client.check_charges(1)

    return scene


def key_of(length: int | None) -> Scene:
    def scene(client: Client) -> None:
        client.create(key="k" * 46)  # as long as the operator's
        if length is not None:
            with pytest.raises(RequestRejectedError, match=f"at most {length} are allowed"):
                client.create(key="k" * (length + 1))
        client.check_charges(1)

    return scene


TOP, INNER = Dialect(resolution="top"), Dialect(resolution="metadata")
LOWER, UPPER = Dialect(resolution_case="lower"), Dialect(resolution_case="upper")

ROWS: dict[str, dict[Any, Scene]] = {
    "toapis_create_status": {200: delivered, 201: delivered, 202: delivered},
    "toapis_create_shape": {"flat": delivered, "data_list": delivered},
    "toapis_waiting_status": {
        "queued": waits("queued", "queued"),
        "submitted": waits("queued", "queued"),
        "queued_then_submitted": waits("queued", "queued"),
    },
    "toapis_object": {"generation.task": delivered, "by_category": delivered},
    "toapis_progress": {
        "present": progress(lambda percent: percent is not None and 20 < percent < 60),
        "absent": progress(lambda percent: percent is None),
        "stuck": progress(lambda percent: percent == 10),
    },
    "toapis_result_location": {"both": results(4), "result_data": results(4), "url": results(1)},
    "toapis_b64_json": {"url": results_by_url, "inline": inline_results},
    "toapis_model_echo": {
        "as_sent": echo("nano_banana_2"),
        "canonical": echo("gemini-3.1-flash-image-preview"),
    },
    "toapis_failed_error": {
        "code_message": failure("internal_error"),
        "message": failure(None),
        "extra": failure("internal_error"),
    },
    "toapis_failed_code": {
        "internal_error": failure("internal_error"),
        "content_policy_violation": failure("content_policy_violation"),
        "upstream_busy": failure("upstream_busy"),
    },
    "toapis_error_body": {
        "object": rejected("invalid_request"),
        "message": rejected(None),
        "success": rejected(None),
        "text": rejected(None),
        "plain": rejected(None),
    },
    "toapis_error_names": {
        "status_pages": key_refused("unauthorized"),
        "guides": key_refused("authentication_error"),
    },
    "toapis_error_name_in": dict.fromkeys(("both", "type", "code"), rejected("invalid_request")),
    "toapis_upload_error": dict.fromkeys(
        ("message", "error", "message_object", "error_object"), upload_refused
    ),
    "toapis_server_error_body": dict.fromkeys(("json", "html", "empty"), server_error),
    "toapis_retry_after": {"none": rate_limit(False), "seconds": rate_limit(True), "date": rate_limit(True)},
    "toapis_quota_status": {402: quota(InsufficientCreditsError, 402), 429: quota(RateLimitedError, 429)},
    "toapis_refused_content": {"on_create": content_refused_on_create, "failed_task": content_refused_later},
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
    "toapis_expires_at": {"present": expiry(True), "absent": expiry(False), "past": expired(403)},
    "toapis_result_ttl_seconds": {86400: named(".png"), 60: expired(403, after=60)},
    "toapis_expired_url_status": {403: past, 404: past},
    "toapis_result_format": {"png": named(".png"), "jpeg": named(".jpg"), "webp": named(".webp")},
    "toapis_result_extension": {True: named(".png"), False: named(".png")},
    "toapis_result_needs_key": {True: delivered, False: delivered},
    "toapis_charge_at": {"create": charged(10), "completion": charged(0)},
    "toapis_refund_on_failure": {"full": refund(0), "none": refund(10), "later": refund(10)},
    "toapis_nano_banana_2_price": {"by_resolution": price(6), "flat": price(5)},
    "toapis_unlisted_image_usd": {0.05: charged(10), 0.2: charged(40, 40)},
    "toapis_unlisted_video_usd": {0.5: video_price(100), 1: video_price(200)},
    "toapis_balance_fields": {"later": balance(1000, "credits"), "earlier": balance(5, "balance units")},
    "toapis_unlimited_quota": {
        True: balance(-1, "credits", unlimited=True),
        False: balance(1000, "credits"),
    },
    "toapis_model_ids": {
        "all": takes(Dialect(model="nano_banana_2")),
        "reference": takes(Dialect(), not_taken=Dialect(model="nano-banana-2")),
        "guide": takes(Dialect(model="nano-banana-2"), not_taken=Dialect()),
    },
    "toapis_reference_field": {
        "any": takes(Dialect()),
        "image_urls": takes(Dialect(), not_taken=Dialect(references="reference_images")),
        "reference_images": takes(Dialect(references="reference_images"), not_taken=Dialect()),
        "images": takes(Dialect(references="images"), not_taken=Dialect()),
    },
    "toapis_several_reference_fields": dict.fromkeys(
        ("merge", "refuse", "image_urls", "reference_images"), takes(Dialect())
    ),
    "toapis_reference_elements": {
        "strings": takes(Dialect()),
        "objects": references_refused,
        "both": takes(Dialect()),
    },
    "toapis_base64_references": dict.fromkeys(("refuse", "accept"), takes(Dialect())),
    "toapis_foreign_references": dict.fromkeys(("accept", "refuse"), takes(Dialect())),
    "toapis_gif_references": {"refuse": gif(False), "accept": gif(True)},
    "toapis_resolution_place": {
        "any": takes(TOP),
        "metadata": takes(INNER, not_taken=TOP),
        "top": takes(TOP, not_taken=INNER),
    },
    "toapis_resolution_conflict": dict.fromkeys(("metadata", "top", "refuse"), takes(Dialect())),
    "toapis_resolution_case": {
        "as_documented": takes(UPPER, not_taken=LOWER),
        "any": takes(LOWER),
        "upper": takes(UPPER, not_taken=LOWER),
        "lower": takes(LOWER, not_taken=UPPER),
    },
    "toapis_disputed": {"accept": disputed(True), "refuse": disputed(False)},
    "toapis_undocumented_n_max": {10: most(False), None: most(True)},
    "toapis_unknown_fields": {"refuse": unknown_field(False), "ignore": unknown_field(True)},
    "toapis_repeated_client_business_id": {
        "new_task": repeated(True),
        "same_task": repeated(False),
        400: repeated(RequestRejectedError, 400),
        409: repeated(RequestRejectedError, 409),
    },
    "toapis_shared_client_business_id": {"latest": shared(True), "first": shared(False)},
    "toapis_lookup": {
        "at_once": looked_up(True),
        "delayed": looked_up(False),
        "never": looked_up(False, later=False),
    },
    "toapis_lookup_delay_seconds": {10: looked_up(True), 0: looked_up(True)},
    "toapis_lookup_videos": {
        True: looked_up(True, category="video"),
        False: looked_up(False, later=False, category="video"),
    },
    "toapis_create_echoes_client_business_id": {True: looked_up(True), False: looked_up(True)},
    "toapis_client_business_id_max_length": {None: key_of(None), 46: key_of(46)},
}
CASES = [(name, value) for name, rows in ROWS.items() for value in rows]


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name}={value}" for name, value in CASES])
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_setting_has_a_row(sandbox: SandboxProcess) -> None:
    switches = {
        name: switch
        for name, switch in sandbox.control("GET", "assumptions").items()
        if name.startswith("toapis_")
    }
    check_settings(ROWS, switches)
