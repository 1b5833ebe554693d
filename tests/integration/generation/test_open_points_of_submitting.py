"""Open points of the create call, of keys, credits, failures and limits."""

from __future__ import annotations

from typing import Any

from tests.integration.operators.stage import IN_DOUBT, NO_USE, Stage, scene
from tests.integration.landed_files import CREATE

PAUSE = "airflow_provider_rivya.submission.paid_call.CONFLICT_PAUSE"
PATIENCE = "airflow_provider_rivya.submission.paid_call.CONFLICT_PATIENCE"
KEY_LENGTH = 46


@scene("create_status", "create_shape", "id_style")
def answered_otherwise(stage: Stage, value: Any) -> None:
    result = stage.delivers(stage.with_reference())
    (task,) = stage.sandbox.tasks()
    assert result["generation_id"] == task["id"]
    assert result["credits_final"] == task["final_credits"]


@scene("client_request_id_echo")
def trace_id(stage: Stage, echoed: bool) -> None:
    stage.delivers(stage.with_reference())
    assert [task["client_request_id"] for task in stage.sandbox.tasks()] == ["t-1"]


@scene("client_request_id_max_length", values=(None, 128, 127))
def long_trace_id(stage: Stage, longest: int | None) -> None:
    run = stage.new_task(client_request_id="x" * 128)
    if longest == 127:
        stage.ends(run, "failed", "128 characters, at most 127 are allowed", "validation_failed", NO_USE)
    else:
        stage.delivers(run)


@scene("idempotency_replay")
def repeated_key(stage: Stage, replay: str) -> None:
    stage.patch.setattr(PAUSE, 0.05)
    stage.patch.setattr(PATIENCE, 0.2)
    run = stage.new_task()
    stage.in_doubt(run)
    if replay == "conflict":
        told = "Whether the gateway took it in is not known. The next try (1 left) sends the same request"
        stage.ends(run, "up_for_retry", "idempotency_conflict", told, charges=1)
    else:
        # A gateway that ignores keys makes another one: nothing but the answer tells that it had the first.
        stage.delivers(run, charges=2 if replay == "new_task" else 1)
    assert len({entry["idempotency_key"] for entry in stage.creates()}) == 1


@scene("idempotency_in_progress")
def key_in_progress(stage: Stage, mode: str) -> None:
    stage.patch.setattr(PAUSE, 0.2)
    stage.connect(read_timeout=1, retries=1)
    stage.sandbox.fault(method="POST", path=CREATE, kind="hang", seconds=2)
    stage.delivers(stage.new_task())
    assert len({entry["idempotency_key"] for entry in stage.creates()}) == 1


@scene("idempotency_ttl_seconds", values=(None, 86400, 60))
def forgotten_key(stage: Stage, kept: float | None) -> None:
    run = stage.new_task()
    stage.in_doubt(run)
    stage.sandbox.advance(61)
    # What the gateway has forgotten it makes again: the client repeats for a day.
    stage.delivers(run, charges=2 if kept == 60 else 1)
    assert len({entry["idempotency_key"] for entry in stage.creates()}) == 1


@scene("idempotency_scope")
def other_api_key(stage: Stage, scope: str) -> None:
    run = stage.new_task()
    stage.in_doubt(run)
    stage.sandbox.control("POST", "keys", {"key": "rvya_sk_sandbox_new", "account": "sandbox"})
    stage.connect(key="rvya_sk_sandbox_new")
    stage.delivers(run, charges=1 if scope == "account" else 2)
    assert len({entry["idempotency_key"] for entry in stage.creates()}) == 1


@scene("idempotency_max_length", values=(None, 255, KEY_LENGTH, KEY_LENGTH - 1))
def longest_key(stage: Stage, longest: int | None) -> None:
    run = stage.new_task()
    if longest == KEY_LENGTH - 1:
        told = f"Idempotency-Key has {KEY_LENGTH} characters, at most {longest} are allowed"
        stage.ends(run, "failed", told, NO_USE)
    else:
        stage.delivers(run)


@scene("insufficient_credits_status")
def no_credits(stage: Stage, status: int) -> None:
    stage.sandbox.control("POST", "credits", {"credits": 0})
    told = f"code insufficient_credits, HTTP {status}, request id req_"
    stage.ends(stage.new_task(), "failed", told, "Top the account up.", NO_USE)


