"""A local output where the next task may run on another machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.storage.conftest import Task


@pytest.mark.parametrize(("executor", "warns"), [("LocalExecutor", False), ("CeleryExecutor", True)])
def test_a_local_output_under_a_distributed_executor_is_warned_of(
    task: Callable[..., Task],
    landing: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    executor: str,
    warns: bool,
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    with caplog.at_level(logging.WARNING):
        task(output_path=f"{landing}/").run()
    assert ("CeleryExecutor may run the next task on another" in caplog.text) is warns
