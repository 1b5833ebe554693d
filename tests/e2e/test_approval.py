"""Who is asked whether an image is to be published sees it; both of his answers lead to their end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e import browser
from tests.e2e.conftest import RUN_TIMEOUT, Airflow, until
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

DAG_ID = "rivya_approval"
PROMPT = "A lighthouse, red and white"
BETTER = "A lighthouse by night"
SEEN = "[...document.images].filter((image) => image.complete && image.naturalWidth > 0).length"
BUTTON = "[...document.querySelectorAll('button')].find((button) => button.textContent.trim() === 'Approve')"


@pytest.fixture(scope="module")
def runs(airflow: Airflow, shown: Path) -> dict[str, str]:
    """A run for each answer, side by side; one is rejected already."""
    started = {
        option: airflow.start(DAG_ID, prompt=PROMPT, output_path=f"{shown}/{option}/")
        for option in ("Approve", "Reject")
    }
    rejected = started["Reject"]
    until(lambda: airflow.press(DAG_ID, rejected, "Reject", prompt=BETTER), "somebody is asked", RUN_TIMEOUT)
    return started


@pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))
def test_who_approves_sees_the_image_and_it_is_published(
    airflow: Airflow, runs: dict[str, str], driver: Any, screenshots: Path
) -> None:
    """The button is pressed; where Airflow asks a second time, it is answered for him."""
    page = browser.SeenPage(driver, airflow.stack.url).sign_in()
    page.show(f"/dags/{DAG_ID}/runs/{runs['Approve']}/tasks/approve/required_actions", SEEN, 1)
    assert page.ask("document.images[0].alt") == PROMPT
    page.picture(screenshots / "approval.png")
    page.press(BUTTON)
    run = airflow.answer(DAG_ID, runs["Approve"], "Approve")
    assert run.state == "success", run.explain()
    ended = {"approved": "success", "publish": "success", "again": "skipped"}
    assert run.states() == {"image": "success", "preview": "success", "approve": "success"} | ended
    assert run.xcom("publish") == run.xcom("image")["outputs"][0]["uri"]


def test_a_rejection_makes_another_image_of_a_better_prompt(
    airflow: Airflow, runs: dict[str, str], sandbox: SandboxProcess, shown: Path
) -> None:
    run = airflow.answer(DAG_ID, runs["Reject"], "Reject", prompt=BETTER)
    assert run.state == "success", run.explain()
    ended = {"approved": "skipped", "publish": "skipped", "again": "success"}
    assert run.states() == {"image": "success", "preview": "success", "approve": "success"} | ended
    made = [run.xcom(task_id) for task_id in ("image", "again")]
    uris = {result["outputs"][0]["uri"] for result in made}
    assert uris == {path.as_uri() for path in (shown / "Reject").iterdir() if path.is_file()}
    prompts = {task["id"]: task["prompt"] for task in sandbox.tasks()}
    assert [prompts[result["generation_id"]] for result in made] == [PROMPT, BETTER]
