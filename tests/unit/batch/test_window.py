"""What may be submitted next: budget, breaker, what an account has left."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from airflow_provider_rivya.api.schemas import Balance
from airflow_provider_rivya.batch.ledger import RowError, RowState
from airflow_provider_rivya.batch.window import Course, Limits, action, available
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.submission.record import Record
from tests.unit.batch.batch_gateway import Gateway
from tests.unit.batch.batch_world import World, table


def test_a_breaker_that_has_opened_stays_open() -> None:
    course = Course(Limits(max_consecutive_failures=2))
    for status, broken in (("failed", False), ("succeeded", False), ("failed", False), ("refused", True)):
        course.ended(status)  # type: ignore[arg-type]
        assert course.broken is broken
    course.ended("succeeded")
    assert course.broken
    assert course.room() == 0


@pytest.mark.parametrize("tells", [True, False], ids=["told when taken in", "told in the end"])
def test_a_gateway_that_is_dearer_than_its_pages_exceeds_no_budget(tmp_path: Path, tells: bool) -> None:
    gateway = Gateway(cost=2.0, tells=tells)  # its pages say 1
    limits = Limits(max_running=1, max_credits_total=5.0)
    done = World(tmp_path, gateway, limits=limits, rows=table(5)).attempt()
    assert isinstance(done, dict)
    assert (done["ended"], done["credits"]["final"], len(gateway.made)) == ("budget", 4, 2)


def test_what_an_account_may_be_asked_for() -> None:
    assert available(Balance(credits=10), 4.0) == 6.0
    assert available(Balance(credits=-1, unlimited=True), 4.0) == math.inf
    with pytest.raises(InvalidRequestError, match="the balance in balance units"):
        available(Balance(credits=10, unit="balance units"), 4.0)
    course = Course(Limits(), available=2.5)
    assert course.affordable([1.0, 1.0, 1.0]) == 2
    assert course.over_budget


@pytest.mark.parametrize(("budget", "spent", "rows"), [(18.9, 0.0, 3), (18.9, 12.6, 1), (18.899, 0.0, 2)])
def test_a_budget_that_does_exactly_does(budget: float, spent: float, rows: int) -> None:
    """A price of ToAPIs, which as a float is not quite a third of three times itself."""
    course = Course(Limits(max_credits_total=budget), spent=spent)
    assert course.affordable([6.3] * 4) == rows


SUBMITTED = Record("intent", 1, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image").submitted("t", 1.0, 2.0)
"""In epoch 1, of a task that was cleared once."""


@pytest.mark.parametrize(
    ("code", "credits", "begun", "does"),
    [
        pytest.param("generation_failed", 0.0, 1, "submit", id="refunded"),
        pytest.param("generation_failed", 0.0, 3, "done", id="refunded as often as it may be tried"),
        pytest.param("generation_failed", 1.0, 1, "done", id="charged"),
        pytest.param("generation_failed", None, 1, "done", id="nobody tells what it cost"),
        pytest.param("content_policy_violation", 0.0, 1, "done", id="refused for its content"),
    ],
)
def test_a_failed_generation_is_made_again_only_where_it_cost_nothing(
    code: str, credits: float | None, begun: int, does: str
) -> None:
    state = RowState(record=SUBMITTED.failed(code, credits), begun=begun)
    assert action(state, epoch=1, fingerprint="f", on_rerun="reuse", row_attempts=2) == does


@pytest.mark.parametrize(
    ("epoch", "final", "does"), [(1, True, "done"), (1, False, "submit"), (2, True, "submit")]
)
def test_what_no_retry_can_fix_a_clear_may(epoch: int, final: bool, does: str) -> None:
    state = RowState(error=RowError("refused", "error", "The gateway refused it", 1, final))
    assert action(state, epoch=epoch, fingerprint="f", on_rerun="reuse", row_attempts=2) == does
