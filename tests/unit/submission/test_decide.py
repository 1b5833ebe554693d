from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.submission.decide import (
    RESUBMIT_WINDOW,
    Begin,
    LookedUp,
    LookUp,
    OnRerun,
    OnUncertain,
    Reattach,
    Repeat,
    Step,
    Stop,
    is_content_refusal,
    next_step,
)
from airflow_provider_rivya.submission.identity import Identity, idempotency_key, in_order, new_holder
from airflow_provider_rivya.submission.record import STATES, Record, State, UnreadableRecordError

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


# -- the record ------------------------------------------------------------------------------------


def test_the_body_is_dropped_once_the_task_id_is_known() -> None:
    assert INTENT.body == "{}"
    assert (SUBMITTED.state, SUBMITTED.body, SUBMITTED.generation_id) == ("submitted", None, "task_1")
    assert (SUBMITTED.credits, SUBMITTED.submitted_at) == (5.0, NOW - 50)
    failed = RECORDS["failed"]
    assert (failed.state, failed.code, failed.credits) == ("failed", "generation_failed", 0.0)
    assert {record.key for record in RECORDS.values()} == {"rivya-abc"}


TEXTS = st.text(max_size=20)
NUMBERS = st.floats(0, 1e12)
INTENTS = st.builds(
    Record,
    state=st.just("intent"),
    epoch=st.integers(0, 100),
    attempt=st.integers(0, 100),
    fingerprint=TEXTS,
    key=TEXTS,
    begun_at=NUMBERS,
    conn_id=TEXTS,
    model=TEXTS,
    body=st.text(min_size=1),
)
ANY_RECORD = st.one_of(
    INTENTS,
    st.builds(Record.submitted, INTENTS, st.text(min_size=1), st.none() | NUMBERS, NUMBERS),
    st.builds(Record.submitted, INTENTS, st.text(min_size=1), st.none(), NUMBERS).map(Record.delivered),
    st.builds(
        lambda intent, code, credits: intent.submitted("t", 1.0, 2.0).failed(code, credits),
        INTENTS,
        st.none() | TEXTS,
        st.none() | NUMBERS,
    ),
)


@given(ANY_RECORD)
def test_what_is_written_reads_back(record: Record) -> None:
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in INTENT.to_json().items() if key != name}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        without("version"),
        without("key"),
        without("state"),
        without("body"),
        {**INTENT.to_json(), "version": 2},
        {**INTENT.to_json(), "version": "1"},
        {**INTENT.to_json(), "new": 1},
        {**INTENT.to_json(), "state": "unheard_of"},
        {**INTENT.to_json(), "state": []},
        {**INTENT.to_json(), "body": ""},
        {**INTENT.to_json(), "state": "submitted"},
        {**INTENT.to_json(), "begun_at": "yesterday"},
        {**SUBMITTED.to_json(), "generation_id": ""},
        {**SUBMITTED.to_json(), "credits": "5"},
        {**SUBMITTED.to_json(), "epoch": [1]},
    ],
)
def test_what_cannot_be_understood_is_never_taken_for_none(document: Any) -> None:
    with pytest.raises(UnreadableRecordError, match="submission record"):
        Record.from_json(document)


# -- keys ------------------------------------------------------------------------------------------


def test_the_keys_form() -> None:
    assert re.fullmatch(r"rivya-[0-9a-f]{40}", idempotency_key(IDENTITY, 0, 0, "f"))


def test_every_part_makes_another_key() -> None:
    identities = [
        IDENTITY,
        replace(IDENTITY, namespace="n"),
        replace(IDENTITY, dag_id="other"),
        replace(IDENTITY, run_id="other"),
        replace(IDENTITY, task_id="other"),
        replace(IDENTITY, map_index=0),
    ]
    parts = itertools.product(identities, [0, 1, 11], [0, 1, 11], ["f", "g"])
    keys = [idempotency_key(*part) for part in parts]
    assert len(set(keys)) == len(keys)


@given(
    st.lists(st.text(max_size=4), min_size=4, max_size=4),
    st.lists(st.text(max_size=4), min_size=4, max_size=4),
)
def test_parts_do_not_run_into_each_other(one: list[str], other: list[str]) -> None:
    def digest(namespace: str, dag_id: str, run_id: str, task_id: str) -> str:
        return Identity(namespace, dag_id, run_id, task_id, -1).digest

    same = digest(*one) == digest(*other)
    assert same is (one == other)


def test_the_key_does_not_change_between_releases() -> None:
    """A record written before an upgrade must meet the same key after it."""
    assert idempotency_key(IDENTITY, 2, 1, "f" * 64) == "rivya-cb33d8304a256d9b9349fd6939bfa8bf2c859457"


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
    step = next_step(
        record,
        now=NOW,
        epoch=epoch,
        fingerprint="other" if changed else "same",
        on_rerun_after_delivery=rerun,
        on_uncertain_submission=uncertain,
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
    assert next_step(None, now=NOW, epoch=4, fingerprint="f") == Begin(4, 0)


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
    credits: float | None, code: str | None, reason: str
) -> None:
    record = SUBMITTED.failed(code, credits)
    assert next_step(record, now=NOW, epoch=1, fingerprint="same") == Stop(record, reason)  # type: ignore[arg-type]
    assert next_step(record, now=NOW, epoch=2, fingerprint="same") == Begin(2, record.attempt + 1)


