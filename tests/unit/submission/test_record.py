"""The submission record: how it is written and read, and what its states mean."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.submission.record import (
    LATEST,
    STATES,
    Record,
    State,
    UnreadableRecordError,
    signed,
)

INTENT = Record(
    state="intent",
    epoch=2,
    attempt=3,
    fingerprint="same",
    key="rivya-abc",
    begun_at=100.0,
    conn_id="rivya_default",
    model="z-image",
    body="{}",
    holder="this process",
    asked_at=130.0,
)
SUBMITTED = INTENT.submitted("task_1", 5.0, 110.0)
RECORDS: dict[State, Record] = {
    "intent": INTENT,
    "withdrawn": INTENT.withdrawn(),
    "submitted": SUBMITTED,
    "delivered": SUBMITTED.delivered(),
    "failed": SUBMITTED.failed("generation_failed", 5.0),
}
REFUNDED = SUBMITTED.failed("generation_failed", 0.0)
UNKNOWN_COST = SUBMITTED.failed("generation_failed", None)


# -- what becomes of it ----------------------------------------------------------------------------


def test_the_body_is_dropped_once_the_task_id_is_known() -> None:
    assert INTENT.body == "{}"
    assert (SUBMITTED.state, SUBMITTED.body, SUBMITTED.generation_id) == ("submitted", None, "task_1")
    assert (SUBMITTED.credits, SUBMITTED.submitted_at) == (5.0, 110.0)
    failed = RECORDS["failed"]
    assert (failed.state, failed.code, failed.credits) == ("failed", "generation_failed", 5.0)
    assert {record.key for record in RECORDS.values()} == {"rivya-abc"}


@pytest.mark.parametrize("state", ["withdrawn", "submitted", "delivered", "failed"])
def test_what_is_not_about_to_be_sent_has_no_holder_and_no_question(state: State) -> None:
    record = RECORDS[state]
    assert (record.body, record.holder, record.asked_at) == (None, None, None)


@pytest.mark.parametrize("record", RECORDS.values(), ids=STATES)
def test_a_try_after_a_clear_adopts_a_record(record: Record) -> None:
    assert record.adopted(3, "b") == replace(record, epoch=3, try_id="b")
    assert record.adopted(record.epoch, "b") is record, "not cleared"
    later = replace(record, try_id="c")
    assert later.adopted(3, "b") is later, "a later try has gone on with it"
    assert later.adopted(3, None) == replace(later, epoch=3, try_id=None), "their order is not known"


# -- what its state means --------------------------------------------------------------------------

MEANS: dict[State, set[str]] = {
    "intent": {"unanswered", "pending"},
    "withdrawn": {"is_withdrawn", "cost_nothing"},
    "submitted": {"pending", "taken_in"},
    "delivered": {"is_delivered", "taken_in"},
    "failed": {"has_failed", "taken_in"},
}


@pytest.mark.parametrize("state", STATES)
def test_what_a_state_means(state: State) -> None:
    record = RECORDS[state]
    told = {
        name
        for name in (
            "unanswered",
            "is_withdrawn",
            "is_delivered",
            "has_failed",
            "pending",
            "taken_in",
            "cost_nothing",
        )
        if getattr(record, name)
    }
    assert told == MEANS[state]


@pytest.mark.parametrize(("record", "nothing"), [(REFUNDED, True), (UNKNOWN_COST, False)])
def test_only_a_failure_that_certainly_cost_nothing_is_taken_for_that(record: Record, nothing: bool) -> None:
    assert record.cost_nothing is nothing


def test_progress_never_goes_back() -> None:
    """Of two processes that write of one submission, the one that is further counts."""
    on_the_way: list[State] = ["intent", "submitted", "delivered"]
    assert [RECORDS[state].progress for state in on_the_way] == [0, 1, 2]
    assert RECORDS["withdrawn"].progress == 0
    assert RECORDS["failed"].progress == 2


@pytest.mark.parametrize(("epoch", "cleared"), [(2, False), (3, True), (1, True)])
def test_any_other_epoch_is_a_clear(epoch: int, cleared: bool) -> None:
    """``max_tries`` can fall, too, where a DAG's retries were lowered."""
    assert INTENT.cleared_since(epoch) is cleared


@pytest.mark.parametrize(
    ("state", "rules"),
    [("intent", True), ("withdrawn", False), ("submitted", True), ("delivered", True), ("failed", False)],
)
def test_what_rules_over_the_templates_does_so_until_a_clear(state: State, rules: bool) -> None:
    assert RECORDS[state].rules(2) is rules
    assert RECORDS[state].rules(3) is False


