"""
The client of ToAPIs against every setting of every switch that both gateways share.

Rivya's client is tried against them in tests/integration/operators/test_open_points.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import NotFoundError, RateLimitedError, RequestRejectedError
from airflow_provider_rivya.sandbox.assumptions.toapis import SHARED
from tests.integration.gateways import at
from tests.integration.hooks.toapis_scenes import NANO_BANANA_2, Client, check_settings
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")

Scene = Callable[[Client], None]
SMALLER, LARGER = 1_000_000, 1_048_576


def delivered(client: Client) -> None:
    client.delivered()


def padded(client: Client, size: int) -> Path:
    """The photograph with this many bytes."""
    path = client.photo.with_name(f"{size}.jpg")
    path.write_bytes(client.photo.read_bytes().ljust(size, b"\0"))
    return path


def largest(size: int) -> Scene:
    """The hook leaves the judgement to the gateway, and tells what it takes."""

    def scene(client: Client) -> None:
        taken = client.upload(padded(client, size))
        with pytest.raises(RequestRejectedError) as caught:
            client.upload(padded(client, size + 1))
        assert caught.value.http_status == 400
        assert f"Image too large: {size + 1} bytes, maximum size is 10MB" in caught.value.message
        assert "ToAPIs takes images (JPEG, PNG, WebP, GIF) up to 10 MB" in str(caught.value)
        client.check_charges(0)
        client.delivered(NANO_BANANA_2, references=(taken,))

    return scene


def upload_kept(seconds: float | None) -> Scene:
    """A request with an upload that is gone is refused, and costs nothing."""

    def scene(client: Client) -> None:
        reference = client.upload()
        client.sandbox.advance((seconds or 10**6) + 1)
        if seconds is None:
            client.delivered(NANO_BANANA_2, references=(reference,))
            return
        error = client.refused(NANO_BANANA_2, {}, (reference,), error=RequestRejectedError, status=400)
        assert "no such upload, or not any more" in error.message
        assert not error.retryable
        client.create(NANO_BANANA_2, {}, (client.upload(),))
        client.check_charges(1)

    return scene


def task_kept(seconds: float | None) -> Scene:
    """What is not readable any more was made, and paid for, all the same."""

    def scene(client: Client) -> None:
        created = client.create()
        assert client.hook.get_generation(created.id).id == created.id
        client.sandbox.advance((seconds or 10**6) + 1)
        if seconds is None:
            assert client.hook.get_generation(created.id).succeeded
        else:
            with pytest.raises(NotFoundError) as caught:
                client.hook.get_generation(created.id)
            assert caught.value.generation_id == created.id
            assert caught.value.code == "not_found_error"
            assert client.hook.find_generation("order-1") is None
        client.check_charges(1)

    return scene


def requests_in_a_window(many: int | None, seconds: float = 60) -> Scene:
    """What is above the limit was not taken in, and is taken in by the next window."""

    def scene(client: Client) -> None:
        client.sandbox.assume(rate_limit_per_window=many, rate_limit_window_seconds=seconds)
        for _ in range(3 if many is None else many):
            client.create()
        if many is None:
            client.check_charges(3)
            return
        with pytest.raises(RateLimitedError) as caught:
            client.create()
        assert not caught.value.maybe_taken_in
        assert caught.value.retryable
        client.check_charges(many)
        client.sandbox.advance(seconds)
        if many > 0:
            client.create()
            client.check_charges(many + 1)

    return scene


def refunded_after(seconds: float) -> Scene:
    """No answer tells of it; the balance does."""

    def scene(client: Client) -> None:
        client.sandbox.assume(toapis_refund_on_failure="later")
        client.sandbox.fault(kind="generation_fails")
        created = client.create()
        client.sandbox.advance(21)
        assert client.hook.get_generation(created.id).failed
        if seconds:
            assert client.hook.get_credits().credits == 990
        client.sandbox.advance(seconds)
        assert client.hook.get_credits().credits == 1000

    return scene


def request_id(told: bool) -> Scene:
    """Where the gateway has one it is told, to be quoted to its support."""

    def scene(client: Client) -> None:
        error = client.refused(params={"n": 11}, error=RequestRejectedError, status=400)
        assert (error.request_id is not None) is told
        assert (f"request id {error.request_id}" in str(error)) is told

    return scene


ROWS: dict[str, dict[Any, Scene]] = {
    "id_style": {"short": delivered, "long": delivered},
    "megabyte": {SMALLER: largest(10 * SMALLER), LARGER: largest(10 * LARGER)},
    "file_ttl_seconds": {None: upload_kept(None), 60: upload_kept(60)},
    "task_retention_seconds": {None: task_kept(None), 60: task_kept(60)},
    "rate_limit_per_window": {
        None: requests_in_a_window(None),
        0: requests_in_a_window(0),
        2: requests_in_a_window(2, 1),
    },
    "rate_limit_window_seconds": {60: requests_in_a_window(0, 60), 5: requests_in_a_window(1, 5)},
    "refund_delay_seconds": {60: refunded_after(60), 0: refunded_after(0), 3600: refunded_after(3600)},
    "request_id_header": {False: request_id(False), True: request_id(True)},
}
CASES = [(name, value) for name, rows in ROWS.items() for value in rows]


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name}={value}" for name, value in CASES])
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_shared_switch_has_its_rows(sandbox: SandboxProcess) -> None:
    switches = sandbox.control("GET", "assumptions")
    check_settings(ROWS, {name: switches[name] for name in SHARED})
