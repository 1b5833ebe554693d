"""What a try does with the record that it finds: begin, repeat, look up, re-attach, or stop and ask."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from airflow_provider_rivya.submission.context import OnRerun, OnUncertain
from airflow_provider_rivya.submission.decide import (
    RESUBMIT_WINDOW,
    Begin,
    LookedUp,
    LookUp,
    Reattach,
    Repeat,
    Step,
    Stop,
    StopReason,
    is_content_refusal,
)
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import STATES, Record, State
from tests.unit.submission.steps import INTENT, NOW, RECORDS, SUBMITTED, step_of

IDENTITY = Identity("", "dag", "run", "task", -1)


def expected(
    state: State, cleared: bool, changed: bool, rerun: OnRerun, uncertain: OnUncertain, recent: bool
) -> tuple[type[Step], str]:
    """The rules as the operator's documentation words them."""
    if state == "withdrawn":
        return Begin, ""
    if cleared and changed:
        return Begin, "abandons"
    if state == "intent":
        if recent and (cleared or uncertain == "resubmit"):
            return Repeat, ""
        return (Begin, "abandons") if cleared else (Stop, "uncertain")
    if state == "submitted":
        return Reattach, ""
    if state == "delivered":
        return (Begin, "") if cleared and rerun == "regenerate" else (Reattach, "")
    return Begin, ""


RERUNS: tuple[OnRerun, ...] = ("regenerate", "reuse")
UNCERTAINS: tuple[OnUncertain, ...] = ("resubmit", "fail")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("rerun", RERUNS)
@pytest.mark.parametrize("uncertain", UNCERTAINS)
@pytest.mark.parametrize("age", [60.0, RESUBMIT_WINDOW, RESUBMIT_WINDOW + 1])
def test_every_case(
    state: State, cleared: bool, changed: bool, rerun: OnRerun, uncertain: OnUncertain, age: float
) -> None:
    record = replace(RECORDS[state], begun_at=NOW - age)
    epoch = 2 if cleared else 1
    step = step_of(
        record,
        epoch=epoch,
        fingerprint="other" if changed else "same",
        rerun=rerun,
        uncertain=uncertain,
    )
    kind, detail = expected(state, cleared, changed, rerun, uncertain, age <= RESUBMIT_WINDOW)
    assert type(step) is kind
    if isinstance(step, Begin):
        assert step.epoch == epoch
        assert step.attempt == record.attempt + (state != "withdrawn")
        assert step.abandoned == (record if detail == "abandons" else None)
    elif isinstance(step, Stop):
        assert (step.record, step.reason) == (record, detail)
    else:
        assert step.record == replace(record, epoch=epoch)
    if isinstance(step, Reattach):
        assert step.changed is changed


def test_nothing_recorded_begins() -> None:
    assert step_of(None, epoch=4) == Begin(4, 0)


@pytest.mark.parametrize(
    ("credits", "code", "reason"),
    [
        (None, None, "charged"),
        (5.0, "generation_failed", "charged"),
        (0.5, "nsfw", "charged"),
        (0.0, "content_policy_violation", "refused"),
    ],
)
def test_a_failure_that_is_not_tried_again_without_a_person(
    credits: float | None, code: str | None, reason: StopReason
) -> None:
    record = SUBMITTED.failed(code, credits)
    assert step_of(record) == Stop(record, reason)
    assert step_of(record, epoch=2) == Begin(2, record.attempt + 1)


@pytest.mark.parametrize("state", ["intent", "submitted"])
def test_one_clear_asks_once(state: State) -> None:
    """Cleared while it runs, delivered, and the worker dies: the retry lands what there is."""
    step = step_of(RECORDS[state], epoch=2)
    assert isinstance(step, Repeat | Reattach)
    delivered = step.record.submitted("task_1", 5.0, NOW).delivered()
    assert step_of(delivered, epoch=2) == Reattach(delivered)


