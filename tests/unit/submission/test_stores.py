"""Where a record is stored: what is written is read, and one of two processes comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import Record, UnreadableRecordError
from airflow_provider_rivya.submission.stores import (
    KEY,
    FileRecords,
    LostRecords,
    NoRecords,
    RecordStore,
    RecordTakenError,
    StateStoreRecords,
    folder_faults,
    record_folder,
)
from tests.unit.state_store import StateStore

IDENTITY = Identity("", "dag", "run", "task", -1)
INTENT = Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5.0, 2.0)
OTHER = replace(INTENT, holder="another process")


def in_file(folder: Path) -> FileRecords:
    return FileRecords(OutputPlace(f"{folder}/"), IDENTITY)


@pytest.fixture(params=["state store", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RecordStore:
    if request.param == "file":
        return in_file(tmp_path / "new")
    return NoRecords() if request.param == "memory" else StateStoreRecords(StateStore(), None)


def test_what_is_written_is_read(store: RecordStore) -> None:
    assert store.read() is None
    store.exchange(None, INTENT)
    assert store.read() == INTENT
    store.exchange(INTENT, SUBMITTED)
    assert store.read() == SUBMITTED
    store.exchange(SUBMITTED, None)
    assert store.read() is None
    store.exchange(None, None)
    assert store.read() is None


# -- Airflow's state store -------------------------------------------------------------------------


def test_a_record_is_kept_as_long_as_its_task_instance() -> None:
    inner, forever = StateStore(), object()
    StateStoreRecords(inner, forever).exchange(None, INTENT)
    assert inner.retention is forever
    assert list(inner.values) == [KEY]


def test_the_state_store_is_asked_for_nothing_that_it_refuses_by_itself() -> None:
    """Airflow's API server takes nothing from an earlier try's process: nothing is read before a write."""
    inner = StateStore()
    store = StateStoreRecords(inner, None)
    assert (store.durable, store.fenced) == (True, True)
    for before, after in ((None, INTENT), (INTENT, SUBMITTED), (SUBMITTED, None), (None, None)):
        store.exchange(before, after)
    assert inner.calls == ["set intent", "set submitted", "delete"]


@pytest.mark.parametrize("document", ["text", {}, {"version": 9}])
def test_a_value_that_is_no_record_is_never_taken_for_none(document: Any) -> None:
    inner = StateStore()
    inner.values[KEY] = document
    with pytest.raises(UnreadableRecordError, match="submission record"):
        StateStoreRecords(inner, None).read()


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [None, SUBMITTED, OTHER])
@pytest.mark.parametrize("after", [None, SUBMITTED.delivered()])
def test_only_what_was_expected_is_replaced(
    tmp_path: Path, there: Record | None, after: Record | None
) -> None:
    store = in_file(tmp_path)
    assert (store.durable, store.fenced) == (True, False)
    store.exchange(None, there)
    with pytest.raises(RecordTakenError):
        store.exchange(INTENT, after)
    assert store.read() == there


def test_a_record_is_created_once(tmp_path: Path) -> None:
    store = in_file(tmp_path)
    store.exchange(None, SUBMITTED)
    with pytest.raises(RecordTakenError):
        store.exchange(None, INTENT)
    assert store.read() == SUBMITTED


def test_of_many_exchanges_at_once_one_is_made(tmp_path: Path) -> None:
    def take_over(number: int) -> bool:
        try:
            in_file(tmp_path).exchange(INTENT, replace(INTENT, holder=str(number)))
        except RecordTakenError:
            return False
        return True

    in_file(tmp_path).exchange(None, INTENT)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(take_over, range(64))).count(True) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 9}', b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_record_is_never_taken_for_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{IDENTITY.digest}.json").write_bytes(content)
    with pytest.raises(UnreadableRecordError, match=r"\.json: "):
        in_file(tmp_path).read()


# -- nowhere ---------------------------------------------------------------------------------------


def test_nothing_outlives_a_try_where_there_is_no_place() -> None:
    store = NoRecords()
    store.exchange(None, INTENT)
    assert NoRecords().read() is None
    assert (store.durable, store.fenced) == (False, False)


@pytest.mark.parametrize("state_path", ["nope://bucket", "records/", "", 7])
def test_in_what_is_no_folder_nothing_is_taken_for_no_record(state_path: Any) -> None:
    faults = folder_faults(state_path)
    assert {fault.path for fault in faults} == {"state_path"}
    store = LostRecords(faults)
    assert store.durable
    for act in (store.read, lambda: store.exchange(None, INTENT)):
        with pytest.raises(ValueError, match=r"^state_path: "):
            act()


def test_a_folder_that_is_not_asked_for_or_can_be_one_has_no_fault(tmp_path: Path) -> None:
    assert folder_faults(None) == folder_faults(f"{tmp_path}/new.png") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state_path", ["{}/records", "{}/records/", "{}/records.png", "file://{}/records//"])
def test_a_state_path_is_a_folder_whatever_its_name_looks_like(tmp_path: Path, state_path: str) -> None:
    place = record_folder(state_path.format(tmp_path))
    assert place.faults() == []
    assert place.fixed_name is None
    assert place.uri.startswith(f"file://{tmp_path}/records")