@pytest.mark.parametrize(
    ("record", "epoch", "reuse", "counts"),
    [
        (RECORDS["withdrawn"], 2, False, False),
        (INTENT, 2, False, True),
        (INTENT, 3, False, True),
        (SUBMITTED, 3, False, True),
        (RECORDS["delivered"], 2, False, True),
        (RECORDS["delivered"], 3, False, False),
        (RECORDS["delivered"], 3, True, True),
        (REFUNDED, 2, False, False),
        (RECORDS["failed"], 2, False, True),
        (RECORDS["failed"], 3, True, False),
        (UNKNOWN_COST, 2, False, True),
    ],
)
def test_which_record_of_an_earlier_try_counts(record: Record, epoch: int, reuse: bool, counts: bool) -> None:
    assert record.counts(epoch, reuse=reuse) is counts


# -- how it is stored ------------------------------------------------------------------------------

TEXTS = st.text(max_size=20)
NAMES = st.text(min_size=1, max_size=20)
NUMBERS = st.floats(0, 1e12)
MOMENTS = st.floats(0, LATEST)
INTENTS = st.builds(
    Record,
    state=st.just("intent"),
    epoch=st.integers(0, 100),
    attempt=st.integers(0, 100),
    fingerprint=NAMES,
    key=NAMES,
    begun_at=MOMENTS,
    conn_id=NAMES,
    model=NAMES,
    body=st.text(min_size=1),
)
ANY_RECORD = st.one_of(
    INTENTS,
    st.builds(Record.submitted, INTENTS, NAMES, st.none() | NUMBERS, MOMENTS),
    st.builds(Record.submitted, INTENTS, NAMES, st.none(), MOMENTS).map(Record.delivered),
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


def test_the_form_does_not_change_between_releases() -> None:
    """A record that was written before an upgrade must be read after it."""
    assert replace(SUBMITTED, namespace="ours", category="image", try_id="a").to_json() == {
        "version": 1,
        "state": "submitted",
        "epoch": 2,
        "attempt": 3,
        "fingerprint": "same",
        "key": "rivya-abc",
        "begun_at": 100.0,
        "conn_id": "rivya_default",
        "model": "z-image",
        "generation_id": "task_1",
        "credits": 5.0,
        "submitted_at": 110.0,
        "namespace": "ours",
        "category": "image",
        "try_id": "a",
        "check": "3d369b836a553a02",
    }


def without(name: str) -> dict[str, Any]:
    return signed({key: value for key, value in INTENT.to_json().items() if key != name})


def changed(record: Record = INTENT, **fields: Any) -> dict[str, Any]:
    """Return a record's document with other fields, and the digest that belongs to them."""
    return signed({**record.to_json(), **fields})


WRONG: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("state", "fingerprint", "key", "conn_id", "model"), (None, 1, [], {}, "")),
    **dict.fromkeys(("epoch", "attempt"), (None, True, 1.0, "1", [1], -1, 2**53)),
    **dict.fromkeys(
        ("begun_at", "submitted_at", "asked_at", "not_before"),
        (None, False, "1", [], -1.0, 1e12, 10**400, float("nan"), float("inf")),
    ),
    "credits": (None, True, "5", [], -1, float("nan"), float("inf"), 10**400),
    **dict.fromkeys(("body", "generation_id", "code", "namespace", "category", "holder"), (1, None, [], {})),
    "outputs": (-1, 1.5, "1", True, None, [], 2**53),
    "try_id": (1, "", None, [], {}),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=STATES)
@pytest.mark.parametrize(("field", "values"), WRONG.items(), ids=WRONG)
def test_a_field_of_another_type_or_size_makes_a_record_unreadable(
    record: Record, field: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        with pytest.raises(UnreadableRecordError, match="submission record"):
            Record.from_json(changed(record, **{field: value}))


def test_no_field_is_left_out_there() -> None:
    assert WRONG.keys() == {field.name for field in fields(Record)}


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
        changed(version=2),
        changed(version="1"),
        changed(version=[]),
        changed(new=1),
        changed(state="unheard_of"),
        changed(body=""),
        changed(state="submitted"),
        changed(SUBMITTED, generation_id=""),
        changed(SUBMITTED, holder="somebody"),
        {**INTENT.to_json(), "attempt": 4},
        {**INTENT.to_json(), "check": None},
        {key: value for key, value in INTENT.to_json().items() if key != "check"},
    ],
)
def test_what_cannot_be_understood_is_never_taken_for_none(document: Any) -> None:
    with pytest.raises(UnreadableRecordError, match="submission record"):
        Record.from_json(document)


def test_what_a_deferral_has_carried_and_cannot_be_read_is_left_to_the_store() -> None:
    assert Record.carried(SUBMITTED.to_json()) == SUBMITTED
    assert Record.carried(None) is None
    assert Record.carried({"version": 99}) is None


def test_a_store_may_write_whole_numbers_in_another_way() -> None:
    document = {
        name: int(value) if isinstance(value, float) else value for name, value in INTENT.to_json().items()
    }
    assert Record.from_json(document) == INTENT
