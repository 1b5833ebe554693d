"""The client against every setting of ToAPIs' open points of what a request may hold."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.exceptions import RequestRejectedError
from airflow_provider_rivya.sandbox.assumptions.toapis_requests import REQUESTS
from airflow_provider_rivya.sandbox.drawing.encoding import can_play
from tests.integration.gateways import at
from tests.integration.hooks.toapis_scenes import NANO_BANANA_2, Client, Scene, check_settings, each_setting
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")

TWO_K = {"resolution": "2K"}


def delivered(client: Client) -> None:
    client.delivered()


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


def renamed(sent: str, *, not_taken: str) -> Scene:
    def scene(client: Client) -> None:
        model = "gemini-3-pro-image-official"
        error = client.refused(
            model, dialect=Dialect(model=not_taken), error=RequestRejectedError, status=400
        )
        assert not_taken in error.message
        client.delivered(model, dialect=Dialect(model=sent))

    return scene


def references_refused(client: Client) -> None:
    error = client.refused(NANO_BANANA_2, TWO_K, (client.upload(),), error=RequestRejectedError, status=400)
    assert 'not an object {"url": ...}' in error.message


SEVERAL = ("https://example.com/a.png",) * 15


def too_many_refused(client: Client) -> None:
    error = client.refused(NANO_BANANA_2, {}, SEVERAL, error=RequestRejectedError, status=400)
    assert "15 items" in error.message


def too_many_ignored(client: Client) -> None:
    client.delivered(NANO_BANANA_2, {}, SEVERAL)


def too_many_fail(client: Client) -> None:
    done = client.ended(client.create(NANO_BANANA_2, {}, SEVERAL))
    assert done.failed
    assert done.credits_final is None
    assert client.spent == 0


def real_person(client: Client) -> None:
    """A file without the mark is taken: see the other settings."""
    client.photo.write_bytes(client.photo.read_bytes() + b"real-person")
    error = client.refused(NANO_BANANA_2, TWO_K, (client.upload(),), error=RequestRejectedError, status=400)
    assert (error.code or "").endswith("PrivacyInformation")
    assert "content[1]" in error.message


def callback(taken: bool) -> Scene:
    def scene(client: Client) -> None:
        arguments: Any = ("grok-imagine-1.0", {"callback_url": "https://example.com/hook"})
        if taken:
            client.delivered(*arguments)
        else:
            error = client.refused(*arguments, error=RequestRejectedError, status=400)
            assert error.code == "webhook_not_configured"

    return scene


def reviewed(*, ended: bool, succeeded: bool) -> Scene:
    """A review takes its time, and a task whose media do not pass ends as any other failure."""

    def scene(client: Client) -> None:
        if not can_play():
            pytest.skip("this installation of the sandbox makes no video")
        made = client.create("seedance-2", {"private_asset_review": True}, (client.upload(),))
        assert client.ended(made, "video").ended is ended
        client.sandbox.advance(1200)
        done = client.hook.get_generation(made.id, category="video")
        assert (done.succeeded, done.failed) == (succeeded, not succeeded)
        assert (client.spent > 0) is succeeded

    return scene


def review_of(seconds: int) -> Scene:
    def scene(client: Client) -> None:
        if not can_play():
            pytest.skip("this installation of the sandbox makes no video")
        client.sandbox.assume(toapis_private_asset_review="passes_after")
        made = client.create("seedance-2", {"private_asset_review": True}, (client.upload(),))
        client.sandbox.advance(seconds - 1)
        assert client.hook.get_generation(made.id, category="video").queued

    return scene


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


TOP, INNER = Dialect(resolution="top"), Dialect(resolution="metadata")
LOWER, UPPER = Dialect(resolution_case="lower"), Dialect(resolution_case="upper")

ROWS: dict[str, dict[Any, Scene]] = {
    "toapis_model_ids": {
        "all": takes(Dialect(model="nano_banana_2")),
        "reference": takes(Dialect(), not_taken=Dialect(model="nano-banana-2")),
        "guide": takes(Dialect(model="nano-banana-2"), not_taken=Dialect()),
        "newer": renamed("gemini-3-pro-image-official", not_taken="gemini-3-pro-image-preview-official"),
        "earlier": renamed("gemini-3-pro-image-preview-official", not_taken="gemini-3-pro-image-official"),
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
    "toapis_too_many_references": {
        "refuse_400": too_many_refused,
        "ignore_rest": too_many_ignored,
        "failed_task": too_many_fail,
    },
    "toapis_real_person": {"accept": takes(Dialect()), "refuse_400": real_person},
    "toapis_callback_url": {
        "not_configured": callback(False),
        "same_origin_only": callback(False),  # of what, none being set up
        "any": callback(True),
    },
    "toapis_private_asset_review": {
        "skipped": reviewed(ended=True, succeeded=True),
        "passes_after": reviewed(ended=False, succeeded=True),
        "fails": reviewed(ended=True, succeeded=False),
        "times_out": reviewed(ended=False, succeeded=False),
    },
    "toapis_private_asset_review_seconds": {1200: review_of(1200), 60: review_of(60)},
    "toapis_unknown_fields": {"refuse": unknown_field(False), "ignore": unknown_field(True)},
}


@each_setting(ROWS)
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_setting_has_a_row() -> None:
    check_settings(ROWS, {point.name: point.described(point.default) for point in REQUESTS})
