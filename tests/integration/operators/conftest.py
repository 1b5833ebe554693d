"""Airflow's real metadata database, migrated once."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import airflows
from tests.integration.gateways import TestedGateway
from tests.integration.task_harness import TaskInstanceHarness, one_task
from tests.telemetry import Telemetry, collecting

NewTask = Callable[..., TaskInstanceHarness]


@cache
def _migrate() -> None:
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what importing Airflow's own server warns of is not ours
        assert airflows.api_server().app is not None  # made when it is first asked for


@pytest.fixture(scope="session")
def database() -> None:
    _migrate()  # once, though each folder that takes this fixture over has one of its own


@pytest.fixture
def new_task(database: None, connect: Any, landing: Path, _tested: TestedGateway) -> NewTask:
    """Return a DAG run with one task ``make``; outputs land in ``landing``, and nothing else does."""
    numbers = itertools.count(1)

    def new(arguments: dict[str, Any] | None = None, **more: Any) -> TaskInstanceHarness:
        given = {} if arguments is None else arguments
        records = landing.parent / "records" / str(next(numbers))
        defaults = {"output_path": f"file://{landing}/"}
        if not airflows.STATE_STORE:
            defaults["state_path"] = f"file://{records}/"
        given.update({**defaults, **given, **more})
        return TaskInstanceHarness(one_task(given, _tested), records)

    return new


@pytest.fixture
def no_download_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waits between the attempts of one download away; the attempts stay."""
    import tenacity

    monkeypatch.setattr(tenacity, "wait_exponential_jitter", lambda **_: tenacity.wait_none())


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with collecting() as collected:
        yield collected


@pytest.fixture
def short_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look a lost request up four times in a row, instead of for a minute."""
    from airflow_provider_rivya.submission import pauses as lookup

    monkeypatch.setattr(lookup, "PAUSES", (0.01, 0.01, 0.01))
