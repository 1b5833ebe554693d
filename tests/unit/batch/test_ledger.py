"""The ledger: what is noted of a row, and what of that is written when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.ledger import Book, Entry, RowError, RowResult
from airflow_provider_rivya.batch.manifest import status_of
from airflow_provider_rivya.batch.records import RowRecords, Window
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.batch.window import action
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import RecordTakenError


def note(row: str) -> Entry:
    return Entry(row, error=RowError("failed", "k", "no", 0))


def test_what_is_noted_while_a_segment_is_written_is_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(OutputPlace(f"{tmp_path}/"), "batch", "me")
    ledger.open()
    create = SmallFile.create

    def slowly(file: SmallFile, content: bytes) -> None:
        ledger.note(note("late"))
        create(file, content)

    with monkeypatch.context() as patch:
        patch.setattr(SmallFile, "create", slowly)
        ledger.note(note("early"))
        ledger.commit([note("now")])
    ledger.flush()
    other = Ledger(OutputPlace(f"{tmp_path}/"), "batch", "other")
    other.read()
    assert set(other.book.rows) == {"early", "now", "late"}
    written = "".join(path.read_text() for path in tmp_path.glob("ledger-*"))
    assert [written.count(f'"row": "{row}"') for row in ("early", "now", "late")] == [1, 1, 1]


def test_the_result_of_before_is_not_that_of_a_new_generation() -> None:
    """Killed after a changed row's new generation is noted as delivered, and before its file is noted."""
    old = Record("intent", 0, 0, "f", "key-1", 1.0, "rivya_default", "z-image", body="{}")
    new = replace(old, epoch=3, fingerprint="g", key="key-2")
    book = Book()
    book.add(Entry("a", old.submitted("task_1", 1.0, 2.0).delivered()))
    book.add(Entry("a", result=RowResult(0, "{}")))
    book.add(Entry("a", new))
    book.add(Entry("a", new.submitted("task_2", 1.0, 2.0).delivered()))
    state = book.rows["a"]
    given: Any = {"epoch": 3, "fingerprint": "g", "on_rerun": "reuse", "row_attempts": 2}
    assert action(state, **given) == "wait"
    row = PlannedRow(0, "a", "z-image", fingerprint="g")
    assert status_of(row, state, 3) == "not_landed"


def test_a_record_that_is_another_one_by_now_is_not_overwritten(tmp_path: Path) -> None:
    ledger = Ledger(OutputPlace(f"{tmp_path}/"), "batch", "me")
    ledger.open()
    intent = Record("intent", 0, 0, "f", "key-1", 1.0, "rivya_default", "z-image", body="{}")
    records = RowRecords(ledger, "a", 1.0, Window(ledger, ["a"]))
    records.exchange(None, intent)
    with pytest.raises(RecordTakenError):
        records.exchange(None, replace(intent, key="key-2"))
    assert ledger.record("a") == intent
