"""What a try does with a record that another process, deployment, connection or row has written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.decide import Asked, Begin, LookUp, Reattach, Repeat, Stop, next_step
from airflow_provider_rivya.submission.record import STATES, Record, State
from tests.unit.submission.steps import INTENT, NOW, RECORDS, SUBMITTED, step_of


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("replays_keys", [False, True])
def test_a_try_that_was_outlived_begins_nothing(state: State, epoch: int, replays_keys: bool) -> None:
    record = replace(RECORDS[state], try_id="b")
    step = step_of(record, epoch=epoch, fingerprint="other", try_id="a", replays_keys=replays_keys)
    assert step == (Reattach(record) if record.generation_id else Stop(record, "outlived"))


def test_a_clear_is_gone_on_with_under_the_name_of_the_try() -> None:
    record = replace(SUBMITTED, try_id="a")
    assert step_of(record, epoch=2, try_id="b") == Reattach(replace(record, epoch=2, try_id="b"))
    assert step_of(record, try_id="b") == Reattach(record)


@pytest.mark.parametrize("cleared", [False, True])
def test_another_namespace_and_a_clear_leave_a_strange_key_behind(cleared: bool) -> None:
    step = step_of(INTENT, epoch=2 if cleared else 1, namespace="production")
    assert step == (Begin(2, INTENT.attempt + 1, abandoned=INTENT) if cleared else Repeat(INTENT))


@pytest.mark.parametrize("cleared", [False, True])
def test_another_namespace_and_nothing_found_is_another_wish_only_after_a_clear(cleared: bool) -> None:
    step = step_of(
        INTENT,
        replays_keys=False,
        epoch=2 if cleared else 1,
        namespace="production",
        looked_up="absent",
    )
    assert isinstance(step, Begin if cleared else Stop)


@pytest.mark.parametrize("replays", [True, False])
def test_through_another_connection_nothing_is_sent_again_or_looked_up(replays: bool) -> None:
    elsewhere = step_of(INTENT, conn_id="other", replays_keys=replays)
    assert elsewhere == Stop(INTENT, "elsewhere")
    cleared = step_of(INTENT, epoch=2, conn_id="other", replays_keys=replays)
    assert cleared == Begin(2, INTENT.attempt + 1, abandoned=INTENT)
    assert isinstance(step_of(INTENT, replays_keys=replays), Repeat if replays else LookUp)
    taken_in = step_of(SUBMITTED, conn_id="other", replays_keys=replays)
    assert taken_in == Reattach(SUBMITTED), "the gateway is asked, and says whether it knows it"


@pytest.mark.parametrize(
    ("age", "after"), [(0.0, 60.0), (20.0, 40.0), (59.5, 0.5), (60.0, 0.0), (900.0, 0.0), (-3600.0, 60.0)]
)
@pytest.mark.parametrize("cleared", [True, False])
def test_what_its_holder_may_be_sending_is_left_to_it_for_a_while(
    age: float, after: float, cleared: bool
) -> None:
    """Never for longer, whatever the clock of the other worker was."""
    held = replace(INTENT, holder="another", begun_at=NOW - age)
    step = step_of(held, epoch=held.epoch + cleared)
    assert isinstance(step, Repeat)
    assert step.after == after


def test_what_its_holder_has_given_up_is_sent_again_at_once() -> None:
    assert step_of(replace(INTENT, holder="another", begun_at=NOW).released()) == Repeat(
        replace(INTENT, begun_at=NOW)
    )


@pytest.mark.parametrize("record", [INTENT, SUBMITTED, SUBMITTED.delivered()])
@pytest.mark.parametrize(
    ("row_key", "fingerprint", "try_number", "cleared", "twin"),
    [
        ("cat", "another", 1, False, True),
        ("cat", "same", 1, False, False),
        ("cat", "another", 2, False, False),
        ("cat", "another", 1, True, False),
        (None, "another", 1, False, False),
    ],
)
def test_a_first_try_that_finds_another_request_under_its_row_key_stops(
    record: Record, row_key: str | None, fingerprint: str, try_number: int, cleared: bool, twin: bool
) -> None:
    step = next_step(
        record,
        Asked(fingerprint, "", record.conn_id, True, row_key),
        TryFacts(epoch=record.epoch + cleared, try_number=try_number),
        SubmissionPolicy(),
        now=NOW,
    )
    assert (step == Stop(record, "twin")) is twin
