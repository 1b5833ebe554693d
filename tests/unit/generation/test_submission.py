from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.generation.submission import (
    RESUBMIT_WINDOW,
    STATES,
    Begin,
    Identity,
    OnRerun,
    OnUncertain,
    Reattach,
    Record,
    Repeat,
    State,
    Step,
    Stop,
    UnreadableRecordError,
    idempotency_key,
    is_content_refusal,
    next_step,
)

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
    return Begin, "" if cleared else "next attempt"


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
        assert step.attempt == (record.attempt + 1 if detail == "next attempt" else 0)
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
    assert next_step(record, now=NOW, epoch=2, fingerprint="same") == Begin(2, 0)


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
        assert step == Begin(3, 0, abandoned=record)
    else:
        assert step == Repeat(record)
