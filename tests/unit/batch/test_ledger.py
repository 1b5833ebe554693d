"""The ledger's segments: what is noted while one is written is in the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.batch.ledger import Entry, RowError
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.place import OutputPlace


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
