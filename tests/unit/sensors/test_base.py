"""What a sensor looks at before it sends anything."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor

CONTEXT = {"ti": SimpleNamespace(task_id="watch", map_index=-1)}


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> RivyaHook:
    monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", "rivya://:key@")
    return RivyaHook()


def watching(generation_id: str = "task_1", **arguments: Any) -> RivyaTaskSensor:
    return RivyaTaskSensor(task_id="watch", generation_id=generation_id, **arguments)


@pytest.mark.parametrize(
    ("output_path", "executor", "warns"),
    [
        ("{}/new/", "CeleryExecutor", True),
        ("file://{}/new/", "CeleryExecutor", True),
        ("{}/new/", "LocalExecutor", False),
        (None, "CeleryExecutor", False),
    ],
)
def test_a_place_that_the_next_task_may_not_see_is_warned_of(
    hook: RivyaHook,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    output_path: str | None,
    executor: str,
    warns: bool,
) -> None:
    place = output_path and output_path.format(tmp_path)
    watching(output_path=place, executor=executor)._check(CONTEXT, hook)
    assert ("CeleryExecutor may run the next task on another" in caplog.text) is warns


def test_what_does_not_run_at_all_warns_of_nothing(
    hook: RivyaHook, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sensor = watching("", output_path=f"{tmp_path}/new/", executor="CeleryExecutor")
    with pytest.raises(InvalidRequestError, match="sensor of task 'watch' has 1 fault:\n  - generation_id"):
        sensor._check(CONTEXT, hook)
    assert caplog.records == []
