"""The client against every setting of ToAPIs' open points of the caller's own id."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import GatewayError, RequestRejectedError
from airflow_provider_rivya.sandbox.assumptions.toapis_requests import BUSINESS_IDS
from airflow_provider_rivya.sandbox.drawing.encoding import can_play
from tests.integration.gateways import at
from tests.integration.hooks.toapis_scenes import NANO_BANANA_2, Client, Scene, check_settings, each_setting
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")


def delivered(client: Client) -> None:
    client.delivered()


def most(taken: bool) -> Scene:
    def scene(client: Client) -> None:
        model, params = NANO_BANANA_2, {"n": 11}
        if taken:
            client.delivered(model, params, files=11)
        else:
            client.refused(model, params, error=RequestRejectedError, status=400)

    return scene


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


def repeated_with_review(client: Client) -> None:
    """The reading of the one page: protected where media are reviewed, and nowhere else."""
    repeated(True)(client)
    if not can_play():
        pytest.skip("this installation of the sandbox makes no video")
    arguments: Any = ("seedance-2", {"private_asset_review": True}, (client.upload(),))
    first = client.create(*arguments, key="order-2")
    assert client.create(*arguments, key="order-2").id == first.id
    client.check_charges(3)


def other_body(taken: bool) -> Scene:
    """What a refused repeat leaves behind is not known: it is looked up."""

    def scene(client: Client) -> None:
        client.sandbox.assume(toapis_repeated_client_business_id="same_task")
        first = client.create()
        if taken:
            assert client.create(params={"n": 2}).id == first.id
        else:
            with pytest.raises(RequestRejectedError) as caught:
                client.create(params={"n": 2})
            assert caught.value.maybe_taken_in
        client.check_charges(1)

    return scene


def across(found: bool) -> Scene:
    def scene(client: Client) -> None:
        made = client.create()
        other = client.hook.find_generation("order-1", category="video")
        assert (other is not None) is found
        mine = client.hook.find_generation("order-1")
        assert mine is not None
        assert mine.id == made.id

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


ROWS: dict[str, dict[Any, Scene]] = {
    "toapis_repeated_client_business_id": {
        "new_task": repeated(True),
        "same_task": repeated(False),
        "same_task_reviewed_only": repeated_with_review,
        400: repeated(RequestRejectedError, 400),
        409: repeated(RequestRejectedError, 409),
    },
    "toapis_other_body": {"ignored": other_body(True), "refused": other_body(False)},
    "toapis_lookup_across": {"per_endpoint": across(False), "any_endpoint": across(True)},
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


@each_setting(ROWS)
def test_setting(client: Client, sandbox: SandboxProcess, name: str, value: Any) -> None:
    sandbox.assume(**{name: value})
    ROWS[name][value](client)


def test_every_setting_has_a_row() -> None:
    check_settings(ROWS, {point.name: point.described(point.default) for point in BUSINESS_IDS})