@pytest.mark.parametrize("state", ["intent", "submitted"])
def test_one_clear_asks_once(state: State) -> None:
    """Cleared while it runs, delivered, and the worker dies: the retry lands what there is."""
    step = next_step(RECORDS[state], now=NOW, epoch=2, fingerprint="same")
    assert isinstance(step, Repeat | Reattach)
    delivered = step.record.submitted("task_1", 5.0, NOW).delivered()
    assert next_step(delivered, now=NOW, epoch=2, fingerprint="same") == Reattach(delivered)


def test_each_new_attempt_has_a_key_of_its_own() -> None:
    keys, record = set(), RECORDS["failed"]
    for _ in range(5):
        step = next_step(record, now=NOW, epoch=1, fingerprint="same")
        assert isinstance(step, Begin)
        keys.add(idempotency_key(IDENTITY, step.epoch, step.attempt, "same"))
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


def after_lost_answer(record: Record, **given: Any) -> Step:
    return next_step(
        record, **{"now": NOW, "epoch": 1, "fingerprint": "same", "replays_keys": False, **given}
    )


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("fingerprint", ["same", "other"])
@pytest.mark.parametrize("uncertain", UNCERTAINS)
@pytest.mark.parametrize("age", [60.0, 30 * RESUBMIT_WINDOW])
@pytest.mark.parametrize("record", [INTENT, ASKED])
def test_it_is_looked_up_before_anything_else(
    record: Record, epoch: int, fingerprint: str, uncertain: OnUncertain, age: float
) -> None:
    old = replace(record, begun_at=NOW - age)
    step = after_lost_answer(old, epoch=epoch, fingerprint=fingerprint, on_uncertain_submission=uncertain)
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
    step = after_lost_answer(
        record,
        epoch=epoch,
        fingerprint="other" if changed else "same",
        on_uncertain_submission=uncertain,
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
        step = after_lost_answer(
            ASKED, epoch=2, looked_up="absent", try_id=made_at(moment), on_uncertain_submission="fail"
        )
        assert isinstance(step, Begin if answered else Stop)


def test_what_was_found_is_as_good_as_answered() -> None:
    assert after_lost_answer(SUBMITTED) == Reattach(SUBMITTED)
    assert after_lost_answer(SUBMITTED, epoch=2) == Reattach(replace(SUBMITTED, epoch=2))


# -- two processes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("replays_keys", [False, True])
def test_a_try_that_was_outlived_begins_nothing(state: State, epoch: int, replays_keys: bool) -> None:
    record = replace(RECORDS[state], try_id="b")
    step = next_step(record, now=NOW, epoch=epoch, fingerprint="other", try_id="a", replays_keys=replays_keys)
    assert step == (Reattach(record) if record.generation_id else Stop(record, "outlived"))


def test_a_clear_is_gone_on_with_under_the_name_of_the_try() -> None:
    record = replace(SUBMITTED, try_id="a")
    step = next_step(record, now=NOW, epoch=2, fingerprint="same", try_id="b")
    assert step == Reattach(replace(record, epoch=2, try_id="b"))
    assert next_step(record, now=NOW, epoch=1, fingerprint="same", try_id="b") == Reattach(record)


def test_which_ids_tell_the_order_of_tries() -> None:
    ordered = UUID("019e1455-6000-7001-8000-000000000000")
    assert in_order(ordered) == in_order(str(ordered)) == str(ordered)
    assert in_order(UUID("9f0c9d8a-35d5-4f4c-9d3a-0c8ff0d6b5a1")) is None
    assert in_order(None) is None
    assert len({new_holder() for _ in range(100)}) == 100


@pytest.mark.parametrize("cleared", [False, True])
def test_another_namespace_and_a_clear_leave_a_strange_key_behind(cleared: bool) -> None:
    record = Record(
        state="intent",
        epoch=2,
        attempt=0,
        fingerprint="f",
        key="k",
        begun_at=100.0,
        conn_id="c",
        model="m",
        body="{}",
        namespace="",
    )
    step = next_step(record, now=110.0, epoch=3 if cleared else 2, fingerprint="f", namespace="production")
    if cleared:
        assert step == Begin(3, 1, abandoned=record)
    else:
        assert step == Repeat(record)


@pytest.mark.parametrize("replays", [True, False])
def test_through_another_connection_nothing_is_sent_again_or_looked_up(replays: bool) -> None:
    def step(epoch: int, conn_id: str) -> Any:
        return next_step(
            INTENT, now=NOW, epoch=epoch, fingerprint="same", replays_keys=replays, conn_id=conn_id
        )

    assert step(INTENT.epoch, "other") == Stop(INTENT, "elsewhere")
    assert step(2, "other") == Begin(2, INTENT.attempt + 1, abandoned=INTENT)
    assert isinstance(step(INTENT.epoch, INTENT.conn_id), Repeat if replays else LookUp)
