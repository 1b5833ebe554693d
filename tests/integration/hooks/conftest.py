"""A gateway's hook, and a client of ToAPIs for the tests that turn that gateway's open points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from airflow_provider_rivya.hooks.toapis import ToApisHook
from tests.integration.conftest import Connect
from tests.integration.gateways import Hook, TestedGateway
from tests.integration.hooks.toapis_scenes import Client
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def hook(connect: Connect, gateway: TestedGateway) -> Iterator[Hook]:
    with gateway.hook() as hook:
        yield hook


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess, photo: Path, landing: Path) -> Iterator[Client]:
    """A client that makes one attempt, and a gateway whose clock only the test moves."""
    connect(retries=0)
    sandbox.reset(credits=1000, speed=1)
    with closing(ToApisHook()) as hook:
        yield Client(hook, sandbox, photo, landing, connect)
