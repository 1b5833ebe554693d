"""A gateway that answers oddly, a connection to it, and hooks that wait for it for moments only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.hooks.base import GatewayHook
from tests.integration.conftest import QUICK, Connect
from tests.integration.gateways import TestedGateway
from tests.integration.hostile.gateway import HostileGateway
from tests.integration.job_harness import SHORT, JobHarness, hasty

NewJob = Callable[..., JobHarness]
NewHook = Callable[[float], GatewayHook]


@pytest.fixture
def hostile(_tested: TestedGateway) -> Iterator[HostileGateway]:
    with HostileGateway(_tested) as server:
        yield server


@pytest.fixture
def connect(hostile: HostileGateway, _tested: TestedGateway, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set the gateway's default connection; called once already. Keywords are extra fields."""

    def put(**extra: Any) -> None:
        document = {
            "conn_type": _tested.name,
            "host": hostile.url,
            "password": _tested.key,
            "extra": {**QUICK, "retries": 0, **extra},
        }
        monkeypatch.setenv(_tested.variable, json.dumps(document))

    put()
    return put


@pytest.fixture
def new_hook(connect: Connect, _tested: TestedGateway) -> Iterator[NewHook]:
    """Return a hook whose exchanges may take so many seconds."""
    with ExitStack() as stack:
        yield lambda patience: stack.enter_context(hasty(_tested.hook, patience)(_tested.conn_id))


@pytest.fixture
def new_job(connect: Connect, _tested: TestedGateway, landing: Path) -> NewJob:
    """Return a generation, landing in ``landing``."""

    def new(patience: float, **options: Any) -> JobHarness:
        gateway = replace(_tested, hook=hasty(_tested.hook, patience))  # type: ignore[arg-type]
        arguments = {"model": gateway.model, "prompt": "A lighthouse", "output_path": f"file://{landing}/"}
        on_uncertain = "resubmit" if gateway.replays_keys else "fail"
        policy = replace(SHORT, on_uncertain_submission=on_uncertain)  # type: ignore[arg-type]
        return JobHarness(gateway, landing.parent / "records", arguments, policy=policy, **options)

    return new
