"""The connection form as a person uses it, in a browser: fill it in, press Test, run a task with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_rivya.hooks.fields import FIELDS
from tests.e2e import browser
from tests.e2e.conftest import RUN_TIMEOUT
from tests.sandbox_process import KEY, SandboxProcess
from tools.local import EXAMPLE_DAGS
from tools.stack.config import StackConfig
from tools.stack.stack import AirflowStack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
]

DAG_ID, CONN_ID = "rivya_quickstart", "rivya_default"


@pytest.fixture(scope="module")
def stack(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """An Airflow that has no connection yet."""
    config = StackConfig(
        home=tmp_path_factory.mktemp("form") / "home", dags_folder=EXAMPLE_DAGS, parallelism=2
    )
    with AirflowStack(config) as made:
        made.start()
        yield made


def test_a_connection_made_by_clicking_works(
    stack: AirflowStack, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """:envvar:`KEEP_SCREENSHOTS`, if set, is a folder for pictures of the form."""
    kept = Path(os.environ.get("KEEP_SCREENSHOTS") or tmp_path)
    with browser.connections_page(stack.url, tmp_path / "profile") as page:
        fields = page.open_form(CONN_ID, "Rivya")
        assert {f"element_{entry.name}" for entry in FIELDS} <= set(fields)
        assert {"host", "port", "password"} <= set(fields)
        assert not {"login", "schema"} & set(fields)
        assert page.default("element_retries") == "3"
        host, _, port = sandbox.url.rpartition(":")
        page.fill("host", host)
        page.fill("port", port)
        page.fill("password", KEY)
        page.picture(kept / "form_standard.png")
        page.unfold("Extra Fields")
        page.fill("element_max_in_flight", "4")
        page.fill("element_idempotency_namespace", "made-by-clicking")
        page.picture(kept / "form_extra.png")
        page.save()
        answer = page.press_test()
        page.picture(kept / "form_tested.png")
    assert answer.get("status") is True, answer
    balance = sandbox.ledger()["balance"]["sandbox"]
    assert f"Balance: {balance:g} credits" in answer["message"]

    extra = json.loads(stack.client.call("GET", f"/connections/{CONN_ID}")["extra"])
    assert (extra["max_in_flight"], extra["idempotency_namespace"]) == (4, "made-by-clicking")

    stack.wait_for_dag(DAG_ID)
    run_id = stack.client.trigger(DAG_ID, {"output_path": f"{tmp_path}/out/"})
    assert stack.follow_run(DAG_ID, run_id, RUN_TIMEOUT) == "success"
    result = stack.client.xcom(DAG_ID, run_id, "image", -1)
    assert Path(tmp_path, "out", f"{result['generation_id']}-0.png").is_file()


def test_a_wrong_key_is_told_by_the_button(
    stack: AirflowStack, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    host, _, port = sandbox.url.rpartition(":")
    stack.client.call(
        "POST",
        "/connections",
        {
            "connection_id": "a_wrong_key",  # sorts before the other one
            "conn_type": "rivya",
            "host": host,
            "port": int(port),
            "password": "rvya_sk_wrong",
        },
    )
    with browser.connections_page(stack.url, tmp_path / "profile") as page:
        answer = page.press_test()
    assert answer.get("status") is False, answer
    assert "rvya_sk_wrong" not in answer["message"]
    assert "HTTP 401" in answer["message"]
