"""Creating and reading generations: the documented shapes, the life cycle, money, idempotency."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.integration.sandbox.wire_tools import IMAGE_SECONDS, create, finished
from tests.sandbox_process import SandboxProcess

FIELDS = {
    "id",
    "status",
    "model",
    "reserved_credits",
    "final_credits",
    "created_at",
    "updated_at",
    "result",
    "error",
}


def test_a_created_generation_has_the_documented_shape(sandbox: SandboxProcess) -> None:
    created = create(sandbox).json()
    assert set(created) == FIELDS
    assert created["id"].startswith("task_")
    assert (created["status"], created["model"]) == ("queued", "z-image")
    assert (created["reserved_credits"], created["final_credits"]) == (1, 0)
    assert created["result"] is None
    assert created["error"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created["created_at"])


def test_the_status_follows_the_time(sandbox: SandboxProcess) -> None:
    path = f"/api/v1/generations/{create(sandbox).json()['id']}"
    seen = []
    for seconds in (0, 5, 10, 10):
        sandbox.advance(seconds)
        seen.append(sandbox.get(path).json())
    assert [answer["status"] for answer in seen] == ["queued", "processing", "processing", "succeeded"]
    assert [answer["final_credits"] for answer in seen] == [0, 0, 0, 1]
    last = seen[-1]
    assert set(last) == FIELDS
    assert last["result"]["primary_url"] == last["result"]["urls"][0]
    moments = [datetime.fromisoformat(last[name]) for name in ("created_at", "updated_at")]
    assert (moments[1] - moments[0]).total_seconds() == pytest.approx(IMAGE_SECONDS, abs=0.002)


def test_speed_divides_the_time(sandbox: SandboxProcess) -> None:
    sandbox.reset(speed=20)
    created = create(sandbox)
    sandbox.advance(1)
    assert sandbox.get(f"/api/v1/generations/{created.json()['id']}").json()["status"] == "succeeded"


def test_the_ledger_has_the_charge(sandbox: SandboxProcess) -> None:
    created = create(sandbox, "nano-banana-2", idempotency_key="k-1", client_request_id="mine").json()
    ledger = sandbox.ledger("rivya")
    assert (ledger["charges"], ledger["refunds"]) == (1, 0)
    entry = ledger["entries"][0]
    at = entry.pop("at")
    assert at == created["created_at"]
    assert entry == {
        "seq": 1,
        "kind": "charge",
        "credits": 5,
        "task_id": created["id"],
        "account": "sandbox",
        "model": "nano-banana-2",
        "idempotency_key": "k-1",
        "client_request_id": "mine",
        "client_business_id": None,
        "gateway": "rivya",
    }
    assert ledger["balance"] == {"sandbox": 995, "other": 1000}
    assert sandbox.get("/api/v1/credits").json() == {"current_credits": 995}


def test_a_balance_that_is_too_low_refuses_and_charges_nothing(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "credits", {"credits": 4})
    refused = create(sandbox, "nano-banana-2")
    assert (refused.status, refused.error_code) == (402, "insufficient_credits")
    assert sandbox.ledger()["entries"] == []
    assert create(sandbox, "z-image").status == 201


def test_a_failed_generation_is_refunded(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="generation_fails")
    status = finished(sandbox, create(sandbox, "nano-banana"))
    assert (status["status"], status["result"], status["final_credits"]) == ("failed", None, 0)
    assert status["error"]["code"] == "generation_failed"
    assert "requestId" not in status["error"]
    ledger = sandbox.ledger()
    assert [entry["kind"] for entry in ledger["entries"]] == ["charge", "refund"]
    assert ledger["balance"]["sandbox"] == 1000
    assert finished(sandbox, create(sandbox))["status"] == "succeeded"


@pytest.mark.parametrize(
    ("options", "error", "final", "refunds"),
    [
        ({"error": None}, None, 0, 1),
        ({"error": {"code": "nsfw", "message": "no"}}, {"code": "nsfw", "message": "no"}, 0, 1),
        ({"error": None, "refund": False}, None, 1, 0),
        ({"error": None, "refund": True}, None, 0, 1),
    ],
)
def test_how_a_generation_fails_can_be_asked_for(
    sandbox: SandboxProcess, options: dict[str, Any], error: dict[str, str] | None, final: int, refunds: int
) -> None:
    sandbox.fault(kind="generation_fails", method="POST", path="/api/v1/generations", **options)
    status = finished(sandbox, create(sandbox))
    assert (status["status"], status["error"], status["final_credits"]) == ("failed", error, final)
    assert sandbox.ledger()["refunds"] == refunds


def test_the_same_key_and_body_replay_the_first_answer(sandbox: SandboxProcess) -> None:
    first = create(sandbox, idempotency_key="once")
    sandbox.advance(IMAGE_SECONDS)
    second = create(sandbox, idempotency_key="once")
    assert (second.status, second.json()) == (first.status, first.json())
    assert sandbox.ledger()["charges"] == 1


def test_the_same_key_with_another_body_is_a_conflict(sandbox: SandboxProcess) -> None:
    create(sandbox, idempotency_key="once")
    refused = create(sandbox, idempotency_key="once", prompt="Another lighthouse")
    assert (refused.status, refused.error_code) == (409, "idempotency_conflict")
    assert sandbox.ledger()["charges"] == 1


def test_without_a_key_each_post_is_a_generation(sandbox: SandboxProcess) -> None:
    assert create(sandbox).json()["id"] != create(sandbox).json()["id"]
    assert sandbox.ledger()["charges"] == 2


def test_a_refused_request_leaves_its_key_free(sandbox: SandboxProcess) -> None:
    assert create(sandbox, idempotency_key="k", prompt="").status == 400
    assert create(sandbox, idempotency_key="k").status == 201


def test_fifty_creates_at_once_with_one_key_are_one_charge(sandbox: SandboxProcess) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: create(sandbox, idempotency_key="one"), range(50)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sandbox.ledger()["charges"] == 1


def test_fifty_creates_at_once_never_overdraw(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "credits", {"credits": 10})
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: create(sandbox), range(50)))
    assert sorted(answer.status for answer in answers) == [201] * 10 + [402] * 40
    assert sandbox.ledger()["balance"]["sandbox"] == 0


@pytest.mark.parametrize("key", ["rvya_sk_sandbox_other"])
def test_a_foreign_generation_is_not_found(sandbox: SandboxProcess, key: str) -> None:
    path = f"/api/v1/generations/{create(sandbox).json()['id']}"
    foreign, unknown = sandbox.get(path, key=key), sandbox.get("/api/v1/generations/task_x", key=key)
    assert (foreign.status, foreign.error_code) == (unknown.status, unknown.error_code) == (404, "not_found")


def test_a_reset_forgets_everything(sandbox: SandboxProcess) -> None:
    created = create(sandbox)
    sandbox.fault(kind="empty")
    sandbox.assume(create_status=200)
    sandbox.control("POST", "keys", {"key": "rvya_sk_mine"})
    sandbox.reset(credits=7)
    assert sandbox.get(f"/api/v1/generations/{created.json()['id']}").status == 404
    assert sandbox.ledger("rivya") == {
        "entries": [],
        "charges": 0,
        "refunds": 0,
        "balance": {"sandbox": 7, "other": 7},
    }
    assert sandbox.control("GET", "faults") == {"faults": []}
    assert sandbox.get("/api/v1/credits", key="rvya_sk_mine").error_code == "api_key_invalid"
    assert create(sandbox).status == 201