@scene("balance_excludes_reservations")
def running_reservation(stage: Stage, excluded: bool) -> None:
    stage.sandbox.control("POST", "clock", {"speed": 1})
    stage.sandbox.control("POST", "credits", {"credits": 10})
    stage.sandbox.post(CREATE, {"model": "z-image", "prompt": "Somebody else's"})
    run = stage.new_task(min_credits_left=9, deferrable=True)
    first = run.begin()
    if excluded:
        told = "The account has 9 credits; after 1 for this generation fewer than min_credits_left=9"
        stage.ended(
            first, "failed", told, "Top the account up, or lower min_credits_left.", NO_USE, charges=1
        )
    else:
        assert first.state == "deferred", first.text
        stage.sandbox.advance(60)
        stage.delivered(run, run.resume(run.fire(first)), charges=2)


@scene("failed_error")
def failure_without_a_reason(stage: Stage, form: str) -> None:
    stage.sandbox.fault(kind="generation_fails")
    run = stage.new_task()
    reason = "could not make this image" if form == "object" else "The generation failed at the gateway"
    told = ("It cost nothing (final credits 0).", "The next try (2 left) submits a new generation.")
    stage.ends(run, "up_for_retry", reason, *told, charges=1, refunds=1)
    stage.delivers(run, charges=2)


@scene("failed_code", values=("generation_failed", "content_policy_violation"))
def failure_code(stage: Stage, code: str) -> None:
    stage.sandbox.fault(kind="generation_fails")
    run = stage.new_task()
    if code == "generation_failed":
        stage.ends(run, "up_for_retry", code, "submits a new generation", charges=1, refunds=1)
        stage.delivers(run, charges=2)
    else:
        told = "No retry is made, as the same content would be refused again"
        stage.ends(run, "failed", code, told, charges=1, refunds=1)


@scene("refund_on_failure")
def refund(stage: Stage, refunded: str) -> None:
    stage.sandbox.fault(kind="generation_fails")
    run = stage.new_task()
    if refunded == "none":
        stage.ends(run, "failed", "No retry is made, as it would pay again", charges=1)
    else:
        told = "It cost nothing (final credits 0)."
        stage.ends(run, "up_for_retry", told, charges=1, refunds=int(refunded == "full"))
        stage.delivers(run, charges=2)


@scene("refund_delay_seconds", values=(60, 100))
def late_refund(stage: Stage, delay: float) -> None:
    stage.sandbox.assume(refund_on_failure="later")
    stage.sandbox.fault(kind="generation_fails")
    run = stage.new_task()
    stage.ends(run, "up_for_retry", "It cost nothing (final credits 0).", charges=1)
    stage.sandbox.advance(61)
    assert stage.sandbox.ledger()["refunds"] == (1 if delay == 60 else 0)
    stage.delivers(run, charges=2)


@scene("rate_limit_per_window", values=(None, 1, 2))
def few_requests(stage: Stage, limit: int | None) -> None:
    stage.sandbox.assume(rate_limit_window_seconds=1)
    stage.connect(retries=5)
    stage.delivers(stage.new_task())
    assert (429 in [entry["status"] for entry in stage.sandbox.requests()]) is (limit is not None)


@scene("rate_limit_window_seconds", values=(60, 1))
def long_window(stage: Stage, window: float) -> None:
    stage.sandbox.assume(rate_limit_per_window=2)
    run = stage.new_task(deferrable=True)
    first = run.begin()
    assert first.state == "deferred", first.text
    event = run.fire(first)
    stage.sandbox.advance(window)
    stage.delivered(run, run.resume(event))


@scene("retry_after")
def told_when_to_come_again(stage: Stage, form: str) -> None:
    stage.sandbox.assume(rate_limit_per_window=1, rate_limit_window_seconds=1)
    stage.connect(retries=5)
    stage.delivers(stage.new_task())
    assert 429 in [entry["status"] for entry in stage.sandbox.requests()]


@scene("server_error_body")
def server_error(stage: Stage, form: str) -> None:
    stage.connect(retries=0)
    stage.sandbox.fault(method="POST", path=CREATE, kind="status", status=500)
    run = stage.new_task()
    done = run.run()
    stage.ended(done, "up_for_retry", "HTTP 500", IN_DOUBT)
    assert "<html" not in done.text
    stage.delivers(run)


@scene("request_id_header")
def request_id(stage: Stage, in_header: bool) -> None:
    stage.sandbox.control("POST", "credits", {"credits": 0})
    stage.ends(stage.new_task(), "failed", "request id req_", NO_USE)
