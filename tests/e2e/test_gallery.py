"""The page *Gallery* and the file gallery.html as a person sees them, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import scopes_views
from tests.e2e import browser
from tests.e2e.conftest import ANY_TAB, RUN_TIMEOUT, Airflow
from tools.stack.stack import AirflowStack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(400),
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
]

SEEN = "[...document.images].filter((image) => image.complete && image.naturalWidth > 0).length"
IN_TAB = (
    "[...(document.querySelector('iframe')?.contentDocument?.images ?? [])]"
    ".filter((image) => image.complete && image.naturalWidth > 0).length"
)
TABS = "[...document.querySelectorAll('a')].map((link) => link.textContent.trim())"
LINK = "[...document.querySelectorAll('a')].find((link) => link.textContent.trim() === 'Gallery')"


@pytest.fixture(scope="module")
def folder(shown: Path) -> Path:
    return shown / "gallery"


@pytest.fixture(scope="module")
def stack(airflow: Airflow) -> AirflowStack:
    return airflow.stack


@pytest.fixture(scope="module")
def page(stack: AirflowStack, driver: Any) -> browser.SeenPage:
    return browser.SeenPage(driver, stack.url).sign_in()


def ran(stack: AirflowStack, dag_id: str, folder: Path, **params: object) -> str:
    stack.wait_for_dag(dag_id)
    run_id = stack.client.trigger(dag_id, {"output_path": f"{folder}/{dag_id}/", **params})
    assert stack.follow_run(dag_id, run_id, RUN_TIMEOUT) == "success"
    return run_id


def test_one_instance_and_the_file_beside_it(
    stack: AirflowStack, page: browser.SeenPage, folder: Path, screenshots: Path
) -> None:
    run_id = ran(stack, "rivya_form", folder)
    link = stack.client.links("rivya_form", run_id, "image")["Gallery"]
    page.show(str(link), SEEN, 1)
    assert page.ask("document.images[0].alt") == "A red bicycle leaning on a brick wall, morning light"
    page.picture(screenshots / "gallery_task.png")
    assert page.complaints() == []
    page.show(f"file://{folder}/rivya_form/gallery.html", SEEN, 1)
    page.picture(screenshots / "gallery_file.png")
    assert page.complaints() == []
    page.show(f"/dags/rivya_form/runs/{run_id}/tasks/image/details", f"Boolean({LINK})", True)
    page.picture(screenshots / "gallery_link.png")
    if ANY_TAB or scopes_views():
        page.show(f"/dags/rivya_form/runs/{run_id}/tasks/image/plugin/rivya-gallery", IN_TAB, 1)
        page.picture(screenshots / "gallery_tab.png")
        page.complaints()  # Chromium's, of the frame that Airflow makes for a tab


def test_all_instances_of_a_mapped_task(
    stack: AirflowStack, page: browser.SeenPage, folder: Path, screenshots: Path
) -> None:
    run_id = ran(stack, "rivya_mapped", folder)
    link = str(stack.client.links("rivya_mapped", run_id, "image", 1)["Gallery"])
    page.show(link, SEEN, 1)
    page.show(link.replace("map_index=1", "map_index=all"), SEEN, 3)
    page.wait_for("document.getElementById('about').textContent", "3 instances with a result, 3 credits")
    page.picture(screenshots / "gallery_mapped.png")
    assert page.complaints() == []
    if scopes_views():
        page.show(f"/dags/rivya_mapped/runs/{run_id}/tasks/uris/details", f"{TABS}.includes('Details')", True)
        assert "Gallery" not in page.ask(TABS), "the tab of another operator's task"


def test_a_batch(stack: AirflowStack, page: browser.SeenPage, folder: Path, screenshots: Path) -> None:
    run_id = ran(stack, "shown_batch", folder)
    link = stack.client.links("shown_batch", run_id, "pictures")["Gallery"]
    page.show(str(link), SEEN, 2)
    assert "9:99" in str(page.ask("document.querySelector('article.bad').innerText"))
    assert page.ask("[...document.images].map((image) => image.alt)") == ["A cup", "A jug"]
    page.picture(screenshots / "gallery_batch.png")
    assert page.complaints() == []


def test_the_form(stack: AirflowStack, page: browser.SeenPage, screenshots: Path) -> None:
    stack.wait_for_dag("rivya_form")
    page.show("/dags/rivya_form", "Boolean(document.querySelector('h2, h3'))", True)
    page.press(
        "[...document.querySelectorAll('button')].find((button) => button.textContent.trim() === 'Trigger')"
    )
    fields = "['Model', 'Prompt', 'Aspect ratio'].every((name) => document.body.innerText.includes(name))"
    page.wait_for(fields, True)
    page.picture(screenshots / "trigger_form.png")
