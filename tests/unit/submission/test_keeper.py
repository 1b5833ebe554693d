"""Keeping the record of one task: what stops a try before it pays, and nothing after it; two processes."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import FRESH, RecordKeeper
from airflow_provider_rivya.submission.record import Record, State
from airflow_provider_rivya.submission.stores import (
    FileRecords,
    NoRecords,
    RecordTakenError,
    StateStoreRecords,
)
from tests.unit.state_store import StateStore

IDENTITY = Identity("", "dag", "run", "task", -1)
INTENT = Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5.0, 2.0)
OTHER = replace(INTENT, holder="another process")


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def keeper(tmp_path: Path) -> RecordKeeper:
    """A keeper of a record in a file, where other processes may write, too."""
    return RecordKeeper(FileRecords(OutputPlace(f"{tmp_path}/"), IDENTITY), "rivya_default")


@pytest.fixture
def another(tmp_path: Path) -> RecordKeeper:
    """Another process of the same task."""
    return RecordKeeper(FileRecords(OutputPlace(f"{tmp_path}/"), IDENTITY), "rivya_default")


def broken() -> RecordKeeper:
    error = RuntimeError("the supervisor is gone, rvya_sk_abcd1234")
    return RecordKeeper(StateStoreRecords(StateStore(error), None), "rivya_default")


# -- a store that cannot be used -------------------------------------------------------------------


def test_a_store_that_cannot_be_used_stops_what_would_be_paid() -> None:
    keeper = broken()
    assert keeper.durable
    read = "could not be read (RuntimeError: the supervisor is gone, ***)"
    written = "could not be written (RuntimeError: the supervisor is gone, ***)"
    for act, what, why in (
        (keeper.load, read, "an earlier try may have paid already"),
        (lambda: keeper.claim(INTENT, None), written, "a crash would then pay twice"),
        (lambda: keeper.claim(INTENT, SUBMITTED), written, "a crash would then pay twice"),
        (lambda: keeper.look_again(INTENT), read, "an earlier try may have paid already"),
    ):
        with pytest.raises(GenerationError) as caught:
            act()
        assert str(caught.value) == (
            f"The submission record of this task {what} [connection rivya_default]. Without it nothing is "
            f"submitted, as {why}. This try has submitted nothing and paid nothing; a retry looks again."
        )
        assert caught.value.retryable
    assert (keeper.current, keeper.stored) == (None, False)


@pytest.mark.parametrize(
    ("record", "then"),
    [
        (
            SUBMITTED,
            "Generation task_1 is submitted, but that could not be recorded. This try goes on; a later one "
            "would find the request without its answer.",
        ),
        (SUBMITTED.delivered(), "a later one would fetch its result again, and pay nothing."),
        (SUBMITTED.failed("oops", 5), "a later one would ask for it again, and find it failed."),
    ],
    ids=["submitted", "delivered", "failed"],
)
def test_a_store_that_cannot_be_used_stops_nothing_that_is_paid(
    caplog: pytest.LogCaptureFixture, record: Record, then: str
) -> None:
    keeper = broken()
    keeper.save(record)
    assert then in caplog.text
    assert (keeper.current, keeper.stored) == (record, False), "its last words know it all the same"
    keeper.withdraw(None, INTENT)
    assert "The intent could not be taken back; the next try finds it without an answer." in caplog.text
    keeper.adopt(replace(SUBMITTED, epoch=1), SUBMITTED)
    assert "could not be written. A retry takes itself for cleared once more." in caplog.text
    assert [entry.levelno for entry in caplog.records] == [logging.ERROR] * 3


# -- claim, save, withdraw -------------------------------------------------------------------------


def test_an_intent_takes_the_place_of_what_was_and_gives_it_back(keeper: RecordKeeper) -> None:
    keeper.claim(SUBMITTED, None)
    with pytest.raises(RecordTakenError):
        keeper.claim(INTENT, None)
    keeper.claim(INTENT, SUBMITTED)
    assert keeper.load() == INTENT
    keeper.withdraw(SUBMITTED, OTHER)
    assert keeper.load() == INTENT
    keeper.withdraw(SUBMITTED, INTENT)
    assert keeper.load() == SUBMITTED


@pytest.mark.parametrize("before", [None, INTENT.withdrawn()])
def test_no_intent_is_taken_back_without_a_trace(keeper: RecordKeeper, before: Record | None) -> None:
    """An earlier try that lives on has seen "no record", and would begin."""
    mine = replace(OTHER, try_id="later")
    keeper.claim(mine, None)
    keeper.withdraw(before, mine)
    assert keeper.load() == mine.withdrawn()
    with pytest.raises(RecordTakenError):
        keeper.claim(INTENT, None)


def test_what_stood_before_bears_the_name_of_who_gave_it_back(keeper: RecordKeeper) -> None:
    failed = SUBMITTED.failed("no luck", 0.0)
    keeper.claim(failed, None)
    mine = replace(INTENT, attempt=1, try_id="later")
    keeper.claim(mine, failed)
    keeper.withdraw(failed, mine)
    assert keeper.load() == replace(failed, try_id="later")


def test_what_this_run_has_in_hand(keeper: RecordKeeper) -> None:
    assert (keeper.current, keeper.stored) == (None, False)
    keeper.claim(INTENT, None)
    assert (keeper.current, keeper.stored) == (INTENT, True)
    keeper.save(SUBMITTED)
    assert (keeper.current, keeper.stored) == (SUBMITTED, True)


@pytest.mark.parametrize(
    ("before", "left"),
    [
        (None, False),
        (INTENT.withdrawn(), False),
        (SUBMITTED.delivered(), False),
        (SUBMITTED.failed("oops", 5), False),
        (SUBMITTED, True),
        (replace(INTENT, key="earlier"), True),
    ],
)
def test_what_was_left_behind_for_an_intent_is_in_hand_again(before: Record | None, left: bool) -> None:
    """It may still run, and be paid for; the task's last words tell of it."""
    keeper = RecordKeeper(NoRecords(), "c")
    keeper.claim(INTENT, before)
    keeper.withdraw(before, INTENT)
    assert keeper.current == (before if left else None)


