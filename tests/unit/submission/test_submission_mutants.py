"""Puts one fault at a time into the submission code; the stories of the model must notice every one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.submission import decide as submission
from airflow_provider_rivya.submission import keeper, lookup, machine, paid_call
from airflow_provider_rivya.submission.decide import Begin, Finding, LookUp, Repeat
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.machine import Submitter
from airflow_provider_rivya.submission.paid_call import PaidCall
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import RecordTakenError
from tests.unit.submission.submission_cases import ONCE_LOST, OTHERS, pays_once, tell
from tests.unit.submission.submission_losses import a_lost_record_costs_nothing, tables_are_documented

Patch = Callable[[pytest.MonkeyPatch], None]

decide = submission.next_step
make_key = Identity.key


def _deciding(change: Callable[[Any, dict[str, Any]], Any]) -> Patch:
    """Make the decision another one."""

    def next_step(record: Record | None, asked: Any, facts: Any, policy: Any, **given: Any) -> Any:
        step = decide(record, asked, facts, policy, **given)
        return change(step, {"record": record, "asked": asked, "facts": facts, "policy": policy, **given})

    return lambda patch: patch.setattr(submission, "next_step", next_step)


def _key(*_: Any) -> str:
    return f"rivya-{uuid.uuid4().hex}"


def _without_attempt(identity: Any, epoch: int, attempt: int, fingerprint: str) -> str:
    del attempt
    return make_key(identity, epoch, 0, fingerprint)


def _without_epoch(identity: Any, epoch: int, attempt: int, fingerprint: str) -> str:
    del epoch
    return make_key(identity, 0, attempt, fingerprint)


def _attempt_stands(step: Any, given: dict[str, Any]) -> Any:
    return (
        replace(step, attempt=given["record"].attempt)
        if isinstance(step, Begin) and given["record"]
        else step
    )


def _epoch_kept(step: Any, given: dict[str, Any]) -> Any:
    kept = given["record"].epoch if given["record"] else given["facts"].epoch
    return replace(step, epoch=kept) if isinstance(step, Begin) else step


def _epoch_not_adopted(step: Any, given: dict[str, Any]) -> Any:
    if isinstance(step, Begin | submission.Stop) or given["record"] is None:
        return step
    return replace(step, record=replace(step.record, epoch=given["record"].epoch))


def _attempt_begins_anew(step: Any, given: dict[str, Any]) -> Any:
    """Count from 0 after a clear."""
    record = given["record"]
    cleared = record is not None and record.epoch != given["facts"].epoch
    return replace(step, attempt=0) if isinstance(step, Begin) and cleared else step


def _any_try_answers(step: Any, given: dict[str, Any]) -> Any:
    """Take a clear for the answer to a question that came after it."""
    return decide(**{**given, "facts": replace(given["facts"], first_since_clear=True)})


def _look_up_skipped(step: Any, given: dict[str, Any]) -> Any:
    return Repeat(step.record) if isinstance(step, LookUp) else step


def _absent_at_once(step: Any, given: dict[str, Any]) -> Any:
    return decide(**{**given, "looked_up": "absent"}) if isinstance(step, LookUp) else step


def _clear_is_the_answer(step: Any, given: dict[str, Any]) -> Any:
    """Take a clear for the answer to a question that nobody was asked."""
    record = given["record"]
    if isinstance(step, submission.Stop) and step.reason == "absent" and record.epoch != given["facts"].epoch:
        return Begin(given["facts"].epoch, 0, abandoned=record)
    return step


def _order_ignored(step: Any, given: dict[str, Any]) -> Any:
    return decide(**{**given, "facts": replace(given["facts"], try_id=None)})


def _connection_ignored(step: Any, given: dict[str, Any]) -> Any:
    record = given["record"]
    conn_id = record.conn_id if record else given["asked"].conn_id
    return decide(**{**given, "asked": replace(given["asked"], conn_id=conn_id)})


def _never_older(*_: Any, own: bool = False) -> float:
    return 0.0


def _by_the_workers_clock(answer: Any, record: Record, *rest: Any, own: bool = False) -> float:
    return older_than_request(answer, replace(record, not_before=None), *rest, own=own)


def _another_clock_trusted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(paid_call, "older_than_request", _by_the_workers_clock)


def _not_waited_for(step: Any, given: dict[str, Any]) -> Any:
    """Send at once what its holder may be sending."""
    return replace(step, after=0.0) if isinstance(step, Repeat) else step


def _another_answer_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(paid_call, "older_than_request", _never_older)


def _another_look_up_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lookup, "older_than_request", _never_older)


def _blind_save(self: RecordKeeper, record: Record) -> None:
    with suppress(Exception):
        self._store.exchange(self._store.read(), record)


def _careless_withdrawal(self: RecordKeeper, before: Record | None, intent: Record) -> None:
    with suppress(Exception):
        self._store.exchange(self._store.read(), before or intent.withdrawn())


def _deleted(self: RecordKeeper, before: Record | None, intent: Record) -> None:
    """Leave no trace of what was taken back."""
    with suppress(Exception):
        self._store.exchange(intent, before)


def _not_adopted(self: RecordKeeper, record: Record, before: Record) -> None:
    """Give up when another process writes meanwhile."""
    with suppress(Exception):
        self._store.exchange(before, record)


def _window_ignored(step: Any, given: dict[str, Any]) -> Any:
    return Repeat(step.record) if isinstance(step, submission.Stop) and step.reason == "uncertain" else step


def _careless_claim(self: RecordKeeper, record: Record, before: Record | None) -> None:
    claim(self, record, self.load() if before != self.load() else before)


def _later_word_counts(there: Record | None, record: Record) -> Record:
    del there
    return record


def _no_new_holder(self: Submitter, record: Record, before: Record | None) -> Any:
    """Send again what another process holds, without writing that."""
    del before
    return self._post(record)


def _holder_forgotten(self: Submitter, record: Record, before: Record | None) -> Any:
    """Take over, and leave the other one's name."""
    try:
        self.context.records.claim(record, before)
    except RecordTakenError:
        return self._follow(before)
    return self._post(record)


