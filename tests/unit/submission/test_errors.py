"""What is said of a record that another try or process has left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from airflow_provider_rivya.submission.fate import Situation
from airflow_provider_rivya.submission.stopping import gone_on, in_words

from airflow_provider_rivya.submission.record import Record

INTENT = Record("intent", 2, 0, "f", "rivya-1", 0.0, "rivya_default", "nano-banana-2", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (INTENT, "a submission without an answer (key rivya-1), which may have been paid for"),
        (
            replace(INTENT, state="withdrawn"),
            "a submission that was taken back (key rivya-1), which cost nothing",
        ),
        (SUBMITTED, "generation task_1 (submitted), which may be running and was paid for"),
        (SUBMITTED.delivered(), "generation task_1 (delivered), which was paid for"),
        (SUBMITTED.failed("nsfw", None), "generation task_1 (failed), which may have been charged"),
        (SUBMITTED.failed("oops", 0), "generation task_1 (failed), which cost 0 credits"),
        (SUBMITTED.failed("oops", 5), "generation task_1 (failed), which cost 5 credits"),
    ],
    ids=lambda value: value.state if isinstance(value, Record) else "",
)
def test_what_is_left_is_named_with_what_it_cost(record: Record, words: str) -> None:
    assert in_words(record) == words


def test_another_process_went_on_to_something_else() -> None:
    error = gone_on(SUBMITTED, "rivya_default", Situation(durable=True, retries_left=2))
    assert error.retryable
    assert "has gone on to something else: generation task_1 (submitted)" in str(error)
    assert "This process has sent nothing and paid nothing. The next try (2 left) goes on" in str(error)
