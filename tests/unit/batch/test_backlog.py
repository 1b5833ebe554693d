"""Which rows are left to submit, and that none of them is there twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya.batch.backlog import Backlog
from airflow_provider_rivya.batch.files.stored import StoredFiles
from airflow_provider_rivya.batch.ledger import Entry
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.batch.window import Course, Limits
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.context import SubmissionPolicy
from airflow_provider_rivya.submission.record import Record

RUNS = Record("intent", 0, 0, "f", "rivya-key", 1.0, "c", "m").submitted("t", 1.0, 2.0)
"""Begun before the clear."""


@pytest.mark.parametrize("what", ["fails and is made again", "asks for something else"])
def test_a_row_that_its_files_tell_of_is_submitted_once(tmp_path: Path, what: str) -> None:
    place = OutputPlace(f"{tmp_path}/")
    ledger = Ledger(place, "batch", "holder")
    ledger.note(Entry("x", RUNS, 1.0))
    context: Any = SimpleNamespace(
        ledger=ledger, epoch=1, policy=SubmissionPolicy("reuse"), files=StoredFiles(place, replace=True)
    )
    rows = [PlannedRow(0, "y", "m", fingerprint="g"), PlannedRow(1, "x", "m", references="a.png")]
    backlog = Backlog(context, lambda: iter(rows), Limits())
    backlog.sort()

    def taken(room: int) -> list[tuple[str, bool]]:
        return [(row.key, may_pay) for row, may_pay in backlog.choose(room, Course(Limits()))]

    assert taken(1) == [("x", False)]
    if what == "fails and is made again":
        backlog.settle(rows[1])
        assert taken(1) == [("y", True)]
        ledger.note(Entry("x", replace(RUNS, epoch=1).failed("server_error", 0.0), 1.0))
        backlog.again(rows[1])
        assert taken(4) == [("x", True)]
    else:
        backlog.again(rows[1])
        assert taken(4) == [("y", True), ("x", True)]
    assert not backlog
