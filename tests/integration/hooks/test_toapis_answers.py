"""The client against every setting of ToAPIs' open points of what a task looks like, and its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import DownloadError, OutputError
from airflow_provider_rivya.landing.land import land
from airflow_provider_rivya.sandbox.assumptions.toapis import ANSWERS, RESULTS
from airflow_provider_rivya.sandbox.drawing.encoding import can_play
from airflow_provider_rivya.storage.place import OutputPlace
from tests.integration.gateways import at
from tests.integration.hooks.toapis_scenes import NANO_BANANA_2, Client, Scene, check_settings, each_setting
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")


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
        land(client.hook, done, OutputPlace(f"file://{client.landing}/"))
    client.check_charges(1)


def results_by_url(client: Client) -> None:
    client.delivered(NANO_BANANA_2, {"response_format": "b64_json"})


def echo(model: str) -> Scene:
    def scene(client: Client) -> None:
        created = client.create(NANO_BANANA_2, dialect=Dialect(model="nano_banana_2"))
        assert created.model == model
        assert client.ended(created).model == model

    return scene


def video(client: Client) -> None:
    """Its kind is that of the endpoint, and of its bytes."""
    if not can_play():
        pytest.skip("this installation of the sandbox makes no video")
    done = client.ended(client.create("sora-2"), "video")
    (output,) = land(client.hook, done, OutputPlace(f"file://{client.landing}/"))
    assert output.mime_type == "video/mp4"


def film_with_last_frame(client: Client) -> Generation:
    if not can_play():
        pytest.skip("this installation of the sandbox makes no video")
    made = client.create("seedance-2-fast", {"duration": 4, "return_last_frame": True})
    return client.ended(made, "video")


def last_frame(files: int) -> Scene:
    """Every output that was asked for is landed."""

    def scene(client: Client) -> None:
        done = film_with_last_frame(client)
        outputs = land(client.hook, done, OutputPlace(f"file://{client.landing}/"))
        assert [output.mime_type for output in outputs] == ["video/mp4", "image/png"][:files]

    return scene


def last_frame_over(client: Client) -> None:
    done = film_with_last_frame(client)
    with pytest.raises(DownloadError) as caught:
        land(client.hook, done, OutputPlace(f"file://{client.landing}/"))
    assert caught.value.http_status == 403


def never_computed_with(client: Client) -> None:
    """What some clients hope to read: nobody has documented it, so nothing is told of it."""
    done = client.ended(client.create())
    assert (done.credits_reserved, done.credits_final) == (None, None)


def replayed(status: str) -> Scene:
    """Under either, the repeat shows the first task, in any state."""

    def scene(client: Client) -> None:
        client.sandbox.assume(toapis_repeated_client_business_id="same_task")
        first = client.ended(client.create())
        again = client.create()
        assert (again.id, again.status) == (first.id, status)
        client.check_charges(1)

    return scene


def failed_without_a_reason(client: Client) -> None:
    assert client.failed().failure is None


def failure(code: str | None, message: str | None = "The task could not be completed") -> Scene:
    def scene(client: Client) -> None:
        told = client.failed().failure
        assert told is not None
        assert (told.code, told.message) == (code, message)

    return scene


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
            land(client.hook, done, OutputPlace(f"file://{client.landing}/"))
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


ROWS: dict[str, dict[Any, Scene]] = {
    "toapis_create_status": {200: delivered, 201: delivered, 202: delivered},
    "toapis_create_shape": {"flat": delivered, "data_list": delivered},
    "toapis_waiting_status": {
        "in_progress": waits("processing", "processing"),
        **dict.fromkeys(
            ("pending_then_queued", "pending", "queued", "submitted", "queued_then_submitted"),
            waits("queued", "queued"),
        ),
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
    "toapis_result_type": {"right": video, "always_image": video},
    "toapis_last_frame": {"given": last_frame(2), "withheld": last_frame(1), "expired": last_frame_over},
    "toapis_billing_fields": dict.fromkeys(
        ("absent", "credits_and_usd", "usd_only", "differs_from_list"), never_computed_with
    ),
    "toapis_replay_answer": {"current_state": replayed("succeeded"), "first_answer": replayed("queued")},
    "toapis_failed_error": {
        "code_message": failure("generation_failed"),
        "message": failure(None),
        "extra": failure("generation_failed"),
        "fail_reason": failure(None),
        "none": failed_without_a_reason,
    },
    "toapis_failed_code": {
        "generation_failed": failure("generation_failed"),
        "internal_error": failure("internal_error"),
        "content_policy_violation": failure("content_policy_violation"),
        "upstream_busy": failure("upstream_busy"),
    },
    "toapis_expires_at": {"present": expiry(True), "absent": expiry(False), "past": expired(403)},
    "toapis_result_ttl_seconds": {86400: named(".png"), 60: expired(403, after=60)},
    "toapis_expired_url_status": {403: past, 404: past},
    "toapis_result_format": {"png": named(".png"), "jpeg": named(".jpg"), "webp": named(".webp")},
    "toapis_result_extension": {True: named(".png"), False: named(".png")},
    "toapis_result_needs_key": {True: delivered, False: delivered},
}


@each_setting(ROWS)
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_setting_has_a_row() -> None:
    check_settings(ROWS, {point.name: point.described(point.default) for point in (*ANSWERS, *RESULTS)})
