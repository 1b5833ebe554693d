"""What a try does with the record that it finds: begin, repeat, look up, re-attach, or stop and ask."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from airflow_provider_rivya.submission.context import OnRerun, OnUncertain, SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.decide import (
    RESUBMIT_WINDOW,
    Asked,
    Begin,
    LookedUp,
    LookUp,
    Reattach,
    Repeat,
    Step,
    Stop,
    StopReason,
    is_content_refusal,
    next_step,
)
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import STATES, Record, State

NOW = 1_778_457_600.0
IDENTITY = Identity("", "dag", "run", "task", -1)
INTENT = Record(
    state="intent",
    epoch=1,
    attempt=3,
    fingerprint="same",
    key="rivya-abc",
    begun_at=NOW - 60,
    conn_id="rivya_default",
    model="z-image",
    body="{}",
)
SUBMITTED = INTENT.submitted("task_1", 5.0, NOW - 50)
RECORDS: dict[State, Record] = {
    "intent": INTENT,
    "withdrawn": INTENT.withdrawn(),
    "submitted": SUBMITTED,
    "delivered": SUBMITTED.delivered(),
    "failed": SUBMITTED.failed("generation_failed", 0.0),
}


def step_of(
    record: Record | None,
    *,
    epoch: int = INTENT.epoch,
    try_id: str | None = None,
    first_since_clear: bool = True,
    fingerprint: str = "same",
    namespace: str = "",
    conn_id: str = INTENT.conn_id,
    replays_keys: bool = True,
    rerun: OnRerun = "regenerate",
    uncertain: OnUncertain = "resubmit",
    looked_up: LookedUp | None = None,
) -> Step:
    """Return what a try does that asks for the same as the record, unless something is said of it."""
    return next_step(
        record,
        Asked(fingerprint, namespace, conn_id, replays_keys),
        TryFacts(epoch=epoch, try_id=try_id, first_since_clear=first_since_clear),
        SubmissionPolicy(rerun, uncertain),
        now=NOW,
        looked_up=looked_up,
    )


# -- what a new try does ---------------------------------------------------------------------------


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


# -- a gateway that replays no keys -------------------------------------------------------------------

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


# -- two processes -------------------------------------------------------------------------------------


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


# -- two copies of one task ------------------------------------------------------------------------


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


# -- rows of one key -------------------------------------------------------------------------------


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
