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
ALTS = "[...document.images].map((image) => image.alt)"
IN_TAB = (
    "[...(document.querySelector('iframe')?.contentDocument?.images ?? [])]"
    ".filter((image) => image.complete && image.naturalWidth > 0).length"
)
TABS = "[...document.querySelectorAll('a')].map((link) => link.textContent.trim())"
BUTTONS = (
    "[...document.querySelectorAll('button')].filter((button) => button.textContent.trim() === 'Trigger')"
)
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


@pytest.fixture(scope="module")
def runs(stack: AirflowStack, folder: Path) -> dict[str, str]:
    """A run of each DAG whose pictures are looked at, side by side."""
    started = {}
    for dag_id in ("shown_three", "rivya_mapped", "shown_batch"):
        stack.wait_for_dag(dag_id)
        started[dag_id] = stack.client.trigger(dag_id, {"output_path": f"{folder}/{dag_id}/"})
    for dag_id, run_id in started.items():
        assert stack.follow_run(dag_id, run_id, RUN_TIMEOUT) == "success"
    return started


def test_one_instance_and_the_file_beside_it(
    stack: AirflowStack, page: browser.SeenPage, runs: dict[str, str], folder: Path, screenshots: Path
) -> None:
    of = f"/dags/shown_three/runs/{runs['shown_three']}/tasks/image"
    link = stack.client.links("shown_three", runs["shown_three"], "image")["Gallery"]
    for address, name in ((str(link), "task"), (f"file://{folder}/shown_three/gallery.html", "file")):
        page.show(address, SEEN, 3)
        assert page.ask(ALTS) == ["A red bicycle, three times"] * 3
        page.picture(screenshots / f"gallery_{name}.png")
        assert page.complaints() == []
    page.show(f"{of}/details", f"Boolean({LINK})", True)
    page.picture(screenshots / "gallery_link.png")
    if ANY_TAB or scopes_views():
        page.show(f"{of}/plugin/rivya-gallery", IN_TAB, 3)
        page.picture(screenshots / "gallery_tab.png")
        page.complaints()  # Chromium's, of the frame that Airflow makes for a tab


def test_all_instances_of_a_mapped_task(
    stack: AirflowStack, page: browser.SeenPage, runs: dict[str, str], screenshots: Path
) -> None:
    run_id = runs["rivya_mapped"]
    link = str(stack.client.links("rivya_mapped", run_id, "image", 1)["Gallery"])
    page.show(link, SEEN, 1)
    page.show(link.replace("map_index=1", "map_index=all"), SEEN, 3)
    page.wait_for("document.getElementById('about').textContent", "3 instances: 3 with a result; 3 credits")
    assert all(str(alt).startswith("Studio photograph of a ") for alt in page.ask(ALTS))
    page.picture(screenshots / "gallery_mapped.png")
    assert page.complaints() == []
    if scopes_views():
        page.show(f"/dags/rivya_mapped/runs/{run_id}/tasks/uris/details", f"{TABS}.includes('Details')", True)
        assert "Gallery" not in page.ask(TABS), "the tab of another operator's task"


def test_a_batch(
    stack: AirflowStack, page: browser.SeenPage, runs: dict[str, str], screenshots: Path
) -> None:
    link = stack.client.links("shown_batch", runs["shown_batch"], "pictures")["Gallery"]
    page.show(str(link), SEEN, 3)
    assert page.ask(ALTS) == ["A cup", "A jug", "A bowl"]
    assert "9:99" in str(page.ask("document.querySelector('article.bad').innerText"))
    page.picture(screenshots / "gallery_batch.png")
    assert page.complaints() == []


def test_the_form(stack: AirflowStack, page: browser.SeenPage, screenshots: Path) -> None:
    """It is filled in by its defaults; what is pressed runs."""
    stack.wait_for_dag("rivya_form")
    page.show("/dags/rivya_form", "Boolean(document.querySelector('h2, h3'))", True)
    page.press(f"{BUTTONS}[0]")
    fields = "['Model', 'Prompt', 'Aspect ratio'].every((name) => document.body.innerText.includes(name))"
    page.wait_for(fields, True)
    page.picture(screenshots / "trigger_form.png")
    page.press(f"{BUTTONS}.find((button) => button.closest('[role=dialog]') && !button.disabled)")
    page.wait_for("document.querySelector('[role=dialog][data-state=open]')", None)
    (run,) = stack.client.call("GET", "/dags/rivya_form/dagRuns")["dag_runs"]
    assert stack.follow_run("rivya_form", run["dag_run_id"], RUN_TIMEOUT) == "success"
    (output,) = stack.client.xcom("rivya_form", run["dag_run_id"], "image")["outputs"]
    assert output["width"] * 9 == pytest.approx(output["height"] * 16, rel=0.02)