def test_each_new_attempt_has_a_key_of_its_own() -> None:
    keys, record = set(), RECORDS["failed"]
    for _ in range(5):
        step = step_of(record)
        assert isinstance(step, Begin)
        keys.add(IDENTITY.key(step.epoch, step.attempt, "same"))
        record = replace(record, epoch=step.epoch, attempt=step.attempt)
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (None, False),
        ("", False),
        ("generation_failed", False),
        ("Content_Policy", True),
        ("moderation_blocked", True),
        ("nsfw_detected", True),
        ("safety_filter", True),
        ("policy_violation", True),
    ],
)
def test_codes_that_refuse_the_content(code: str | None, refusal: bool) -> None:
    assert is_content_refusal(code) is refusal


LOOKED_UP: tuple[LookedUp, ...] = ("absent", "foreign")
ASKED = replace(INTENT, asked_at=NOW - 30)


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("fingerprint", ["same", "other"])
@pytest.mark.parametrize("uncertain", UNCERTAINS)
@pytest.mark.parametrize("age", [60.0, 30 * RESUBMIT_WINDOW])
@pytest.mark.parametrize("record", [INTENT, ASKED])
def test_it_is_looked_up_before_anything_else(
    record: Record, epoch: int, fingerprint: str, uncertain: OnUncertain, age: float
) -> None:
    old = replace(record, begun_at=NOW - age)
    step = step_of(old, replays_keys=False, epoch=epoch, fingerprint=fingerprint, uncertain=uncertain)
    assert step == LookUp(old, patiently=record is INTENT)


@pytest.mark.parametrize("outcome", LOOKED_UP)
@pytest.mark.parametrize("record", [INTENT, ASKED])
@pytest.mark.parametrize("uncertain", UNCERTAINS)
@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("changed", [False, True])
def test_what_is_not_found(
    outcome: LookedUp, record: Record, uncertain: OnUncertain, cleared: bool, changed: bool
) -> None:
    epoch = 2 if cleared else 1
    step = step_of(
        record,
        replays_keys=False,
        epoch=epoch,
        fingerprint="other" if changed else "same",
        uncertain=uncertain,
        looked_up=outcome,
    )
    if cleared and (changed or record is ASKED):
        assert step == Begin(2, record.attempt + 1, abandoned=record)  # a person's answer, or another wish
    elif outcome == "absent" and uncertain == "resubmit" and not changed:
        assert step == Begin(epoch, INTENT.attempt + 1, abandoned=record)
    else:
        assert step == Stop(replace(record, epoch=epoch, asked_at=NOW), outcome)


def test_a_clear_before_the_question_is_no_answer() -> None:
    def made_at(moment: float) -> str:
        return str(UUID(int=int(moment * 1000) << 80 | 7 << 76 | 2 << 62))

    for moment, answered in ((NOW - 40, False), (NOW - 20, True)):
        step = step_of(
            ASKED,
            replays_keys=False,
            epoch=2,
            looked_up="absent",
            try_id=made_at(moment),
            uncertain="fail",
        )
        assert isinstance(step, Begin if answered else Stop)


def test_only_the_first_try_after_a_clear_brings_an_answer() -> None:
    """A later one cannot tell whether the clear came before the question."""
    for first, expects in ((True, Begin), (False, Stop)):
        step = step_of(
            ASKED,
            replays_keys=False,
            epoch=2,
            looked_up="absent",
            first_since_clear=first,
            uncertain="fail",
        )
        assert isinstance(step, expects)
    assert step_of(ASKED, replays_keys=False, epoch=2, first_since_clear=False) == LookUp(ASKED)


def test_what_was_found_is_as_good_as_answered() -> None:
    assert step_of(SUBMITTED, replays_keys=False) == Reattach(SUBMITTED)
    assert step_of(SUBMITTED, replays_keys=False, epoch=2) == Reattach(replace(SUBMITTED, epoch=2))
