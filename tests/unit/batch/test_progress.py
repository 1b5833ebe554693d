"""What is told of a batch while it runs, to whom, and how often."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_rivya.batch.ledger import RowError
from airflow_provider_rivya.batch.progress import ROWS_TOLD, WARNED, Progress, Report, Standing, about


def told(progress: Progress, moments: list[float], caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.INFO, "airflow_provider_rivya"):
        for now in moments:
            progress.say(now, 7)
    return [record.getMessage() for record in caplog.records]


def test_a_line_each_thirty_seconds_and_a_report_as_often_as_asked(caplog: pytest.LogCaptureFixture) -> None:
    reports: list[Standing] = []
    progress = Progress(100, lambda: 12.5, 500.0, 1000.0, Report(reports.append, every=10.0))
    progress.begin(landed=20, failed=0)
    assert told(progress, [1000.0, 1005.0, 1012.0, 1029.0], caplog) == []
    assert len(reports) == 3
    progress.landed += 20
    progress.row_failed("x", RowError("failed", "generation_failed", "no", 0))
    (line,) = told(progress, [1030.0, 1031.0, 1059.0], caplog)
    assert line == ("40 of 100 rows stored, 7 running, 1 failed; 12.5 of 500 credits; about 84 s left.")
    progress.say(1059.5, 0, last=True)
    assert (reports[-1].running, reports[-1].landed) == (0, 40)


def test_how_long_it_takes_is_said_when_something_has_ended_here() -> None:
    progress = Progress(10, lambda: 0.0, None, 0.0)
    progress.begin(landed=5, failed=0)
    assert progress.standing(60.0, 3).seconds_left is None
    progress.landed += 1
    standing = progress.standing(60.0, 3)
    assert standing.seconds_left == 240.0
    assert "budget" not in standing.to_json()
    assert Standing(**standing.to_json()) == standing


def test_a_row_that_was_not_sent_has_not_failed(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(10, lambda: 0.0, None, 0.0)
    progress.row_failed("x", RowError("not_submitted", "key", "no", 0, final=False))
    assert progress.failed == 0


def test_of_many_rows_without_a_result_the_first_are_told(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(100, lambda: 0.0, None, 0.0)
    progress.row_failed("x", RowError("not_submitted", "key", "no", 0, final=False))
    assert not caplog.records  # that is told once, of the account
    for number in range(50):
        progress.row_failed(str(number), RowError("not_submitted", "unavailable", "no", 0, final=False))
    assert len(caplog.records) == ROWS_TOLD


def test_what_is_warned_of_is_told_of_the_first_rows_and_what_is_the_same_of_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    more = "No more rows are told of that."
    of_rows = logging.getLogger("airflow_provider_rivya.request.prepare")
    for _ in range(2):  # another try is told the same
        caplog.clear()
        Progress(100, lambda: 0.0, None, 0.0).begin(landed=0, failed=0)
        for number in range(150):
            with about(f"r{number}"):
                of_rows.info("a step")
                of_rows.warning("the model is sent as another one")
                of_rows.warning("generation %d is left behind.", number)
        texts = [record.getMessage() for record in caplog.records]
        assert texts[:2] == [
            "Row 'r0': the model is sent as another one",
            "Row 'r0': generation 0 is left behind.",
        ]
        assert (len(texts), texts[-1]) == (
            1 + WARNED,
            f"Row 'r{WARNED - 1}': generation {WARNED - 1} is left behind. {more}",
        )
    of_rows.warning("not of a row")
    assert caplog.records[-1].getMessage() == "not of a row"
