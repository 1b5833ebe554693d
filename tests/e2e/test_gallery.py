"""The page *Gallery* and the file gallery.html as a person sees them, in a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import browser
from tests.e2e.conftest import RUN_TIMEOUT
from tests.sandbox_process import SandboxProcess
from tools.local import EXAMPLE_DAGS, sandbox_connections
from tools.stack.config import StackConfig
from tools.stack.stack import AirflowStack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(400),
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
]

SEEN = "[...document.images].filter((image) => image.complete && image.naturalWidth > 0).length"
LINK = "[...document.querySelectorAll('a')].find((link) => link.textContent.trim() === 'Gallery')"
BATCH = """
from airflow.sdk import DAG
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator

with DAG("shown_batch", schedule=None, params={"output_path": ""}):
    RivyaBatchOperator(
        task_id="pictures",
        rows=[{"sku": "cup"}, {"sku": "jug"}, {"sku": "odd", "shape": "9:99"}],
        row_key="sku",
        model="z-image",
        prompt="A {sku}",
        model_params={"aspect_ratio": "{shape}"},
        on_invalid_rows="skip",
        max_failed_rows=1,
        output_path="{{ params.output_path }}",
        gallery=True,
    )
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shown")


@pytest.fixture(scope="module")
def kept(folder: Path) -> Path:
    """:envvar:`KEEP_SCREENSHOTS`, if set, is a folder for pictures of the pages."""
    return Path(os.environ.get("KEEP_SCREENSHOTS") or folder)


@pytest.fixture(scope="module")
def stack(
    sandbox: SandboxProcess, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowStack]:
    """An Airflow that shows files of this test's folder."""
    dags = tmp_path_factory.mktemp("dags")
    for name in ("rivya_form.py", "rivya_mapped.py"):
        shutil.copy(EXAMPLE_DAGS / name, dags)
    (dags / "shown_batch.py").write_text(BATCH)
    config = StackConfig(
        home=tmp_path_factory.mktemp("gallery") / "home",
        dags_folder=dags,
        connections=sandbox_connections(sandbox.url),
        options={"rivya": {"ui_media": "True", "ui_media_roots": f"file://{folder}/"}},
        parallelism=3,
    )
    with AirflowStack(config) as made:
        made.start()
        yield made


@pytest.fixture(scope="module")
def page(stack: AirflowStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.SeenPage]:
    with browser.seen_page(stack.url, tmp_path_factory.mktemp("browser") / "profile") as opened:
        yield opened


def ran(stack: AirflowStack, dag_id: str, folder: Path, **params: object) -> str:
    stack.wait_for_dag(dag_id)
    run_id = stack.client.trigger(dag_id, {"output_path": f"{folder}/{dag_id}/", **params})
    assert stack.follow_run(dag_id, run_id, RUN_TIMEOUT) == "success"
    return run_id


def test_one_instance_and_the_file_beside_it(
    stack: AirflowStack, page: browser.SeenPage, folder: Path, kept: Path
) -> None:
    run_id = ran(stack, "rivya_form", folder)
    link = stack.client.links("rivya_form", run_id, "image")["Gallery"]
    page.show(str(link), SEEN, 1)
    assert page.ask("document.images[0].alt") == "A red bicycle leaning on a brick wall, morning light"
    page.picture(kept / "gallery_task.png")
    assert page.complaints() == []
    page.show(f"file://{folder}/rivya_form/gallery.html", SEEN, 1)
    page.picture(kept / "gallery_file.png")
    assert page.complaints() == []
    page.show(f"/dags/rivya_form/runs/{run_id}/tasks/image/details", f"Boolean({LINK})", True)
    page.picture(kept / "gallery_link.png")


def test_all_instances_of_a_mapped_task(
    stack: AirflowStack, page: browser.SeenPage, folder: Path, kept: Path
) -> None:
    run_id = ran(stack, "rivya_mapped", folder)
    link = str(stack.client.links("rivya_mapped", run_id, "image", 1)["Gallery"])
    page.show(link, SEEN, 1)
    page.show(link.replace("map_index=1", "map_index=all"), SEEN, 3)
    page.picture(kept / "gallery_mapped.png")
    assert page.complaints() == []


def test_a_batch(stack: AirflowStack, page: browser.SeenPage, folder: Path, kept: Path) -> None:
    run_id = ran(stack, "shown_batch", folder)
    link = stack.client.links("shown_batch", run_id, "pictures")["Gallery"]
    page.show(str(link), SEEN, 2)
    assert "9:99" in str(page.ask("document.querySelector('article.bad').innerText"))
    page.picture(kept / "gallery_batch.png")
    assert page.complaints() == []


def test_the_form(stack: AirflowStack, page: browser.SeenPage, kept: Path) -> None:
    stack.wait_for_dag("rivya_form")
    page.show("/dags/rivya_form", "Boolean(document.querySelector('h2, h3'))", True)
    page.press(
        "[...document.querySelectorAll('button')].find((button) => button.textContent.trim() === 'Trigger')"
    )
    fields = "['Model', 'Prompt', 'Aspect ratio'].every((name) => document.body.innerText.includes(name))"
    page.wait_for(fields, True)
    page.picture(kept / "trigger_form.png")
