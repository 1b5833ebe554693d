"""Where a record is stored: what is written is read, and one of two processes comes first."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import Record, UnreadableRecordError
from airflow_provider_rivya.submission.sealing import Seal
from airflow_provider_rivya.submission.stores import (
    KEY,
    FileRecords,
    LostRecords,
    MirroredRecords,
    NoRecords,
    RecordStore,
    RecordTakenError,
    StateStoreRecords,
    folder_faults,
    key_of,
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


def test_a_record_that_is_gone_from_its_backend_is_never_taken_for_none() -> None:
    """Airflow hands ``None`` on for it, as it does for a key that was never written."""
    inner = StateStore()
    inner.values[KEY] = None
    with pytest.raises(UnreadableRecordError, match=r"what that points to.* is not there"):
        StateStoreRecords(inner, None).read()


def test_the_server_is_asked_before_a_backends_value_is_overwritten() -> None:
    """Airflow writes what lies in a backend before its server refuses an earlier try's process."""

    class Backend(StateStore):
        def set(self, key: str, value: Any, *, retention: Any = None) -> None:
            if key == KEY:
                raise AssertionError("the later try's record is overwritten")
            raise ConnectionError("refused")

    store = StateStoreRecords(Backend(), None, offloads=True)
    for before, after in ((None, INTENT), (INTENT, SUBMITTED), (SUBMITTED, None)):
        with pytest.raises(ConnectionError):
            store.exchange(before, after)


def test_who_shares_a_state_store_has_a_key_of_its_own() -> None:
    inner = StateStore()
    one, other = (StateStoreRecords(inner, None, key=key_of(part)) for part in ("", "0123456789abcdef"))
    one.exchange(None, INTENT)
    assert other.read() is None
    other.exchange(None, SUBMITTED)
    assert (one.read(), other.read()) == (INTENT, SUBMITTED)
    assert list(inner.values) == [KEY, f"{KEY}_0123456789abcdef"]


def test_no_signature_stands_in_the_state_store() -> None:
    inner, seal = StateStore(), Seal("rvya_sk_abcd1234")
    signed = replace(INTENT, body='{"url":"https://files.example/a.png?sig=s3cr3t"}')
    store = StateStoreRecords(inner, None, seal=seal)
    store.exchange(None, signed)
    assert "s3cr3t" not in str(inner.values)
    assert store.read() == signed


# -- both ------------------------------------------------------------------------------------------


@pytest.fixture
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[StateStore, MirroredRecords, FileRecords]:
    inner, file = StateStore(), in_file(tmp_path)
    moves = getattr(request, "param", False)
    return inner, MirroredRecords(StateStoreRecords(inner, None), file, moves=moves), file


def test_what_a_clear_drops_is_still_in_the_file(
    both: tuple[StateStore, MirroredRecords, FileRecords],
) -> None:
    inner, store, file = both
    assert (store.durable, store.fenced) == (True, True)
    store.exchange(None, INTENT)
    store.exchange(INTENT, SUBMITTED)
    assert file.read() == store.read() == SUBMITTED
    inner.values.clear()
    assert store.read() == SUBMITTED
    store.exchange(SUBMITTED, None)
    assert store.read() is None


def test_of_two_records_the_later_generation_counts_and_what_has_come_further(
    both: tuple[StateStore, MirroredRecords, FileRecords],
) -> None:
    inner, store, file = both
    later = replace(INTENT, attempt=1, key="rivya-later")
    for first, second, counts in (
        (SUBMITTED, SUBMITTED.delivered(), SUBMITTED.delivered()),
        (SUBMITTED.delivered(), SUBMITTED, SUBMITTED.delivered()),
        (SUBMITTED.delivered(), later, later),
        (later, SUBMITTED.delivered(), later),
        (OTHER, INTENT, OTHER),
    ):
        inner.values[KEY] = first.to_json()
        file.exchange(file.read(), second)
        assert store.read() == counts


def test_what_the_state_store_refuses_does_not_reach_the_file(tmp_path: Path) -> None:
    refusing = StateStoreRecords(StateStore(ConnectionError("refused")), None)
    store = MirroredRecords(refusing, in_file(tmp_path), moves=False)
    with pytest.raises(ConnectionError):
        store.exchange(None, INTENT)
    assert in_file(tmp_path).read() is None


@pytest.mark.parametrize(
    ("both", "state_store"),
    [(True, SUBMITTED.to_json()), (False, None), (False, {"version": 9})],
    indirect=["both"],
    ids=["it moves", "dropped by a clear", "unreadable"],
)
def test_one_of_two_that_cannot_be_read_is_never_taken_for_none(
    both: tuple[StateStore, MirroredRecords, FileRecords], tmp_path: Path, state_store: Any
) -> None:
    inner, store, _ = both
    store.exchange(None, SUBMITTED)
    (tmp_path / f"{IDENTITY.digest}.json").write_bytes(b"{")
    inner.values.clear()
    if state_store is not None:
        inner.values[KEY] = state_store
    with pytest.raises(UnreadableRecordError):
        store.read()


def test_a_copy_that_is_lost_after_the_paid_call_holds_nothing_up(
    both: tuple[StateStore, MirroredRecords, FileRecords], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, store, _ = both
    store.exchange(None, INTENT)
    (tmp_path / f"{IDENTITY.digest}.json").write_bytes(b"{")
    store.exchange(INTENT, SUBMITTED)
    assert store.read() == SUBMITTED
    assert [line for line in caplog.messages if "cannot be" in line] == caplog.messages != []
    with pytest.raises(UnreadableRecordError):
        store.exchange(SUBMITTED, OTHER)


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


def test_a_record_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask: a body has what a person has written, and signatures."""
    umask = os.umask(0)
    try:
        store = in_file(tmp_path / "out" / ".rivya")
        for before, after in ((None, INTENT), (INTENT, SUBMITTED)):
            store.exchange(before, after)
            (file,) = (tmp_path / "out" / ".rivya").iterdir()
            assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    finally:
        os.umask(umask)


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
