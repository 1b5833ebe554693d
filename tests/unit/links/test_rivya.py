from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya.links.rivya import RivyaGalleryLink, RivyaResultLink, first_url
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor

URL = "https://cdn.example.com/a.png"


def result(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"generation_id": "task_1", "outputs": list(outputs)}


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (result({"uri": None, "source_url": URL}), URL),
        (result({"uri": "file:///data/a.png", "source_url": URL}), URL),
        (result({"uri": "s3://bucket/a.png", "source_url": URL}), URL),
        (
            result({"uri": "HTTPS://files.example.com/a.png", "source_url": URL}),
            "HTTPS://files.example.com/a.png",
        ),
        (result({"uri": None, "source_url": None}, {"uri": None, "source_url": URL}), URL),
        (result({"uri": None, "source_url": "javascript:alert(1)"}), ""),
        (result({"uri": "file:///data/a.png", "source_url": "ftp://example.com/a.png"}), ""),
        (result(), ""),
        (None, ""),
        ("text", ""),
        ({"outputs": None}, ""),
        ({"outputs": ["text"]}, ""),
        ({}, ""),
    ],
)
def test_the_first_address_a_browser_can_open(value: Any, url: str) -> None:
    assert first_url(value) == url


@pytest.mark.parametrize("operator", [RivyaGenerateOperator, RivyaTaskSensor])
def test_tasks_have_the_button(operator: type[Any]) -> None:
    link, gallery = operator.operator_extra_links
    assert isinstance(link, RivyaResultLink)
    assert (link.name, link.xcom_key) == ("Result", "_link_rivya_result")
    assert (gallery.name, gallery.xcom_key) == ("Gallery", "_link_rivya_gallery")


def test_the_page_is_found_below_the_path_that_airflow_is_served_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.test/team/a/")
    key = SimpleNamespace(dag_id="a/b", run_id="manual__2026+00:00", task_id="t", map_index=2)
    link: Any = RivyaGalleryLink()
    assert link.get_link(None, ti_key=key) == (
        "/team/a/rivya/gallery/?dag_id=a%2Fb&run_id=manual__2026%2B00%3A00&task_id=t&map_index=2"
    )
