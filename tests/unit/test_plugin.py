"""The tab *Gallery*: on which tasks it is, and that there is none where it would be on all of them."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.version import Version

from airflow_provider_rivya import _compat
from airflow_provider_rivya.links.rivya import RivyaGalleryLink
from airflow_provider_rivya.plugin import plugin

ROOMS = ("operators", "decorators", "sensors")
MODULES = [f"{room}.{name}" for room in ROOMS for name in ("rivya", "toapis")] + ["decorators.batch"]


def has_button(kind: object) -> bool:
    links = getattr(kind, "operator_extra_links", ())
    return isinstance(kind, type) and any(isinstance(link, RivyaGalleryLink) for link in links)


def test_the_tab_is_on_every_class_that_has_the_button() -> None:
    found = {
        name
        for module in MODULES
        for name, kind in vars(importlib.import_module(f"airflow_provider_rivya.{module}")).items()
        if has_button(kind) and name.startswith(("Rivya", "ToApis"))
    }
    assert set(plugin.tab()["applies_to"]["operator"]) == found


def test_the_tab_leads_to_the_page_below_the_path_of_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.test/team/a/")
    asked = "dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}&map_index={MAP_INDEX}"
    assert plugin.tab()["href"] == f"/team/a/rivya/gallery/?{asked}"


@pytest.mark.parametrize("scopes", [True, False])
def test_without_scoping_there_is_no_tab(monkeypatch: pytest.MonkeyPatch, scopes: bool) -> None:
    view = SimpleNamespace(model_fields={"name": 1, **({"applies_to": 1} if scopes else {})})
    name = "airflow.api_fastapi.core_api.datamodels.plugins"
    try:
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, SimpleNamespace(ExternalViewResponse=view))
            views: list[Any] = importlib.reload(plugin).RivyaPlugin.external_views
        assert len(views) == scopes
    finally:
        importlib.reload(plugin)


def test_this_release_scopes_tabs_or_not() -> None:
    assert _compat.scopes_views() is (Version(version("apache-airflow-core")).release >= (3, 4))
