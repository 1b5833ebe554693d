"""What goes wrong with a batch or its rows: what is still paid for, landed, told, and gone on with."""

from __future__ import annotations

from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import AuthenticationError, GenerationTimeoutError
from airflow_provider_rivya.request.budget import Budget
from tests.integration.batch.conftest import NewBatch, products
from tests.integration.batch_faults import FaultInjector
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

CONTENT = {"code": "content_policy_violation", "message": "It was refused by the content policy"}
PRICED = {"model": "nano-banana-2", "budget": Budget(None, allow_estimates=True)}
PRICE = 5
"""What both gateways' pages say that it costs."""


@at_each
def test_a_gateway_that_fails_everything_is_not_asked_for_all_of_it(
    new_batch: NewBatch, sandbox: SandboxProcess
) -> None:
    batch = new_batch(40, limits=Limits(max_running=10, max_consecutive_failures=5))
    sandbox.fault(kind="generation_fails", times=1000, refund=False)
    done = batch.run()
    assert "Too many rows have failed one after the other" in done.text
    assert done.error is not None
    assert done.error.retryable
    assert not done.error.final
    assert 5 <= batch.posts <= 20  # those that ran, and one top-up beside them
    sent = batch.posts
    sandbox.control("DELETE", "faults")
    again = batch.run()
    assert f"{sent} of 40 rows have no result" in again.text
    assert batch.posts == 40
    assert sum(line["status"] == "succeeded" for line in batch.manifest().values()) == 40 - sent


@at_each
def test_a_row_that_never_ends_holds_no_other_and_is_waited_for_by_the_next_try(
    new_batch: NewBatch, sandbox: SandboxProcess
) -> None:
    batch = new_batch(12, timeout=100.0, limits=Limits(max_running=10))
    sandbox.fault(kind="generation_takes", seconds=400)
    done = batch.run()
    assert isinstance(done.error, GenerationTimeoutError)
    assert "11 succeeded, 1 not landed" in done.text
    lines = batch.manifest()
    (late,) = (line for line in lines.values() if line["status"] != "succeeded")
    assert (late["status"], late["error_kind"]) == ("not_landed", "running")
    batch.timeout = 3600.0
    assert batch.run().counts == {"succeeded": 12}
    assert (batch.posts, batch.charges, len(batch.manifest())) == (12, 12, 12)


@at_each
def test_a_minute_of_429_is_waited_for_and_nothing_is_sent_meanwhile(
    new_batch: NewBatch, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    batch = new_batch(30, limits=Limits(max_running=10))
    sandbox.fault(
        kind="rate_limit", method="POST", path=gateway.create, times=10, retry_after="seconds", seconds=60
    )
    done = batch.run()
    assert done.counts == {"succeeded": 30}
    refused = [r for r in sandbox.requests() if r["status"] == 429]
    assert len(refused) <= 10
    assert batch.posts == 30 + len(refused)
    assert batch.charges == 30


@at_each
def test_content_that_is_refused_fails_its_rows_alone(new_batch: NewBatch, sandbox: SandboxProcess) -> None:
    batch = new_batch(100, arguments={"max_failed_rows": 0.01}, limits=Limits(max_running=100))
    sandbox.fault(kind="generation_fails", refund=True, error=CONTENT)
    done = batch.run()
    assert done.counts == {"succeeded": 99, "refused": 1}
    assert batch.posts == 100  # content is not asked for twice
    assert [row["status"] for row in done.xcom["failed_sample"]] == ["refused"]
    assert batch.succeeded
    sandbox.fault(kind="generation_fails", times=2, refund=True, error=CONTENT)
    batch.clear(products(104))
    failed = batch.run()
    assert "2 of 104 rows have no result" in failed.text
    assert failed.error is not None
    assert failed.error.final
    assert not batch.succeeded


@at_each
def test_a_budget_that_is_reached_within_a_window_is_kept_to_the_credit(
    new_batch: NewBatch,
) -> None:
    limits = Limits(max_running=12, max_credits_total=PRICE * 7.5)
    batch = new_batch(12, limits=limits, asked=PRICED)
    done = batch.run()
    assert (done.xcom["ended"], done.counts) == ("budget", {"succeeded": 7, "not_submitted": 5})
    assert (batch.charges, batch.posts) == (7, 7)
    assert done.xcom["credits"]["estimated_left"] == 5 * PRICE
    assert batch.succeeded
    assert batch.run().counts["succeeded"] == 7  # another try has no other budget
    assert batch.posts == 7


@at_each
def test_a_budget_that_is_too_small_fails_where_that_is_asked_for(
    new_batch: NewBatch,
) -> None:
    limits = Limits(max_running=4, max_credits_total=PRICE * 6)
    batch = new_batch(10, limits=limits, asked=PRICED, arguments={"fail_on_budget": True})
    done = batch.run()
    assert "The budget is spent and not all rows are made" in done.text
    assert "Raise max_credits_total and clear the task" in done.text
    assert done.error is not None
    assert done.error.final
    assert not batch.succeeded
    batch.limits = Limits(max_running=4, max_credits_total=PRICE * 10)
    batch.clear()
    assert batch.run().counts == {"succeeded": 4, "reused": 6}
    assert (batch.charges, batch.posts) == (10, 10)


@at_each
def test_a_key_that_is_revoked_in_the_middle_stops_submitting_and_nothing_is_lost(
    new_batch: NewBatch, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    def let_the_key_be(state: str) -> None:
        sandbox.control("POST", "keys", {"key": gateway.key, "state": state, "gateway": gateway.name})

    # All have room at once: else those that run may fill it, and nothing more is there to be refused.
    batch = new_batch(30, limits=Limits(max_running=30), timeout=7200.0)
    done = batch.run(FaultInjector("created", 15, lambda: let_the_key_be("revoked")))
    assert isinstance(done.error, AuthenticationError)
    assert done.error.final
    assert "No retry is made. When that is fixed, clear the task" in done.text
    paid = batch.charges
    assert 15 <= paid <= 15 + 8  # calls at once
    let_the_key_be("active")
    batch.clear()
    done = batch.run()
    assert done.counts == {"succeeded": 30}
    assert (batch.charges, len(batch.manifest())) == (30, 30)