# -- the last look before the paid call ------------------------------------------------------------


def test_in_a_file_another_process_is_looked_for(keeper: RecordKeeper, another: RecordKeeper) -> None:
    keeper.claim(INTENT, None)
    another.claim(OTHER, INTENT)
    assert keeper.look_again(INTENT) == OTHER


def test_in_a_state_store_what_was_just_written_is_what_is_there() -> None:
    inner, now = StateStore(), HandClock()
    keeper = RecordKeeper(StateStoreRecords(inner, None), "c", now)
    keeper.claim(INTENT, None)
    now.at += FRESH / 2
    assert keeper.look_again(INTENT) == INTENT
    assert inner.calls == ["set intent"]


@pytest.mark.parametrize("passed", [FRESH, 3600.0, -1.0])
def test_a_process_that_stood_still_looks_into_the_state_store(passed: float) -> None:
    """A try after it may have gone on; the store then refuses this process, or shows what is there."""
    inner, now = StateStore(), HandClock()
    keeper = RecordKeeper(StateStoreRecords(inner, None), "c", now)
    keeper.claim(INTENT, None)
    now.at += passed
    assert keeper.look_again(INTENT) == INTENT
    assert inner.calls == ["set intent", "get"]


def test_without_a_record_there_is_nothing_to_look_at() -> None:
    keeper = RecordKeeper(NoRecords(), "c")
    assert not keeper.durable
    keeper.claim(INTENT, None)
    assert keeper.look_again(INTENT) is INTENT


# -- beside another process ------------------------------------------------------------------------


def test_a_clear_is_recorded_beside_what_another_process_has_written(
    keeper: RecordKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.claim(SUBMITTED.delivered(), None)
    keeper.adopt(replace(SUBMITTED, epoch=1, try_id="b"), SUBMITTED)
    assert keeper.load() == replace(SUBMITTED.delivered(), epoch=1, try_id="b")
    keeper.adopt(replace(SUBMITTED, epoch=2, try_id="a"), SUBMITTED)  # an earlier try
    assert keeper.load() == replace(SUBMITTED.delivered(), epoch=1, try_id="b")
    assert "Another process of this task has gone on with its record; that stays." in caplog.text


def test_what_does_not_change_is_not_written() -> None:
    inner = StateStore()
    RecordKeeper(StateStoreRecords(inner, None), "c").adopt(SUBMITTED, SUBMITTED)
    assert inner.calls == []


@pytest.mark.parametrize("state", ["submitted", "delivered", "failed"])
def test_a_process_that_outlived_its_try_leaves_a_later_record_alone(
    keeper: RecordKeeper, another: RecordKeeper, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.claim(INTENT, None)
    later = replace(SUBMITTED, key="later")
    another.claim(later, INTENT)
    keeper.save(replace(SUBMITTED, state=state))
    assert f"that generation task_1 is {state} is not recorded" in caplog.text
    assert not keeper.stored
    keeper.withdraw(None, INTENT)
    with pytest.raises(RecordTakenError):
        keeper.claim(INTENT, SUBMITTED)
    assert keeper.load() == later


def test_what_another_process_has_written_of_a_submission_is_not_undone(keeper: RecordKeeper) -> None:
    """Else the retries after a clear would take themselves for cleared, and pay again."""
    adopted = replace(SUBMITTED.delivered(), epoch=1, try_id="b")
    keeper.claim(adopted, None)
    keeper.save(SUBMITTED)
    assert keeper.load() == adopted
    keeper.save(SUBMITTED.delivered())
    assert keeper.load() == adopted


def test_a_paid_generation_is_saved_where_another_process_was_refused(keeper: RecordKeeper) -> None:
    keeper.claim(replace(INTENT, key="other").withdrawn(), None)
    keeper.save(SUBMITTED)
    assert keeper.load() == SUBMITTED


def test_a_process_that_goes_on_with_another_record_looks_before_it_writes() -> None:
    """Only what this very process has written last is known to be what is there."""
    inner = StateStore()
    keeper = RecordKeeper(StateStoreRecords(inner, None), "c")
    keeper.save(SUBMITTED)
    keeper.save(replace(SUBMITTED, key="other"))
    assert inner.calls == ["get", "set submitted", "get"], "the later one's record is left alone"
    assert not keeper.stored


def test_a_record_that_was_put_together_is_not_written() -> None:
    inner = StateStore()
    keeper = RecordKeeper(StateStoreRecords(inner, None), "c")
    made = Record("submitted", 0, 0, "", "", 0.0, "c", "m")
    keeper.save(made)
    assert inner.calls == []
    assert keeper.current == made