def _looks_once(patch: pytest.MonkeyPatch) -> None:
    def once(context: Any, record: Record, *, patiently: bool) -> Finding:
        del patiently
        return find(context, record, patiently=False)

    patch.setattr(machine, "look_up", once)
    patch.setattr(paid_call, "look_up", once)


find = lookup.look_up
older_than_request = lookup.older_than_request
claim = RecordKeeper.claim


MUTANTS: dict[str, Patch] = {
    "key_without_attempt": lambda patch: patch.setattr(Identity, "key", _without_attempt),
    "key_without_epoch": lambda patch: patch.setattr(Identity, "key", _without_epoch),
    "attempt_stands": _deciding(_attempt_stands),
    "attempt_begins_anew": _deciding(_attempt_begins_anew),
    "any_try_answers": _deciding(_any_try_answers),
    "epoch_kept": _deciding(_epoch_kept),
    "epoch_not_adopted": _deciding(_epoch_not_adopted),
    "look_up_skipped": _deciding(_look_up_skipped),
    "absent_at_once": _deciding(_absent_at_once),
    "clear_is_the_answer": _deciding(_clear_is_the_answer),
    "order_of_tries_ignored": _deciding(_order_ignored),
    "connection_ignored": _deciding(_connection_ignored),
    "another_answer_taken": _another_answer_taken,
    "another_clock_trusted": _another_clock_trusted,
    "holder_not_waited_for": _deciding(_not_waited_for),
    "another_look_up_taken": _another_look_up_taken,
    "nothing_rules": lambda patch: patch.setattr(Submitter, "ruling_record", lambda self: None),
    "looks_once": _looks_once,
    "blind_save": lambda patch: patch.setattr(RecordKeeper, "save", _blind_save),
    "careless_withdrawal": lambda patch: patch.setattr(RecordKeeper, "withdraw", _careless_withdrawal),
    "deleted_when_withdrawn": lambda patch: patch.setattr(RecordKeeper, "withdraw", _deleted),
    "not_adopted_twice": lambda patch: patch.setattr(RecordKeeper, "adopt", _not_adopted),
    "careless_claim": lambda patch: patch.setattr(RecordKeeper, "claim", _careless_claim),
    "later_word_counts": lambda patch: patch.setattr(keeper, "_merged", _later_word_counts),
    "no_fence": lambda patch: patch.setattr(PaidCall, "_still_mine", lambda self: True),
    "no_new_holder": lambda patch: patch.setattr(Submitter, "_take_over", _no_new_holder),
    "holder_forgotten": lambda patch: patch.setattr(Submitter, "_take_over", _holder_forgotten),
}


STORIES = 1500
"""How many stories, of a thousandth of a second each, a fault may take until it shows."""


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("name", MUTANTS)
def test_the_model_notices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    with pytest.raises((AssertionError, GatewayError, RecordTakenError)):
        _every_story()


def _every_story() -> None:
    for story in ONCE_LOST:
        pays_once(story)
    for case in OTHERS:
        case()
    for seed in range(STORIES):
        tell(seed)


@pytest.mark.usefixtures("unheard")
def test_a_random_key_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Identity, "key", _key)
    with pytest.raises(AssertionError):
        a_lost_record_costs_nothing()


@pytest.mark.usefixtures("unheard")
def test_a_key_that_is_sent_after_its_time_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    _deciding(_window_ignored)(monkeypatch)
    with pytest.raises(AssertionError):
        tables_are_documented()
