"""The sentences about money and retries: what became of a generation, what it cost, what a retry will do."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import get_args

import pytest

from airflow_provider_rivya.submission.context import Impasse, Outcome
from airflow_provider_rivya.submission.messages import NO_RECORD, TaskWords, describe, why_begun
from airflow_provider_rivya.submission.record import Record

INTENT = Record("intent", 2, 0, "f", "rivya-1", 1_778_457_600.0, "rivya_default", "nano-banana-2", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)
COST_UNKNOWN = replace(SUBMITTED, credits=None)

DURABLE = TaskWords(durable=True, retries_left=2)
LAST = TaskWords(durable=True, retries_left=0)
FLEETING = TaskWords(durable=False, retries_left=2)

AFTER_SUBMISSION: list[Outcome] = ["running", "stopped", "unknown_there", "not_landed"]


def test_who_tries_next() -> None:
    assert DURABLE.again == "The next try (2 left)"
    assert LAST.again == "No retry is left: clear the task, and the next try"


def test_a_task_without_retries_is_warned_before_it_pays() -> None:
    assert "This task has no retry left. If its worker dies from here on, the paid result" in LAST.risk
    assert "retries=1 or more does it without a person" in LAST.risk
    assert DURABLE.risk == ""
    assert replace(FLEETING, retries_left=0).risk == "", "no clear fetches it either"


@pytest.mark.parametrize(
    ("credits", "told"),
    [
        (None, "the gateway does not say what it costs"),
        (5.0, "5 credits are reserved"),
        (2.5, "2.5 credits are reserved"),
    ],
)
def test_what_is_paid(credits: float | None, told: str) -> None:
    record = replace(SUBMITTED, credits=credits)
    assert f"Generation task_1 goes on at the gateway and {told}." in DURABLE.fate("running", record)


# -- before anything is known to be taken in -------------------------------------------------------


def test_nothing_was_submitted() -> None:
    assert DURABLE.fate("not_submitted", final=True) == (
        "Nothing was submitted and nothing was charged; a retry would not help, so none is made."
    )
    assert DURABLE.fate("not_submitted") == (
        "Nothing was submitted and nothing was charged. The next try (2 left) submits the request."
    )
    assert "clear the task" in LAST.fate("not_submitted")


def test_without_a_record_nothing_is_said_of_earlier_tries() -> None:
    told = "This try submitted nothing and was charged nothing; no record says what an earlier try did; "
    assert FLEETING.fate("not_submitted") == f"{told}The next try (2 left) submits the request."
    assert FLEETING.fate("not_submitted", final=True) == (f"{told}a retry would not help, so none is made.")


@pytest.mark.parametrize("words", [DURABLE, FLEETING])
def test_what_an_earlier_try_has_left_is_named(words: TaskWords) -> None:
    told = (
        "This try submitted nothing and was charged nothing; an earlier one has left generation task_1 "
        "(submitted), which may be running and was paid for. "
    )
    assert words.fate("not_submitted", left=SUBMITTED) == f"{told}The next try (2 left) submits the request."
    assert words.fate("not_submitted", left=SUBMITTED, final=True) == (
        f"{told}A retry would not help, so none is made."
    )


def test_it_is_not_known_whether_it_was_submitted() -> None:
    assert DURABLE.fate("uncertain", INTENT) == (
        "Whether the gateway accepted it is not known. The next try (2 left) sends the same request under "
        "the same idempotency key, so that it is paid for once."
    )
    assert FLEETING.fate("uncertain", INTENT) == (
        "Whether the gateway accepted it is not known, and no record survives this try: a retry would submit "
        "a new generation and may pay twice."
    )


def test_with_fail_a_retry_asks_even_where_keys_are_replayed() -> None:
    assert replace(DURABLE, resubmits=False).fate("uncertain", INTENT) == (
        "Whether the gateway accepted it is not known. The next try submits nothing and asks for a person, "
        "as on_uncertain_submission is 'fail'."
    )


@pytest.mark.parametrize(
    ("resubmits", "told"),
    [
        (True, ". If the gateway does not know it, it is submitted a second time, which may pay twice."),
        (False, ", and submits nothing before a person has looked."),
    ],
)
def test_where_no_key_is_replayed_it_is_looked_up(resubmits: bool, told: str) -> None:
    words = replace(DURABLE, replays_keys=False, resubmits=resubmits)
    assert words.fate("uncertain", INTENT) == (
        "Whether the gateway accepted it is not known. The next try (2 left) looks it up at the gateway "
        f"before anything else{told}"
    )


# -- after it was taken in -------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", AFTER_SUBMISSION)
def test_the_task_id_is_always_named(outcome: Outcome) -> None:
    for words in (DURABLE, LAST, FLEETING):
        assert "Generation task_1 " in words.fate(outcome, SUBMITTED)


@pytest.mark.parametrize("outcome", AFTER_SUBMISSION)
def test_only_a_record_keeps_a_retry_from_paying_again(outcome: Outcome) -> None:
    assert (
        "No record survives this try: a retry would submit a new generation and may pay again"
        in FLEETING.fate(outcome, COST_UNKNOWN)
    )
    assert "does not pay again" not in FLEETING.fate(outcome, COST_UNKNOWN)
    for words in (DURABLE, LAST):
        told = words.fate(outcome, SUBMITTED)
        assert words.again in told
        assert "does not pay again" in told or "never submits a second one" in told


def test_what_is_not_landed_is_not_lost() -> None:
    told = "Generation task_1 succeeded and is paid for (5 credits); its result is not lost."
    assert DURABLE.fate("not_landed", SUBMITTED) == (
        f"{told} The next try (2 left) fetches it again and does not pay again."
    )
    assert FLEETING.fate("not_landed", SUBMITTED) == (
        f"{told} No record survives this try: a retry would submit a new generation and may pay again; fetch "
        "the result by its task id instead."
    )
    assert "is paid for (7 credits);" in DURABLE.fate("not_landed", SUBMITTED, credits=7)
    assert "is paid for; its" in DURABLE.fate("not_landed", COST_UNKNOWN)


def test_what_the_gateway_keeps_no_longer() -> None:
    assert DURABLE.fate("expired", SUBMITTED) == (
        "Generation task_1 succeeded and is paid for, but the time for which the gateway keeps its result is "
        "over. No retry is made, as none could fetch it; ask the gateway's support for the result, or clear "
        "the task to submit, and pay for, a new generation."
    )


def test_what_has_failed() -> None:
    assert DURABLE.fate("refunded", SUBMITTED) == "The next try (2 left) submits a new generation."
    assert DURABLE.fate("charged", SUBMITTED) == (
        "No retry is made, as it would pay again; clear the task to submit a new generation, and ask the "
        "gateway's support about the credits."
    )
    assert DURABLE.fate("refused", SUBMITTED) == (
        "No retry is made, as the same content would be refused again; change the request and clear the task."
    )


def test_what_was_deferred_and_ended_without_a_word() -> None:
    assert DURABLE.fate("deferred", SUBMITTED) == DURABLE.fate("running", SUBMITTED)
    assert DURABLE.fate("deferred", INTENT) == (
        f"A generation was submitted before the deferral. {DURABLE.fate('uncertain', INTENT)}"
    )
    unknown = replace(SUBMITTED, generation_id=None)
    told = (
        "A generation was submitted before the deferral and goes on at the gateway; its task id is in the "
        f"log above. {NO_RECORD}"
    )
    for words in (DURABLE, FLEETING):
        assert words.fate("deferred", unknown) == words.fate("deferred") == told


def test_without_a_task_id_nothing_is_said_of_one() -> None:
    assert DURABLE.fate("running", INTENT) == DURABLE.fate("running") == DURABLE.fate("uncertain")


@pytest.mark.parametrize("outcome", get_args(Outcome))
@pytest.mark.parametrize("words", [DURABLE, LAST, FLEETING])
def test_every_outcome_is_worded(outcome: Outcome, words: TaskWords) -> None:
    told = words.fate(outcome, SUBMITTED)
    assert told.endswith(".")
    assert "None" not in told
    assert not set("{}") & set(told)


# -- what a person has to do -----------------------------------------------------------------------

LOOK = (
    "No retry is made: look at the gateway's account for a generation of about 2026-05-11 00:00:00 UTC, or "
    "ask its support for that id. If there is one, fetch its result by its task id and mark the task as "
    "succeeded; if not, clear the task: "
)


def test_a_key_that_may_be_forgotten_by_now() -> None:
    assert DURABLE.impasse("uncertain", INTENT) == (
        "This try sent nothing and paid nothing, and no retry is made. Look at the account; then clear the "
        "task: it sends the same request under the same idempotency key within a day of the first, and a new "
        "one after that."
    )


def test_what_is_not_found_at_the_gateway() -> None:
    unknown = "Whether it was accepted, and is paid for, is not known"
    then = "it looks once more, and then submits, and pays for, a new one under a new id."
    asks = replace(DURABLE, resubmits=False)
    assert asks.impasse("absent", INTENT) == (
        f"{unknown}; this try sent nothing and paid nothing. {LOOK}{then} "
        "on_uncertain_submission='resubmit' does that without asking, and may pay twice."
    )
    assert asks.impasse("absent", INTENT, sent=True).startswith(f"{unknown}. No retry is made")
    assert DURABLE.impasse("absent", INTENT).endswith(
        f"{then} The request renders differently now, so on_uncertain_submission='resubmit' has no effect."
    )
    assert DURABLE.impasse("foreign", INTENT).endswith(then)
    assert FLEETING.impasse("foreign", INTENT).endswith(
        "clear the task: it submits, and pays for, a new one, as there is no record of this one."
    )


@pytest.mark.parametrize("why", get_args(Impasse))
def test_every_impasse_is_worded(why: Impasse) -> None:
    told = DURABLE.impasse(why, INTENT)
    assert told.endswith(".")
    assert "lear the task" in told or "clear it" in told
    assert "None" not in told
    assert not set("{}") & set(told)


# -- what earlier tries have left ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (INTENT, "a submission without an answer (key rivya-1), which may have been paid for"),
        (INTENT.withdrawn(), "a submission that was taken back (key rivya-1), which cost nothing"),
        (SUBMITTED, "generation task_1 (submitted), which may be running and was paid for"),
        (SUBMITTED.delivered(), "generation task_1 (delivered), which was paid for"),
        (SUBMITTED.failed("nsfw", None), "generation task_1 (failed), which may have been charged"),
        (SUBMITTED.failed("oops", 0), "generation task_1 (failed), which cost 0 credits"),
        (SUBMITTED.failed("oops", 5), "generation task_1 (failed), which cost 5 credits"),
    ],
    ids=lambda value: value.state if isinstance(value, Record) else "",
)
def test_what_is_left_is_named_with_what_it_cost(record: Record, words: str) -> None:
    assert describe(record) == words


def said(
    before: Record | None,
    abandoned: Record | None = None,
    *,
    fingerprint: str = "f",
    cleared: bool = False,
    first_try: bool = False,
) -> tuple[int, str] | None:
    return why_begun(before, abandoned, fingerprint=fingerprint, cleared=cleared, first_try=first_try)


def test_a_first_try_has_nothing_to_tell() -> None:
    assert said(None, first_try=True) is None


def test_a_later_try_tells_that_nothing_is_on_record() -> None:
    assert said(None) == (
        logging.INFO,
        "Resumed after an earlier try that has left no submission on record: it ended before the paid call, "
        "or its record is not where it is looked for now, or a clear has dropped it (as Airflow 3.4 and "
        "later do, unless asked to keep the task state). This try submits.",
    )


@pytest.mark.parametrize(
    ("before", "cleared", "text"),
    [
        (
            INTENT.withdrawn(),
            False,
            "Resumed after a submission that was taken back (key rivya-1), which cost nothing. This try "
            "submits.",
        ),
        (
            SUBMITTED.delivered(),
            True,
            "Cleared after generation task_1 (delivered), which was paid for. This try submits, and pays "
            'for, a new one (on_rerun_after_delivery="reuse" stores the first one again).',
        ),
        (
            SUBMITTED.failed("oops", 0),
            False,
            "Resumed after generation task_1 (failed), which cost 0 credits. This try submits, and pays for, "
            "a new one.",
        ),
        (
            SUBMITTED.failed("oops", 5),
            True,
            "Cleared after generation task_1 (failed), which cost 5 credits. This try submits, and pays for, "
            "a new one.",
        ),
    ],
)
def test_what_came_before_and_what_it_cost(before: Record, cleared: bool, text: str) -> None:
    assert said(before, cleared=cleared) == (logging.INFO, text)


@pytest.mark.parametrize(
    ("fingerprint", "why"),
    [
        (
            "f",
            "The same request is submitted again, under a new key: if the first one was accepted after all, "
            "both are paid for.",
        ),
        ("g", "The task was cleared and asks for something else now."),
    ],
)
def test_what_may_be_paid_for_twice_is_a_warning(fingerprint: str, why: str) -> None:
    left = "Left behind: generation task_1 (submitted), which may be running and was paid for."
    told = said(SUBMITTED, SUBMITTED, fingerprint=fingerprint, cleared=True)
    assert told == (logging.WARNING, f"{why} {left}")
