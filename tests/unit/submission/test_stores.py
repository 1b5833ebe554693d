from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow_provider_rivya.submission.record_folder import folder_faults

from airflow_provider_rivya._compat import never_expire
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import Record, State, UnreadableRecordError
from airflow_provider_rivya.submission.stores import (
    KEY,
    FileRecords,
    NoRecords,
    RecordStore,
    RecordTakenError,
    SafeRecords,
    StateStoreRecords,
    records_for,
)

IDENTITY = Identity("", "dag", "run", "task", -1)
INTENT = Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5.0, 2.0)


class StateStore:
    """What Airflow's task state store does, in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.retention: Any = None

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self.values[key], self.retention = value, retention

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


class BrokenStore(StateStore):
    def get(self, key: str) -> Any:
        raise RuntimeError("the supervisor is gone, rvya_sk_abcd1234")

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        raise RuntimeError("the supervisor is gone")

    def delete(self, key: str) -> None:
        raise RuntimeError("the supervisor is gone")


@pytest.fixture(params=["state store", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RecordStore:
    if request.param == "file":
        return FileRecords(OutputPlace(f"{tmp_path}/new/", None), IDENTITY)
    pytest.importorskip("airflow.sdk.execution_time.context")
    return StateStoreRecords(StateStore())


def test_what_is_written_is_read(store: RecordStore) -> None:
    assert store.durable
    assert store.read() is None
    store.exchange(None, INTENT)
    assert store.read() == INTENT
    store.exchange(INTENT, SUBMITTED)
    assert store.read() == SUBMITTED
    store.exchange(SUBMITTED, None)
    assert store.read() is None
    store.exchange(None, None)
    assert store.read() is None


OTHER = replace(INTENT, holder="another process")


@pytest.mark.parametrize("there", [None, SUBMITTED, OTHER])
@pytest.mark.parametrize("after", [None, SUBMITTED.delivered()])
def test_only_what_was_expected_is_replaced(
    store: RecordStore, there: Record | None, after: Record | None
) -> None:
    store.exchange(None, there)
    with pytest.raises(RecordTakenError):
        store.exchange(INTENT, after)
    assert store.read() == there


def test_a_record_is_created_once(store: RecordStore) -> None:
    store.exchange(None, SUBMITTED)
    with pytest.raises(RecordTakenError):
        store.exchange(None, INTENT)
    assert store.read() == SUBMITTED


def test_of_many_exchanges_at_once_one_is_made(tmp_path: Path) -> None:
    def take_over(number: int) -> bool:
        try:
            FileRecords(OutputPlace(f"{tmp_path}/", None), IDENTITY).exchange(
                INTENT, replace(INTENT, holder=str(number))
            )
        except RecordTakenError:
            return False
        return True

    FileRecords(OutputPlace(f"{tmp_path}/", None), IDENTITY).exchange(None, INTENT)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(take_over, range(64))).count(True) == 1


def test_a_record_is_kept_as_long_as_its_task_instance() -> None:
    inner = StateStore()
    StateStoreRecords(inner).exchange(None, INTENT)
    assert inner.retention is never_expire()
    assert list(inner.values) == [KEY]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 9}', b"\xff"])
def test_a_file_that_is_no_record_is_never_taken_for_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{IDENTITY.digest}.json").write_bytes(content)
    with pytest.raises(UnreadableRecordError, match=r"\.json: "):
        FileRecords(OutputPlace(f"{tmp_path}/", None), IDENTITY).read()


def test_nothing_is_kept_where_there_is_no_place() -> None:
    store = NoRecords()
    store.exchange(None, INTENT)
    assert store.read() is None
    assert not store.durable


def test_a_store_that_cannot_be_used_stops_what_would_be_paid() -> None:
    safe = SafeRecords(StateStoreRecords(BrokenStore()), "rivya_default")
    assert safe.durable
    for act in (safe.read, lambda: safe.begin(INTENT, None), lambda: safe.begin(INTENT, SUBMITTED)):
        with pytest.raises(GenerationError, match="nothing is submitted") as caught:
            act()
        assert caught.value.retryable
        assert caught.value.conn_id == "rivya_default"
        assert "rvya_sk_" not in str(caught.value)


def test_a_store_that_cannot_be_used_stops_nothing_that_is_paid(caplog: pytest.LogCaptureFixture) -> None:
    safe = SafeRecords(StateStoreRecords(BrokenStore()), "rivya_default")
    safe.note(SUBMITTED)
    safe.take_back(None, INTENT)
    safe.adopt(replace(SUBMITTED, epoch=1), SUBMITTED)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3
    assert "Generation task_1 is submitted, but that could not be recorded" in caplog.text


def test_an_intent_takes_the_place_of_what_was_and_gives_it_back() -> None:
    inner = StateStoreRecords(StateStore())
    safe = SafeRecords(inner, "c")
    safe.begin(SUBMITTED, None)
    with pytest.raises(RecordTakenError):
        safe.begin(INTENT, None)
    safe.begin(INTENT, SUBMITTED)
    assert safe.read() == INTENT
    safe.take_back(SUBMITTED, OTHER)
    assert safe.read() == INTENT
    safe.take_back(SUBMITTED, INTENT)
    assert safe.read() == SUBMITTED


@pytest.mark.parametrize("before", [None, INTENT.withdrawn()])
def test_no_intent_is_taken_back_without_a_trace(before: Record | None) -> None:
    """An earlier try that lives on has seen "no record", and would begin."""
    safe = SafeRecords(StateStoreRecords(StateStore()), "c")
    mine = replace(OTHER, try_id="later")
    safe.begin(mine, None)
    safe.take_back(before, mine)
    assert safe.read() == mine.withdrawn()
    with pytest.raises(RecordTakenError):
        safe.begin(INTENT, None)


def test_what_stood_before_bears_the_name_of_who_gave_it_back() -> None:
    safe = SafeRecords(StateStoreRecords(StateStore()), "c")
    failed = SUBMITTED.failed("no luck", 0.0)
    safe.begin(failed, None)
    mine = replace(INTENT, attempt=1, try_id="later")
    safe.begin(mine, failed)
    safe.take_back(failed, mine)
    assert safe.read() == replace(failed, try_id="later")


def test_a_clear_is_recorded_beside_what_another_process_has_written() -> None:
    safe = SafeRecords(StateStoreRecords(StateStore()), "c")
    safe.begin(SUBMITTED.delivered(), None)
    safe.adopt(replace(SUBMITTED, epoch=1, try_id="b"), SUBMITTED)
    assert safe.read() == replace(SUBMITTED.delivered(), epoch=1, try_id="b")
    safe.adopt(replace(SUBMITTED, epoch=2, try_id="a"), SUBMITTED)  # an earlier try
    assert safe.read() == replace(SUBMITTED.delivered(), epoch=1, try_id="b")


@pytest.mark.parametrize("state", ["submitted", "delivered", "failed"])
def test_a_process_that_outlived_its_try_leaves_a_later_record_alone(state: State) -> None:
    safe = SafeRecords(StateStoreRecords(StateStore()), "c")
    later = replace(SUBMITTED, key="later")
    safe.begin(later, None)
    safe.note(replace(SUBMITTED, state=state))
    safe.take_back(None, INTENT)
    with pytest.raises(RecordTakenError):
        safe.begin(INTENT, SUBMITTED)
    assert safe.read() == later


def test_what_another_process_has_written_of_a_submission_is_not_undone() -> None:
    """Else the retries after a clear would take themselves for cleared, and pay again."""
    safe = SafeRecords(StateStoreRecords(StateStore()), "c")
    adopted = replace(SUBMITTED.delivered(), epoch=1, try_id="b")
    safe.begin(adopted, None)
    safe.note(SUBMITTED)
    assert safe.read() == adopted
    safe.note(SUBMITTED.delivered())
    assert safe.read() == adopted


def test_a_paid_generation_is_noted_where_another_process_was_refused() -> None:
    safe = SafeRecords(StateStoreRecords(StateStore()), "c")
    safe.begin(replace(INTENT, key="other").withdrawn(), None)
    safe.note(SUBMITTED)
    assert safe.read() == SUBMITTED


def test_a_record_that_was_put_together_is_not_written() -> None:
    inner = StateStore()
    SafeRecords(StateStoreRecords(inner), "c").note(Record("submitted", 0, 0, "", "", 0.0, "c", "m"))
    assert inner.values == {}


def test_where_a_record_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context = {"task_state_store": StateStore()}
    output = OutputPlace(f"{tmp_path}/out/", None)
    assert isinstance(records_for(context, IDENTITY, None, output), StateStoreRecords)
    asked_for = records_for(context, IDENTITY, f"{tmp_path}/state", output)
    asked_for.exchange(None, INTENT)
    assert (tmp_path / "state" / f"{IDENTITY.digest}.json").exists()
    beside = records_for({}, IDENTITY, None, output)
    beside.exchange(None, INTENT)
    assert (tmp_path / "out" / ".rivya" / f"{IDENTITY.digest}.json").exists()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("state_path", "output", "executor", "warns"),
    [
        (None, "{}/out/", "CeleryExecutor", True),
        ("{}/state", None, "CeleryExecutor", True),
        ("file://{}/state/", None, "CeleryExecutor", True),
        ("{}/state", "s3://bucket/out/", "CeleryExecutor", True),
        ("s3://bucket/records/", "{}/out/", "CeleryExecutor", False),
        (None, "{}/out/", "LocalExecutor", False),
        ("{}/state", None, "LocalExecutor", False),
    ],
)
def test_a_record_on_a_disk_that_a_retry_may_not_see_is_warned_of(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    state_path: str | None,
    output: str | None,
    executor: str,
    warns: bool,
) -> None:
    if "s3:" in f"{state_path}{output}":
        pytest.importorskip("s3fs")
    asked_for = state_path and state_path.format(tmp_path)
    beside = OutputPlace(output.format(tmp_path), None) if output else None
    records_for({}, IDENTITY, asked_for, beside, executor)
    assert ("CeleryExecutor may run a retry on another" in caplog.text) is warns


def test_a_state_store_is_seen_by_all_machines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context = {"task_state_store": StateStore()}
    output = OutputPlace(f"{tmp_path}/", None)
    records_for(context, replace(IDENTITY, map_index=3), None, output, "CeleryExecutor")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("map_index", "state_path", "warns"),
    [(-1, None, False), (0, None, True), (7, None, True), (0, "s", False)],
)
def test_a_record_that_may_move_with_its_row_is_warned_of(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    map_index: int,
    state_path: str | None,
    warns: bool,
) -> None:
    asked_for = state_path and f"{tmp_path}/{state_path}"
    output = OutputPlace(f"{tmp_path}/rows/", None)
    records_for({}, replace(IDENTITY, map_index=map_index), asked_for, output, "LocalExecutor")
    told = [record.getMessage() for record in caplog.records]
    assert [f"in file://{tmp_path}/rows/.rivya/:" in line and "state_path" in line for line in told] == [
        True
    ] * warns


@pytest.mark.parametrize("output", [None, OutputPlace("nope://bucket/", None)])
def test_no_place_for_a_record_is_a_warning(
    output: OutputPlace | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(records_for({}, IDENTITY, None, output), NoRecords)
    assert "may pay again" in caplog.text


@pytest.mark.parametrize("state_path", ["nope://bucket", "records/", "", 7])
@pytest.mark.parametrize("context", [{}, {"task_state_store": StateStore()}], ids=["", "state store"])
def test_in_what_is_no_folder_nothing_is_taken_for_no_record(
    state_path: Any, context: dict[str, Any], tmp_path: Path
) -> None:
    records = SafeRecords(records_for(context, IDENTITY, state_path, OutputPlace(f"{tmp_path}/")), "c")
    assert records.durable
    for act in (records.read, lambda: records.begin(INTENT, None)):
        with pytest.raises(GenerationError, match=r"nothing is submitted.* a retry looks again") as caught:
            act()
        assert caught.value.retryable
    assert {fault.path for fault in folder_faults(state_path)} == {"state_path"}


def test_a_folder_that_is_not_asked_for_or_can_be_one_has_no_fault(tmp_path: Path) -> None:
    assert folder_faults(None) == folder_faults(f"{tmp_path}/new.png") == []
    assert list(tmp_path.iterdir()) == []
