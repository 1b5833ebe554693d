from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from airflow_provider_rivya.submission.fate import Situation

from airflow_provider_rivya.submission import fate

DURABLE = Situation(durable=True, retries_left=2, generation_id="task_1", credits=5.0)
LAST = Situation(durable=True, retries_left=0, generation_id="task_1", credits=5.0)
FLEETING = Situation(durable=False, retries_left=2, generation_id="task_1", credits=None)

AFTER_SUBMISSION = [fate.still_running, fate.unknown_there, fate.not_landed]


def test_who_tries_next() -> None:
    assert DURABLE.again == "The next try (2 left)"
    assert LAST.again == "No retry is left: clear the task, and the next try"


@pytest.mark.parametrize(
    ("credits", "told"),
    [
        (None, "what it costs the gateway does not tell"),
        (5.0, "5 credits are reserved"),
        (2.5, "2.5 credits are reserved"),
    ],
)
def test_what_is_paid(credits: float | None, told: str) -> None:
    assert Situation(durable=True, retries_left=0, credits=credits).paid == told


def test_nothing_was_submitted() -> None:
    assert fate.not_submitted(DURABLE, final=True) == (
        "Nothing was submitted and nothing was charged; a retry would not help, so none is made."
    )
    assert fate.not_submitted(DURABLE, final=False).endswith("The next try (2 left) submits anew.")
    assert "clear the task" in fate.not_submitted(LAST, final=False)


def test_it_is_not_known_whether_it_was_submitted() -> None:
    assert "under the same idempotency key, so that it is paid for once" in fate.uncertain(DURABLE)
    assert "may pay twice" in fate.uncertain(FLEETING)


def test_with_fail_a_retry_asks_even_where_keys_are_replayed() -> None:
    said = fate.uncertain(replace(DURABLE, resubmits=False))
    assert "submits nothing and asks for a person" in said
    assert "sends the same request" not in said


@pytest.mark.parametrize(
    ("resubmits", "told"), [(True, "which may pay twice"), (False, "nothing anew before a person has looked")]
)
def test_where_no_key_is_replayed_it_is_looked_up(resubmits: bool, told: str) -> None:
    said = fate.uncertain(replace(DURABLE, replays_keys=False, resubmits=resubmits))
    assert "The next try (2 left) looks it up at the gateway before anything else" in said
    assert told in said
    assert "idempotency" not in said


@pytest.mark.parametrize("words", AFTER_SUBMISSION)
def test_the_task_id_is_always_named(words: Callable[[Situation], str]) -> None:
    for situation in (DURABLE, LAST, FLEETING):
        assert "Generation task_1 " in words(situation)


@pytest.mark.parametrize("words", AFTER_SUBMISSION)
def test_only_a_record_keeps_a_retry_from_paying_again(words: Callable[[Situation], str]) -> None:
    assert "pay again" in words(FLEETING)
    assert "does not pay again" not in words(FLEETING)
    for situation in (DURABLE, LAST):
        assert situation.again in words(situation)
        assert "does not pay again" in words(situation) or "never submits it anew" in words(situation)


def test_what_was_failed() -> None:
    assert fate.failed_refunded(DURABLE) == "The next try (2 left) submits a new generation."
    assert "No retry is made" in fate.failed_charged(DURABLE)
    assert "same content would be refused again" in fate.refused_content(DURABLE)


def test_without_a_task_id_nothing_is_said_of_one() -> None:
    said = fate.still_running(Situation(durable=True, retries_left=1))
    assert "None" not in said
    assert "Whether the gateway took it in is not known" in said
