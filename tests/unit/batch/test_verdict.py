"""Whether a batch has failed, and what its failure says of what earlier tries have paid for."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from airflow_provider_rivya.batch.ledger import Book, Entry, RowError, RowState
from airflow_provider_rivya.batch.manifest import Totals, line_of
from airflow_provider_rivya.batch.run import Over
from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.batch.verdict import BatchFailedError, Remedies, Tolerance, explain, judge
from airflow_provider_rivya.batch.window import row_error
from airflow_provider_rivya.exceptions import Fault, GenerationError, InvalidRequestError
from airflow_provider_rivya.operators.arguments import check_shares


@pytest.mark.parametrize(
    ("tolerated", "rows", "most"),
    [
        (0, 100, 0),
        (0.0, 100, 0),
        (1, 100, 1),
        (1.0, 100, 100),
        (3.0, 100, 3),
        (0.1, 30, 3),
        (0.29, 100, 29),
        (0.07, 100, 7),
        (0.01, 99, 0),
        (1e-05, 100_000, 1),
    ],
)
def test_how_many_rows_may_fail(tolerated: float, rows: int, most: int) -> None:
    tolerance = Tolerance(tolerated)
    assert tolerance.allows(most, rows)
    assert most == rows or not tolerance.allows(most + 1, rows)


@pytest.mark.parametrize("value", [True, -1, 1.5, "0.1", "10%", float("nan"), float("inf")], ids=str)
def test_what_is_neither_a_number_of_rows_nor_a_share(value: Any) -> None:
    with pytest.raises(ValueError, match="max_failed_rows"):
        check_shares(max_failed_rows=value)


def failed(ended: Any, counts: dict[str, int], tolerance: Tolerance) -> bool:
    gone = counts.get("failed", 0) + counts.get("invalid", 0)
    totals = Totals(rows=sum(counts.values()), final_failures=gone)
    totals.counts.update(counts)
    with suppress(BatchFailedError):
        judge(Over(ended), totals, tolerance, conn_id="c", manifest_uri="m", remedies=Remedies("A retry"))
        return False
    return True


@pytest.mark.parametrize("ended", ["limit", "budget"])
def test_a_share_is_one_of_the_rows_that_were_to_be_made(ended: str) -> None:
    pilot = {"succeeded": 15, "failed": 5, "not_submitted": 9_980}
    assert failed(ended, pilot, Tolerance(0.1))
    assert not failed(ended, pilot, Tolerance(0.25))
    assert not failed("dry_run", {"invalid": 5, "not_submitted": 95}, Tolerance(0.05))


def test_rows_that_were_not_sent_are_a_failure_where_nothing_held_them_back() -> None:
    counts = {"succeeded": 5, "not_submitted": 1}
    assert failed("done", counts, Tolerance())
    assert not failed("done", counts, Tolerance(1))
    assert not any(failed(ended, counts, Tolerance()) for ended in ("limit", "budget", "dry_run"))


def test_a_refusal_says_what_is_recorded_of_before() -> None:
    refused = InvalidRequestError([Fault("prompt", "is missing")])
    some, none = Book(), Book()
    some.add(Entry("a"))
    for book, known, told in (
        (none, False, False),
        (None, True, False),
        (None, False, True),
        (some, True, True),
    ):
        text = str(explain(refused, book, known=known))
        assert ("what earlier ones have paid for stays recorded" in text) is told
        assert ("nothing was charged" in text) is not told
    other = GenerationError("x")
    assert explain(other, some, known=False) is other


def test_what_is_told_of_rows_is_a_line_each() -> None:
    faults = [Fault("prompt", "is missing"), Fault("reference_media[0]", "does not exist")]
    error = row_error(InvalidRequestError(faults), None, 0)
    assert error.text == "prompt: is missing; reference_media[0]: does not exist"
    totals = Totals(rows=2)
    for index, text in enumerate((error.text, "x" * 500)):
        row = PlannedRow(index, f"r{index}", "m")
        totals.add(row, line_of(row, RowState(error=RowError("failed", "k", text, 0)), "failed"))
    with pytest.raises(BatchFailedError) as told:
        judge(Over("done"), totals, Tolerance(), conn_id="c", manifest_uri="m", remedies=Remedies("A retry"))
    lines = str(told.value).splitlines()
    assert lines[0].endswith("(rows: 2 failed) [connection c]. The first of them:")
    assert lines[1] == f"  - 'r0': failed. {error.text}"
    assert lines[2].startswith("  - 'r1': failed. xxx")
    assert lines[2].endswith("x…")
    assert lines[3].startswith("All others are stored.")
