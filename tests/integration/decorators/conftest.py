"""Decorated functions as tasks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import task

from tests import airflows
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway
from tests.integration.task_harness import MAKE, TaskInstanceHarness

NewDecorated = Callable[..., TaskInstanceHarness]

UPSTREAM = "upstream"


@pytest.fixture
def decorated(database: None, connect: Connect, gateway: TestedGateway, landing: Path) -> NewDecorated:
    """Return a DAG run with one decorated function, which may get first what another task returns."""

    def new(
        function: Callable[..., Any],
        *arguments: Any,
        upstream: Callable[[], Any] | None = None,
        expand: Any = None,
        **options: Any,
    ) -> TaskInstanceHarness:
        records = landing.parent / "records"
        given = {
            "task_id": MAKE,
            "model": gateway.model,
            "output_path": f"file://{landing}/{{{{ dag.dag_id }}}}/",
            "deferrable": False,
            "retries": 2,
            **({} if airflows.STATE_STORE else {"state_path": f"file://{records}/"}),
            **options,
        }

        def build() -> None:
            make: Any = gateway.decorator(**given)(function)
            if expand is None:
                before = [] if upstream is None else [task(task_id=UPSTREAM)(upstream)()]
                make(*before, *arguments)
            else:
                make.expand(**expand)

        return TaskInstanceHarness(build, records)

    return new
