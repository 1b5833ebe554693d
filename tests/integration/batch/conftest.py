"""A batch on its job, without Airflow: landing in a folder, its state beside that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.batch_harness import BatchHarness
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway
from tests.sandbox_process import SandboxProcess

NewBatch = Callable[..., BatchHarness]


@pytest.fixture
def new_batch(connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path) -> NewBatch:
    """Return a batch of a table: keywords are fields of :class:`BatchHarness`."""
    sandbox.reset(credits=100_000, speed=1)
    connect(poll_first=20, poll_interval=5, poll_max=5, retries=0)

    def new(rows: int | list[dict[str, Any]], **more: Any) -> BatchHarness:
        given = products(rows) if isinstance(rows, int) else rows
        return BatchHarness(gateway, sandbox, landing, given, **more)

    return new


def products(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"sku": f"p{number:03}", "title": f"Product {number}"} for number in range(first, first + count)]
