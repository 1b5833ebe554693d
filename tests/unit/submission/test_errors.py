"""The errors of a try that goes no further than its submission record: what they say, and which are final."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import GatewayError, GatewayUnreachableError, GenerationError
from airflow_provider_rivya.submission.context import Words
from airflow_provider_rivya.submission.decide import Finding, Stop
from airflow_provider_rivya.submission.errors import (
    cannot_begin,
    gone_on,
    interrupted,
    not_looked_up,
    not_ours,
    overtaken,
    sent_elsewhere,
    stopped,
)
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.record import EXPIRED, Record

INTENT = Record("intent", 2, 0, "f", "rivya-1", 0.0, "rivya_default", "nano-banana-2", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)
WORDS = TaskWords(durable=True, retries_left=2)
STRANGE = Generation(id="task_9", status="succeeded")
FOREIGN = Finding(STRANGE, "was created 3600 s before this request was made", 1, 0.0)
ABSENT = Finding(None, "", 15, 60.0)


def lost() -> GatewayUnreachableError:
    return GatewayUnreachableError(
        "The gateway broke off.", conn_id="rivya_default", advice="Ask it", maybe_taken_in=True
    )


# -- a record that only a person can go on from ----------------------------------------------------


@pytest.mark.parametrize(
    ("step", "message", "fate"),
    [
        (
            Stop(INTENT, "uncertain"),
            "An earlier try sent a request and got no answer; whether the gateway accepted it is not known",
            WORDS.impasse("uncertain"),
        ),
        (
            Stop(SUBMITTED.failed("oops", 5), "charged"),
            "Generation task_1 had failed at the gateway",
            WORDS.fate("charged"),
        ),
        (
            Stop(SUBMITTED.failed("nsfw", 0), "refused"),
            "Generation task_1 had failed at the gateway",
            WORDS.fate("refused"),
        ),
        (
            Stop(SUBMITTED.failed(EXPIRED, 5), "charged"),
            "The result of generation task_1 had expired at the gateway",
            WORDS.fate("charged"),
        ),
    ],
    ids=["uncertain", "charged", "refused", "expired"],
)
def test_what_an_earlier_try_has_come_to(step: Stop, message: str, fate: str) -> None:
    error = stopped(step, WORDS, None)
    assert (error.message, error.fate) == (message, fate)
    assert (error.generation_id, error.code) == (step.record.generation_id, step.record.code)
    assert error.conn_id == "rivya_default"
    assert error.final


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (ABSENT, "the gateway knows no generation under its id rivya-1 (asked 15 times in 60 s)"),
        (Finding(None, "", 1, 0.0), "the gateway knows no generation under its id rivya-1 (asked once)"),
        (
            FOREIGN,
            "under its id rivya-1 the gateway has generation task_9, which was created 3600 s before this "
            "request was made: that is another task's, of another Airflow deployment with the same ids (give "
            "each connection its own idempotency_namespace) or of a DAG run that was deleted and made again",
        ),
    ],
    ids=["absent", "asked once", "foreign"],
)
@pytest.mark.parametrize("error", [None, lost()], ids=["earlier try", "this try"])
def test_what_a_look_up_has_shown_instead(finding: Finding, told: str, error: GatewayError | None) -> None:
    reason = finding.outcome
    assert reason is not None
    found = stopped(Stop(INTENT, reason), WORDS, finding, error)
    before = "The gateway broke off" if error else "An earlier try sent a request and got no answer"
    assert found.message == f"{before}; {told}"
    assert found.fate == WORDS.impasse(reason, INTENT, sent=error is not None)
    assert found.final
    assert found.advice is None
    assert found.generation_id is None, "what was found is not this task's"
    assert type(found) is (GatewayUnreachableError if error else GenerationError)
    assert getattr(found, "maybe_taken_in", False) is (error is not None)
    if error is not None:
        assert (error.message, error.final) == ("The gateway broke off.", False), "errors do not change"


# -- a look-up that did not come to its end --------------------------------------------------------


def test_what_could_not_be_looked_up() -> None:
    error = not_looked_up(GatewayError("no route", conn_id="rivya_default"), INTENT, WORDS)
    assert str(error) == (
        "An earlier try sent a request and got no answer, and it could not be looked up under its id "
        "rivya-1: no route [connection rivya_default]. Whether the gateway accepted it is not known. The "
        "next try (2 left) sends the same request under the same idempotency key, so that it is paid for "
        "once."
    )
    assert error.maybe_taken_in
    assert not error.final


@pytest.mark.parametrize(("advice", "told"), [("Mend the key", "Mend the key"), (None, "Ask it")])
def test_what_could_not_be_looked_up_either(advice: str | None, told: str) -> None:
    error = not_looked_up(lost(), INTENT, WORDS, GatewayError("refused", advice=advice))
    assert error.message == (
        "The gateway broke off; it could not be looked up under its id rivya-1 either: refused"
    )
    assert error.advice == told
    assert error.maybe_taken_in


def test_a_look_up_that_was_interrupted() -> None:
    error = interrupted(INTENT, INTENT.conn_id, WORDS)
    assert error.message == "The task was asked to stop while it looked its request up under the id rivya-1"
    assert error.fate == WORDS.fate("uncertain", INTENT)
    assert (error.retryable, error.maybe_taken_in, error.final) == (True, True, False)


# -- another process of the same task --------------------------------------------------------------


def test_another_process_submits_or_has_given_up() -> None:
    error = overtaken(INTENT, "rivya_default", WORDS)
    assert str(error) == (
        "Another process of this task has submitted, or is about to, under the id rivya-1, and has recorded "
        "no answer [connection rivya_default]. This process has sent nothing and paid nothing. "
        f"{WORDS.fate('uncertain', INTENT)}"
    )
    given_up = overtaken(None, "rivya_default", WORDS)
    assert str(given_up) == (
        "Another process of this task has taken its submission over or back [connection rivya_default]. "
        "Nothing was submitted and nothing was charged. The next try (2 left) submits the request."
    )
    assert error.retryable
    assert given_up.retryable


def test_another_process_went_on_to_something_else() -> None:
    error = gone_on(SUBMITTED, "rivya_default", WORDS)
    assert error.retryable
    assert str(error) == (
        "Another process of this task has gone on to something else: generation task_1 (submitted), which "
        "may be running and was paid for [connection rivya_default]. This process has sent nothing and paid "
        "nothing. The next try (2 left) goes on with what is recorded."
    )


# -- what a person has to mend ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda words: sent_elsewhere(INTENT, "another", words),
            "An earlier try sent a request through the connection 'rivya_default' and got no answer; this "
            "try has the connection 'another', where it can neither be sent again nor looked up [connection "
            "another]. Whether it was accepted is not known; this try sent nothing and paid nothing, and no "
            "retry is made. Give the task its connection 'rivya_default' back and clear it; or clear it as "
            "it is: then it submits, and pays for, a new one.",
        ),
        (
            lambda words: cannot_begin(None, "c", words),
            "The request cannot be made now (the warning above says why) [connection c]. This try sent "
            "nothing and paid nothing, and no retry is made. Fix the request, and clear the task.",
        ),
        (
            lambda words: cannot_begin(INTENT, "c", words),
            "The request cannot be made now (the warning above says why), and what an earlier try left is a "
            "submission without an answer (key rivya-1), which may have been paid for [connection c]. This "
            "try sent nothing and paid nothing, and no retry is made. Fix the request, and clear the task.",
        ),
        (
            lambda words: not_ours(STRANGE, INTENT, "was created 3600 s before this request was made", words),
            "The gateway answered with generation task_9, which was created 3600 s before this request was "
            "made: it belongs to another task under the same idempotency key [connection rivya_default]. "
            "Either another Airflow deployment with the same DAG and run ids uses the account: give each "
            "connection its own idempotency_namespace. Or a DAG run was deleted and made again under the "
            "same run id. This try has paid nothing. Clear the task: it then submits a new generation under "
            "a new key.",
        ),
    ],
    ids=["elsewhere", "unmakeable", "unmakeable beside another one", "not ours"],
)
def test_what_no_retry_can_mend_is_final(make: Callable[[Words], GenerationError], text: str) -> None:
    error = make(WORDS)
    assert str(error) == text
    assert error.final
    assert error.generation_id is None
