"""The client against every setting of ToAPIs' open points of what is charged, and the balance."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.sandbox.assumptions.toapis import CREDITS
from airflow_provider_rivya.sandbox.drawing.encoding import can_play
from tests.integration.gateways import at
from tests.integration.hooks.toapis_scenes import NANO_BANANA_2, Client, Scene, check_settings, each_setting
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")

TWO_K = {"resolution": "2K"}


def delivered(client: Client) -> None:
    client.delivered()


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


ROWS: dict[str, dict[Any, Scene]] = {
    "toapis_charge_at": {"create": charged(10), "completion": charged(0)},
    "toapis_refund_on_failure": {"full": refund(0), "none": refund(10), "later": refund(10)},
    "toapis_nano_banana_2_price": {"by_resolution": price(6), "flat": price(5)},
    "toapis_unlisted_image_usd": {0.05: charged(10), 0.2: charged(40, 40)},
    "toapis_unlisted_video_usd": {0.5: video_price(100), 1: video_price(200)},
    "toapis_settlement": {
        "as_taken": charged(10, 10),
        "returns_part": charged(10, 5),
        "charges_more": charged(10, 15),
    },
    "toapis_balance_fields": {
        "unlimited_with_credits": balance(1000, "credits", unlimited=True),
        "later": balance(1000, "credits"),
        "earlier": balance(5, "balance units"),
    },
    "toapis_unlimited_quota": {
        True: balance(-1, "credits", unlimited=True),
        False: balance(1000, "credits"),
    },
}


@each_setting(ROWS)
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_setting_has_a_row() -> None:
    check_settings(ROWS, {point.name: point.described(point.default) for point in CREDITS})
