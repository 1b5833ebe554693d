"""The connection form as a person uses it, in a browser: fill it in, press Test, run a task with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.api.connection import connection_fields
from tests.e2e import browser
from tests.e2e.conftest import RUN_TIMEOUT, Airflow
from tests.sandbox_process import ACCOUNT_OF_GATEWAY, KEY_OF_GATEWAY, SandboxProcess
from tools.stack.stack import AirflowStack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
]


@dataclass(frozen=True)
class Form:
    """A connection type in the form.

    :param gateway: the type's name, as in ids of connections and DAGs.
    :param title: the type's name for people.
    """

    gateway: str
    title: str


FORMS = [Form("rivya", "Rivya"), Form("toapis", "ToAPIs")]


@pytest.fixture(scope="module")
def stack(airflow: Airflow) -> AirflowStack:
    return airflow.stack


@pytest.fixture(scope="module")
def page(stack: AirflowStack, driver: Any) -> browser.ConnectionsPage:
    return browser.ConnectionsPage(driver, stack.url)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.gateway)
def test_a_connection_made_by_clicking_works(
    stack: AirflowStack,
    sandbox: SandboxProcess,
    page: browser.ConnectionsPage,
    screenshots: Path,
    tmp_path: Path,
    form: Form,
) -> None:
    conn_id = dag_id = f"{form.gateway}_clicked"
    fields = page.open_form(conn_id, form.title)
    assert {f"element_{entry.name}" for entry in connection_fields()} <= set(fields)
    assert {"host", "port", "password"} <= set(fields)
    assert not {"login", "schema"} & set(fields)
    assert page.default("element_retries") == "3"
    host, _, port = sandbox.url.rpartition(":")
    page.fill("host", host)
    page.fill("port", port)
    page.fill("password", KEY_OF_GATEWAY[form.gateway])
    page.picture(screenshots / f"{form.gateway}_form_standard.png")
    page.unfold("Extra Fields")
    page.fill("element_max_in_flight", "4")
    page.fill("element_idempotency_namespace", "made-by-clicking")
    page.picture(screenshots / f"{form.gateway}_form_extra.png")
    page.save()
    answer = page.press_test(conn_id)
    page.picture(screenshots / f"{form.gateway}_form_tested.png")
    assert answer.get("status") is True, answer
    balance = sandbox.ledger()["balance"][ACCOUNT_OF_GATEWAY[form.gateway]]
    assert f"Balance: {balance:g} credits" in answer["message"]

    connection = stack.client.call("GET", f"/connections/{conn_id}")
    extra = json.loads(connection["extra"])
    assert connection["conn_type"] == form.gateway
    assert (extra["max_in_flight"], extra["idempotency_namespace"]) == (4, "made-by-clicking")

    stack.wait_for_dag(dag_id)
    run_id = stack.client.trigger(dag_id, {"output_path": f"{tmp_path}/out/"})
    assert stack.follow_run(dag_id, run_id, RUN_TIMEOUT) == "success"
    result = stack.client.xcom(dag_id, run_id, "image", -1)
    assert list(Path(tmp_path, "out").glob(f"{result['generation_id']}-0.*"))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.gateway)
def test_a_wrong_key_is_told_by_the_button(
    stack: AirflowStack, sandbox: SandboxProcess, page: browser.ConnectionsPage, form: Form
) -> None:
    host, _, port = sandbox.url.rpartition(":")
    conn_id, key = f"{form.gateway}_wrong_key", f"{KEY_OF_GATEWAY[form.gateway]}-which-is-wrong"
    body = {
        "connection_id": conn_id,
        "conn_type": form.gateway,
        "host": host,
        "port": int(port),
        "password": key,
    }
    stack.client.call("POST", "/connections", body)
    page.load()
    answer = page.press_test(conn_id)
    assert answer.get("status") is False, answer
    assert key not in answer["message"]
    # ToAPIs answers a wrong key at its balance with 200, and says so in words.
    assert {"rivya": "HTTP 401", "toapis": "record not found"}[form.gateway] in answer["message"]
