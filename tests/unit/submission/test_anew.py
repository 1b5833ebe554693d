"""What is said of earlier tries before a new submission is paid for."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from airflow_provider_rivya.submission.anew import why_anew

from airflow_provider_rivya.submission.record import Record

INTENT = Record("intent", 2, 0, "f", "rivya-1", 0.0, "rivya_default", "nano-banana-2", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)
NOTHING = (
    "Resumed after an earlier try that has left no submission on record: it ended before the paid "
    "call, or its "
    "record is not where it is looked for now. This try submits."
)


def said(
    before: Record | None,
    abandoned: Record | None = None,
    *,
    fingerprint: str = "f",
    cleared: bool = False,
    first_try: bool = False,
) -> tuple[int, str] | None:
    return why_anew(before, abandoned, fingerprint=fingerprint, cleared=cleared, first_try=first_try)


def test_a_first_try_has_nothing_to_tell() -> None:
    assert said(None, first_try=True) is None


def test_a_later_try_tells_that_nothing_is_on_record() -> None:
    assert said(None) == (logging.INFO, NOTHING)


@pytest.mark.parametrize(
    ("before", "cleared", "text"),
    [
        (
            replace(INTENT, state="withdrawn"),
            False,
            "Resumed after a submission that was taken back (key rivya-1), which cost nothing. This "
            "try submits.",
        ),
        (
            SUBMITTED.delivered(),
            True,
            "Cleared after generation task_1 (delivered), which was paid for. This try submits, and "
            "pays for, a "
            'new one (on_rerun_after_delivery="reuse" lands the first one again).',
        ),
        (
            SUBMITTED.failed("oops", 0),
            False,
            "Resumed after generation task_1 (failed), which cost 0 credits. This try submits, and "
            "pays for, a "
            "new one.",
        ),
        (
            SUBMITTED.failed("oops", 5),
            True,
            "Cleared after generation task_1 (failed), which cost 5 credits. This try submits, and "
            "pays for, a "
            "new one.",
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
            "The same request is submitted anew, under a new key: if the first one was taken in "
            "after all, both "
            "are paid for.",
        ),
        ("g", "The task was cleared and asks for something else now."),
    ],
)
def test_what_may_be_paid_for_twice_is_a_warning(fingerprint: str, why: str) -> None:
    left = "Left behind: generation task_1 (submitted), which may be running and was paid for."
    assert said(SUBMITTED, SUBMITTED, fingerprint=fingerprint, cleared=True) == (
        logging.WARNING,
        f"{why} {left}",
    )
