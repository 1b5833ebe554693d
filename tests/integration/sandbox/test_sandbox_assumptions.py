"""Every open point of the contract, in every setting of its switch."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_rivya.sandbox.assumptions.current import BY_NAME
from tests.integration.sandbox.wire_tools import (
    IMAGE_SECONDS,
    create,
    finished,
)
from tests.sandbox_process import SandboxProcess


def test_every_switch_is_shown_with_its_default_and_says_that_it_is_open(sandbox: SandboxProcess) -> None:
    shown = sandbox.control("GET", "assumptions")
    assert set(shown) == set(BY_NAME)
    for entry in shown.values():
        assert entry["value"] == entry["default"]
        assert "choices" in entry or "type" in entry
        assert len(entry["assumption"]) > 30


@pytest.mark.parametrize(
    "values",
    [
        {"no_such": 1},
        {"create_status": 204},
        {"create_status": "200"},
        {"result_primary": 1},
        {"failed_code": ""},
        {"file_ttl_seconds": -1},
        {"refund_delay_seconds": None},
        {"rate_limit_per_window": 1.5},
        {"create_status": 200, "id_style": "huge"},
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_set(sandbox: SandboxProcess, values: dict[str, Any]) -> None:
    before = sandbox.control("GET", "assumptions")
    answer = sandbox.post("/sandbox/assumptions", values, key=None)
    assert answer.status == 400
    assert list(values)[-1] in answer.json()["error"]
    assert sandbox.control("GET", "assumptions") == before


@pytest.mark.parametrize("status", [200, 201, 202])
def test_create_status(sandbox: SandboxProcess, status: int) -> None:
    sandbox.assume(create_status=status)
    assert create(sandbox).status == status


@pytest.mark.parametrize(("shape", "present"), [("full", True), ("short", False)])
def test_create_shape(sandbox: SandboxProcess, shape: str, present: bool) -> None:
    sandbox.assume(create_shape=shape)
    created = create(sandbox).json()
    assert {name in created for name in ("final_credits", "created_at", "updated_at")} == {present}
    assert created["reserved_credits"] == 1


@pytest.mark.parametrize("echo", [True, False])
def test_client_request_id_echo(sandbox: SandboxProcess, echo: bool) -> None:
    sandbox.assume(client_request_id_echo=echo)
    created = create(sandbox, client_request_id="mine").json()
    assert created.get("client_request_id") == ("mine" if echo else None)


@pytest.mark.parametrize(("limit", "status"), [(None, 201), (128, 400), (200, 201)])
def test_client_request_id_max_length(sandbox: SandboxProcess, limit: int | None, status: int) -> None:
    sandbox.assume(client_request_id_max_length=limit)
    assert create(sandbox, client_request_id="x" * 200).status == status


@pytest.mark.parametrize("form", ["object", "null"])
def test_failed_error_and_code(sandbox: SandboxProcess, form: str) -> None:
    sandbox.assume(failed_error=form, failed_code="content_refused")
    sandbox.fault(kind="generation_fails")
    error = finished(sandbox, create(sandbox))["error"]
    assert (error and error["code"]) == ("content_refused" if form == "object" else None)


@pytest.mark.parametrize("order", ["as_made", "reversed"])
def test_result_order(sandbox: SandboxProcess, order: str) -> None:
    sandbox.assume(result_order=order)
    urls = finished(sandbox, create(sandbox, "seedream-4-0", params={"max_images": 2}))["result"]["urls"]
    numbers = [url.rpartition("/")[2] for url in urls]
    assert numbers == (["0.png", "1.png"] if order == "as_made" else ["1.png", "0.png"])


@pytest.mark.parametrize("primary", [True, False])
def test_result_primary(sandbox: SandboxProcess, primary: bool) -> None:
    sandbox.assume(result_primary=primary)
    assert ("primary_url" in finished(sandbox, create(sandbox))["result"]) is primary


@pytest.mark.parametrize(("host", "name"), [("same", "127.0.0.1"), ("localhost", "localhost")])
def test_result_host(sandbox: SandboxProcess, host: str, name: str) -> None:
    sandbox.assume(result_host=host)
    url = urlsplit(finished(sandbox, create(sandbox))["result"]["primary_url"])
    assert (url.hostname, url.port) == (name, urlsplit(sandbox.url).port)


@pytest.mark.parametrize("redirect", [True, False])
def test_result_redirect(sandbox: SandboxProcess, redirect: bool) -> None:
    sandbox.assume(result_redirect=redirect)
    answer = sandbox.get(finished(sandbox, create(sandbox))["result"]["primary_url"], key=None)
    assert answer.status == (302 if redirect else 200)
    if redirect:
        answer = sandbox.get(answer.headers["location"], key=None)
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(("needed", "status"), [(True, 401), (False, 200)])
def test_result_needs_key(sandbox: SandboxProcess, needed: bool, status: int) -> None:
    sandbox.assume(result_needs_key=needed)
    url = finished(sandbox, create(sandbox))["result"]["primary_url"]
    assert sandbox.get(url, key=None).status == status
    assert sandbox.get(url).status == 200


@pytest.mark.parametrize(("ttl", "status"), [(None, 200), (60, 403)])
def test_result_url_ttl_seconds(sandbox: SandboxProcess, ttl: float | None, status: int) -> None:
    sandbox.assume(result_url_ttl_seconds=ttl)
    task = finished(sandbox, create(sandbox))
    url = task["result"]["primary_url"]
    assert sandbox.get(url).status == 200
    sandbox.advance(61)
    assert sandbox.get(url).status == status
    fresh = sandbox.get(f"/api/v1/generations/{task['id']}").json()["result"]["primary_url"]
    assert sandbox.get(fresh).status == 200
    assert sandbox.get(fresh.partition("?")[0]).status == status


@pytest.mark.parametrize("status", [402, 400, 403, 409])
def test_insufficient_credits_status(sandbox: SandboxProcess, status: int) -> None:
    sandbox.assume(insufficient_credits_status=status)
    sandbox.control("POST", "credits", {"credits": 0})
    answer = create(sandbox)
    assert (answer.status, answer.error_code) == (status, "insufficient_credits")


@pytest.mark.parametrize(
    ("refund", "final", "at_once", "later"),
    [("full", 0, 1000, 1000), ("none", 1, 999, 999), ("later", 0, 999, 1000)],
)
def test_refund_on_failure(
    sandbox: SandboxProcess, refund: str, final: int, at_once: int, later: int
) -> None:
    sandbox.assume(refund_on_failure=refund, refund_delay_seconds=100)
    sandbox.fault(kind="generation_fails")
    assert finished(sandbox, create(sandbox))["final_credits"] == final
    assert sandbox.ledger()["balance"]["sandbox"] == at_once
    sandbox.advance(100)
    assert sandbox.ledger()["balance"]["sandbox"] == later


@pytest.mark.parametrize(("excludes", "running"), [(True, 999), (False, 1000)])
def test_balance_excludes_reservations(sandbox: SandboxProcess, excludes: bool, running: int) -> None:
    sandbox.assume(balance_excludes_reservations=excludes)
    create(sandbox)
    assert sandbox.get("/api/v1/credits").json() == {"current_credits": running}
    sandbox.advance(IMAGE_SECONDS)
    assert sandbox.get("/api/v1/credits").json() == {"current_credits": 999}


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_rate_limit_and_retry_after(sandbox: SandboxProcess, form: str) -> None:
    sandbox.assume(rate_limit_per_window=1, rate_limit_window_seconds=40, retry_after=form)
    assert sandbox.get("/api/v1/credits").status == 200
    refused = sandbox.get("/api/v1/credits")
    assert refused.error_code == "rate_limited"
    header = refused.headers.get("retry-after")
    if form == "none":
        assert header is None
    elif form == "date":
        assert parsedate_to_datetime(str(header)).tzinfo is not None
    else:
        assert 0 < int(str(header)) <= 40
    sandbox.advance(40)
    assert sandbox.get("/api/v1/credits").status == 200


@pytest.mark.parametrize(("style", "length"), [("short", 12), ("long", 64)])
def test_id_style(sandbox: SandboxProcess, style: str, length: int) -> None:
    sandbox.assume(id_style=style)
    created = create(sandbox).json()
    assert len(created["id"].removeprefix("task_")) == length
    assert sandbox.get(f"/api/v1/generations/{created['id']}").json()["id"] == created["id"]


@pytest.mark.parametrize("header", [True, False])
def test_request_id_header(sandbox: SandboxProcess, header: bool) -> None:
    sandbox.assume(request_id_header=header)
    answer = sandbox.get("/api/v1/credits", key=None)
    expected = answer.json()["error"]["requestId"] if header else None
    assert answer.headers.get("x-request-id") == expected


@pytest.mark.parametrize("form", ["json", "html"])
def test_server_error_body(sandbox: SandboxProcess, form: str) -> None:
    sandbox.assume(server_error_body=form)
    sandbox.fault(kind="status", status=502)
    answer = sandbox.get("/api/v1/credits")
    assert answer.status == 502
    assert (answer.error_code is None) is (form == "html")
    assert sandbox.get("/api/v1/credits", key=None).error_code == "api_key_missing"


@pytest.mark.parametrize(("kept", "status"), [(None, 200), (3600, 404)])
def test_task_retention_seconds(sandbox: SandboxProcess, kept: float | None, status: int) -> None:
    sandbox.assume(task_retention_seconds=kept)
    path = f"/api/v1/generations/{create(sandbox).json()['id']}"
    sandbox.advance(3599)
    assert sandbox.get(path).status == 200
    sandbox.advance(2)
    assert sandbox.get(path).status == status
