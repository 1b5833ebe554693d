"""Every open point of how ToAPIs refuses, in every setting of its switch."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.integration.sandbox.toapis_tools import (
    OTHER_KEY,
    completed,
    create,
    message,
    status,
    upload,
)
from tests.sandbox_process import TOAPIS_KEY, SandboxProcess


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (
            "object",
            {"error": {"message": "TEXT", "type": "unauthorized", "code": "unauthorized"}},
        ),
        ("number_type", {"error": {"message": "TEXT", "type": "authentication_error", "code": 401}}),
        (
            "privacy",
            {"error": {"message": "TEXT", "type": "BadRequest", "code": "unauthorized", "param": ""}},
        ),
        ("message", {"message": "TEXT"}),
        ("success", {"success": False, "message": "TEXT"}),
        ("text", {"error": "TEXT"}),
        ("plain", None),
    ],
)
def test_error_body(sandbox: SandboxProcess, form: str, body: dict[str, Any] | None) -> None:
    sandbox.assume(toapis_error_body=form)
    answer = create(sandbox, key=None)
    assert answer.status == 401
    if body is None:
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.body == b"No Authorization header"
    else:
        assert answer.json() == json.loads(json.dumps(body).replace("TEXT", "No Authorization header"))


@pytest.mark.parametrize(
    ("names", "unauthorized", "invalid", "base64_name"),
    [
        ("status_pages", "unauthorized", "invalid_request", "invalid_request"),
        ("guides", "authentication_error", "invalid_request_error", "invalid_reference_images"),
    ],
)
def test_error_names(
    sandbox: SandboxProcess, names: str, unauthorized: str, invalid: str, base64_name: str
) -> None:
    sandbox.assume(toapis_error_names=names)
    assert create(sandbox, key=None).error_code == unauthorized
    assert create(sandbox, prompt="").error_code == invalid
    assert create(sandbox, image_urls=["data:image/png;base64,AAAA"]).error_code == base64_name


@pytest.mark.parametrize(
    ("place", "kind", "code"),
    [
        ("both", "invalid_request", "invalid_request"),
        ("type", "invalid_request", None),
        ("code", "toapis_error", "invalid_request"),
    ],
)
def test_error_name_in(sandbox: SandboxProcess, place: str, kind: str, code: str | None) -> None:
    sandbox.assume(toapis_error_name_in=place)
    answer = create(sandbox, prompt="")
    assert answer.status == 400
    assert (answer.json()["error"]["type"], answer.json()["error"]["code"]) == (kind, code)


@pytest.mark.parametrize("form", ["message", "error", "message_object", "error_object"])
def test_upload_error(sandbox: SandboxProcess, form: str) -> None:
    sandbox.assume(toapis_upload_error=form)
    answer = upload(sandbox, b"no picture")
    assert answer.status == 400
    field, _, is_object = form.partition("_")
    assert set(answer.json()) == {"success", field}
    text = answer.json()[field]["message"] if is_object else answer.json()[field]
    assert text.startswith("Unsupported image type")


@pytest.mark.parametrize("code", [500, 502, 503, 504])
@pytest.mark.parametrize("form", ["json", "html", "empty"])
def test_server_error_body(sandbox: SandboxProcess, form: str, code: int) -> None:
    sandbox.assume(toapis_server_error_body=form)
    sandbox.fault(kind="status", status=code)
    answer = create(sandbox)
    assert answer.status == code
    assert answer.error_code == ("internal_error" if form == "json" else None)
    assert (answer.body == b"") is (form == "empty")
    assert (b"<html>" in answer.body) is (form == "html")
    assert create(sandbox, key=None).error_code == "unauthorized"


@pytest.mark.parametrize("form", ["none", "seconds", "date"])
def test_retry_after(sandbox: SandboxProcess, form: str) -> None:
    sandbox.assume(toapis_retry_after=form, rate_limit_per_window=1, rate_limit_window_seconds=40)
    assert sandbox.get("/v1/models", key=TOAPIS_KEY).status == 200
    refused = create(sandbox)
    assert (refused.status, refused.error_code) == (429, "rate_limit_exceeded")
    header = refused.headers.get("retry-after")
    if form == "none":
        assert header is None
    elif form == "date":
        assert parsedate_to_datetime(str(header)).tzinfo is not None
    else:
        assert 0 < int(str(header)) <= 40
    sandbox.advance(40)
    assert create(sandbox).status == 200


@pytest.mark.parametrize(
    ("code", "name", "retry_after"),
    [(402, "insufficient_quota", None), (429, "rate_limit_exceeded", "1")],
)
def test_quota_status(sandbox: SandboxProcess, code: int, name: str, retry_after: str | None) -> None:
    sandbox.assume(toapis_quota_status=code, toapis_retry_after="seconds")
    sandbox.set_credits(4, "toapis")
    refused = create(sandbox)
    assert (refused.status, refused.error_code) == (code, name)
    assert refused.headers.get("retry-after") == retry_after
    assert "quota" in message(refused)
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize(
    ("how", "status_code", "document"),
    [
        (
            "404_number",
            404,
            {"error": {"code": 404, "message": "No image task 'x'", "type": "not_found_error"}},
        ),
        ("404_name", 404, {"error": {"code": "task_not_found", "message": "No image task 'x'"}}),
        ("400_message", 400, {"message": "task_not_exist"}),
        ("400_code", 400, {"error": {"code": "task_not_exist", "message": "No image task 'x'"}}),
        ("html", 404, None),
    ],
)
def test_unknown_task(sandbox: SandboxProcess, how: str, status_code: int, document: object) -> None:
    sandbox.assume(toapis_unknown_task=how)
    answer = status(sandbox, "x")
    assert answer.status == status_code
    if document is None:
        assert answer.body.startswith(b"<")
    else:
        assert answer.json() == document


@pytest.mark.parametrize("makes", [True, False])
@pytest.mark.parametrize("how", ["rate_limit_unavailable", "no_channel", "html", "json_unknown"])
def test_503(sandbox: SandboxProcess, how: str, makes: bool) -> None:
    """Only where nothing is known of it may a task have been made."""
    sandbox.assume(toapis_503=how, toapis_503_makes_task=makes)
    answer = create(sandbox)
    assert answer.status == 503
    assert ("retry-after" in answer.headers) is (how == "rate_limit_unavailable")
    assert (b"no available channel" in answer.body) is (how == "no_channel")
    made = makes and how in ("html", "json_unknown")
    assert sandbox.ledger("toapis")["charges"] == made


def test_message_language(sandbox: SandboxProcess) -> None:
    assert message(create(sandbox, prompt="")).isascii()
    sandbox.assume(toapis_message_language="zh")
    assert not message(create(sandbox, prompt="")).isascii()


@pytest.mark.parametrize(
    ("when", "code", "told"),
    [
        ("on_create", 422, None),
        ("failed_task", 200, "content_policy_violation"),
        ("failed_task_words", 200, "generation_failed"),
        ("failed_task_422", 200, "generation_failed"),
    ],
)
def test_refused_content(sandbox: SandboxProcess, when: str, code: int, told: str | None) -> None:
    sandbox.assume(toapis_refused_content=when)
    sandbox.fault(kind="content_refused")
    answer = create(sandbox)
    assert answer.status == code
    if when == "on_create":
        assert answer.error_code == "content_policy_violation"
        assert sandbox.ledger()["entries"] == []
    else:
        assert completed(sandbox, answer)["error"]["code"] == told
    assert completed(sandbox, create(sandbox))["status"] == "completed"


@pytest.mark.parametrize("code", [400, 404])
def test_unknown_model_status(sandbox: SandboxProcess, code: int) -> None:
    sandbox.assume(toapis_unknown_model_status=code)
    answer = create(sandbox, "no-such-model")
    assert answer.status == code
    assert "no-such-model" in message(answer)


@pytest.mark.parametrize("code", [400, 422, 500])
def test_quoted_n_status(sandbox: SandboxProcess, code: int) -> None:
    sandbox.assume(toapis_quoted_n_status=code)
    answer = create(sandbox, n="1")
    assert answer.status == code
    assert code == 500 or "n: '1' is a string" in message(answer)
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize("code", [404, 403])
def test_foreign_task_status(sandbox: SandboxProcess, code: int) -> None:
    sandbox.assume(toapis_foreign_task_status=code)
    assert status(sandbox, create(sandbox).json()["id"], key=OTHER_KEY).status == code
    assert status(sandbox, "task_img_none").status == 404


@pytest.mark.parametrize("code", [401, 200, 403])
@pytest.mark.parametrize("path", ["/v1/balance", "/balance", "/v1/user/balance"])
def test_balance_error_status(sandbox: SandboxProcess, path: str, code: int) -> None:
    sandbox.assume(toapis_balance_error_status=code)
    missing, unknown = sandbox.get(path, key=None), sandbox.get(path, key="sk-nobody")
    assert missing.status == unknown.status == code

    def told(message: str) -> dict[str, Any]:
        if code == 401:
            return {"error": {"code": 401, "message": message, "type": "authentication_error"}}
        return {"success": False, "message": message}

    assert missing.json() == told("No Authorization header")
    assert unknown.json() == told("Failed to get token info: record not found")
    sandbox.assume(toapis_bad_key_text="beginning")
    assert sandbox.get(path, key="sk-nobody").json() == told("Failed to get token info")


@pytest.mark.parametrize("form", ["all", "none"])
def test_ratelimit_headers(sandbox: SandboxProcess, form: str) -> None:
    sandbox.assume(toapis_ratelimit_headers=form, rate_limit_per_window=0, rate_limit_window_seconds=40)
    for answer, category in ((create(sandbox), "async_submit"), (status(sandbox, "x"), "async_query")):
        assert answer.status == 429
        assert answer.headers.get("x-ratelimit-category") == (category if form == "all" else None)
