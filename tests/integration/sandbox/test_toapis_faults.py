"""Faults and scripted outcomes at ToAPIs' endpoints."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.sandbox.toapis_tools import (
    IMAGES,
    NANO,
    VIDEOS,
    completed,
    create,
    create_video,
    result_url,
    status,
    upload,
)
from tests.integration.sandbox.wire_tools import IMAGE_SECONDS, picture, wait_for_charge
from tests.sandbox_process import TOAPIS_KEY, SandboxProcess

NO_JSON = (json.JSONDecodeError, UnicodeDecodeError)
LOST = (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionResetError)


@pytest.mark.parametrize(
    ("options", "code", "name"),
    [
        ({"kind": "status", "status": 401}, 401, "unauthorized"),
        ({"kind": "status", "status": 402}, 402, "insufficient_quota"),
        ({"kind": "status", "status": 404}, 404, "404"),
        ({"kind": "status", "status": 409}, 409, "invalid_request"),
        ({"kind": "status", "status": 422}, 422, "content_policy_violation"),
        ({"kind": "status", "status": 429}, 429, "rate_limit_exceeded"),
        ({"kind": "status", "status": 503}, 503, None),
        ({"kind": "status", "status": 400, "code": "odd"}, 400, "odd"),
        ({"kind": "rate_limit", "retry_after": 3}, 429, "rate_limit_exceeded"),
    ],
)
def test_refusals_speak_as_the_gateway(
    sandbox: SandboxProcess, options: dict[str, Any], code: int, name: str | None
) -> None:
    sandbox.fault(**options)
    answer = create(sandbox)
    assert (answer.status, answer.error_code) == (code, name)
    assert answer.headers.get("retry-after") == ("3" if options["kind"] == "rate_limit" else None)
    if name is not None and name != "404":
        sandbox.fault(**options)
        assert set(upload(sandbox, picture()).json()) == {"success", "message"}
        sandbox.fault(**options)
        balance = sandbox.get("/v1/balance", key=TOAPIS_KEY).json()
        assert set(balance) == {"error"} if code == 401 else balance["success"] is False
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize(
    ("kind", "taken_in"), [("cut_before", False), ("cut_after", True), ("answer_cut", True)]
)
def test_a_lost_answer_can_be_looked_up(sandbox: SandboxProcess, kind: str, taken_in: bool) -> None:
    sandbox.fault(kind=kind, method="POST", path=IMAGES)
    with pytest.raises(LOST):
        create(sandbox, client_business_id="mine")
    assert status(sandbox, "mine").status == (200 if taken_in else 404)
    assert sandbox.ledger("toapis")["charges"] == taken_in


def test_a_task_is_taken_in_before_its_answer_hangs(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="hang", seconds=600, path=VIDEOS)
    parts = urlsplit(sandbox.url)
    waiting = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    body = {"model": "kling-v3", "prompt": "x", "duration": 5, "client_business_id": "mine"}
    headers = {"Authorization": f"Bearer {TOAPIS_KEY}", "Content-Type": "application/json"}
    waiting.request("POST", VIDEOS, json.dumps(body), headers)
    wait_for_charge(sandbox)
    assert status(sandbox, "mine", path=VIDEOS).json()["status"] == "queued"
    waiting.close()


@pytest.mark.parametrize(
    ("fault", "code", "broken"),
    [
        ({"kind": "html"}, 200, True),
        ({"kind": "empty"}, 200, True),
        ({"kind": "truncated"}, 200, True),
        ({"kind": "corrupt"}, 200, True),
        ({"kind": "redirect", "location": "http://127.0.0.1:1/"}, 302, True),
        ({"kind": "content_type", "value": "text/plain"}, 200, False),
        ({"kind": "delay", "seconds": 0.01}, 200, False),
    ],
)
def test_other_faults_of_the_wire(
    sandbox: SandboxProcess, fault: dict[str, Any], code: int, broken: bool
) -> None:
    made = create(sandbox).json()["id"]
    if fault["kind"] == "truncated":
        fault = {**fault, "declare_length": False}
    sandbox.fault(**fault, path=f"{IMAGES}/*")
    answer = status(sandbox, made)
    assert answer.status == code
    if broken:
        with pytest.raises(NO_JSON):
            answer.json()
    else:
        assert answer.json()["id"] == made
    assert status(sandbox, made).json()["status"] == "queued"


def test_a_failure_as_asked(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="generation_fails", error={"code": "odd", "message": "why"}, refund=False)
    failed = completed(sandbox, create(sandbox))
    assert (failed["status"], failed["error"]) == ("failed", {"code": "odd", "message": "why"})
    assert failed["progress"] == 0
    assert not {"url", "result", "expires_at"} & set(failed)
    assert sandbox.credits("toapis") == 995
    sandbox.fault(kind="generation_fails", error=None)
    assert completed(sandbox, create(sandbox))["error"] is None


def test_an_unknown_status(sandbox: SandboxProcess) -> None:
    created = create(sandbox)
    sandbox.fault(kind="unknown_status", status="cancelled", for_polls=2)
    answers = [completed(sandbox, created), status(sandbox, created.json()["id"]).json()]
    assert [answer["status"] for answer in answers] == ["cancelled", "cancelled"]
    assert "url" not in answers[0]
    assert status(sandbox, created.json()["id"]).json()["status"] == "completed"


@pytest.mark.parametrize("gateway", ["rivya", "toapis"])
@pytest.mark.parametrize(
    ("seconds", "seen"),
    [(0, ["completed", "completed"]), (100, ["in_progress", "completed"]), (None, ["in_progress"] * 2)],
)
def test_how_long_a_task_takes(
    sandbox: SandboxProcess, gateway: str, seconds: float | None, seen: list[str]
) -> None:
    sandbox.fault(kind="generation_takes", seconds=seconds)
    if gateway == "toapis":
        created, path, key = create(sandbox), IMAGES, TOAPIS_KEY
        words = {"in_progress": "in_progress", "completed": "completed"}
    else:
        path, key = "/api/v1/generations", "rvya_sk_sandbox"
        created = sandbox.post(path, {"model": "z-image", "prompt": "A tree"}, key=key)
        words = {"in_progress": "processing", "completed": "succeeded"}
    answers = []
    for wait in (IMAGE_SECONDS, 365 * 86400):
        sandbox.advance(wait)
        answers.append(sandbox.get(f"{path}/{created.json()['id']}", key=key).json()["status"])
    assert answers == [words[word] for word in seen]
    assert sandbox.get("/", key=None).status == 200


@pytest.mark.parametrize("seconds", [-1, "1", 1e12])
def test_a_wrong_time_is_refused(sandbox: SandboxProcess, seconds: Any) -> None:
    fault = {"kind": "generation_takes", "seconds": seconds}
    assert sandbox.post("/sandbox/faults", fault, key=None).status == 400


def test_files_can_break_too(sandbox: SandboxProcess) -> None:
    done = completed(sandbox, create_video(sandbox), path=VIDEOS)
    sandbox.fault(kind="status", status=503, path="/generated/*")
    assert sandbox.get(result_url(done), key=None).status == 503
    assert sandbox.get(result_url(done), key=None).headers["content-type"] == "video/mp4"


def test_a_reset_forgets_everything(sandbox: SandboxProcess) -> None:
    made = create(sandbox, client_business_id="mine").json()["id"]
    sent = upload(sandbox, picture()).json()["data"]["url"]
    sandbox.assume(toapis_create_status=201)
    sandbox.reset(credits=7)
    assert status(sandbox, made).status == status(sandbox, "mine").status == 404
    assert sandbox.get(sent, key=None).status == 404
    assert sandbox.ledger("toapis")["entries"] == []
    assert sandbox.credits("toapis") == 7
    assert create(sandbox).status == 200


def test_the_request_log_shows_no_key(sandbox: SandboxProcess) -> None:
    create(sandbox)
    sandbox.get("/v1/models?type=image", key=TOAPIS_KEY)
    log = sandbox.requests()
    assert [(entry["method"], entry["path"], entry["query"]) for entry in log] == [
        ("POST", IMAGES, ""),
        ("GET", "/v1/models", "type=image"),
    ]
    assert TOAPIS_KEY not in str(log)
    assert sandbox.tasks()[0]["model"] == NANO


@pytest.mark.parametrize(("method", "code"), [("GET", 405), ("DELETE", 405)])
def test_what_there_is_not(sandbox: SandboxProcess, method: str, code: int) -> None:
    answer = sandbox.request(method, IMAGES, key=TOAPIS_KEY)
    assert answer.status == code
    assert "No such endpoint" in answer.json()["error"]["message"]
    assert sandbox.request(method, "/v1/nothing", key=TOAPIS_KEY).status == 404
