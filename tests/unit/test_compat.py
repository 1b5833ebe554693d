from __future__ import annotations

import sys
from dataclasses import make_dataclass
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from packaging.version import Version

from airflow_provider_rivya._compat import BaseOperator, KeepsPaths, clears_drop_state, remote_executor

CELERY = "airflow.providers.celery.executors.celery_executor.CeleryExecutor"


@pytest.mark.parametrize(
    ("configured", "chosen", "expected"),
    [
        ("LocalExecutor", None, None),
        ("CeleryExecutor", None, "CeleryExecutor"),
        (CELERY, None, "CeleryExecutor"),
        ("LocalExecutor,CeleryExecutor", None, None),
        ("LocalExecutor, CeleryExecutor", "CeleryExecutor", "CeleryExecutor"),
        ("KubernetesExecutor,LocalExecutor", "LocalExecutor", None),
        (f"LocalExecutor,far:{CELERY}", "far", "CeleryExecutor"),
        (f"far:{CELERY}", None, "CeleryExecutor"),
        ("near:airflow.executors.local_executor.LocalExecutor", "near", None),
        (f"LocalExecutor;team_a={CELERY}", None, None),
        ("LocalExecutor", CELERY, "CeleryExecutor"),
    ],
)
def test_which_executor_may_use_another_machine(
    configured: str, chosen: str | None, expected: str | None
) -> None:
    assert remote_executor(chosen, configured) == expected


def test_without_an_argument_the_configuration_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    assert remote_executor() == "CeleryExecutor"


class Keeping(KeepsPaths, BaseOperator):
    template_fields = ("place",)

    def __init__(self, place: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.place = place


@pytest.mark.parametrize(
    ("place", "rendered"),
    [
        (Path("/nowhere/{{ day }}"), Path("/nowhere/{{ day }}")),
        ([Path("nowhere.png"), "{{ day }}.png"], [Path("nowhere.png"), "monday.png"]),
        ("/nowhere/{{ day }}", "/nowhere/monday"),
        (ObjectStoragePath("file:///nowhere/{{ day }}"), ObjectStoragePath("file:///nowhere/monday")),
    ],
    ids=["path", "paths", "text", "object storage"],
)
def test_paths_in_template_fields(place: Any, rendered: Any) -> None:
    operator = Keeping(place=place, task_id="keep")
    context: Any = {"day": "monday"}
    operator.render_template_fields(context)
    assert operator.place == rendered
    assert type(operator.place) is type(rendered)


@pytest.mark.parametrize("drops", [True, False])
def test_a_release_whose_state_store_knows_regions_drops_it_on_a_clear(
    monkeypatch: pytest.MonkeyPatch, drops: bool
) -> None:
    scope = make_dataclass("TaskScope", ["dag_id", *(["region_id"] if drops else [])])
    monkeypatch.setitem(sys.modules, "airflow.sdk.state", SimpleNamespace(TaskScope=scope))
    assert clears_drop_state() is drops


def test_this_release_is_one_of_them_or_not() -> None:
    """Airflow 3.4 and later."""
    assert clears_drop_state() is (Version(version("apache-airflow-core")).release >= (3, 4))
