"""What may be submitted next: budget, breaker, what an account has left."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from airflow_provider_rivya.api.schemas import Balance
from airflow_provider_rivya.batch.window import Course, Limits, available
from airflow_provider_rivya.exceptions import InvalidRequestError
from tests.unit.batch.batch_world import Gateway, World, table


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
