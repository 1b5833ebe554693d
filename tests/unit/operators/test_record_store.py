"""Where the record of a task instance is kept, and what is warned of there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya import _compat
from airflow_provider_rivya._compat import never_expire
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.operators.record_store import BatchPlaces, record_store, state_store
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import FENCE, MirroredRecords, NoRecords, StateStoreRecords
from tests.unit.state_store import StateStore

IDENTITY = Identity("", "dag", "run", "task", -1)
INTENT = Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body="{}")


def test_where_a_record_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context = {"task_state_store": StateStore()}
    output = OutputPlace(f"{tmp_path}/out/", None)
    in_store = MirroredRecords if _compat.clears_drop_state() else StateStoreRecords
    assert isinstance(record_store(context, IDENTITY, None, output), in_store)
    asked_for = record_store(context, IDENTITY, f"{tmp_path}/state", output)
    asked_for.exchange(None, INTENT)
    assert (tmp_path / "state" / f"{IDENTITY.digest}.json").exists()
    beside = record_store({}, IDENTITY, None, output)
    beside.exchange(None, INTENT)
    assert (tmp_path / "out" / ".rivya" / f"{IDENTITY.digest}.json").exists()
    assert context["task_state_store"].calls == []
    assert caplog.records == []


def test_in_the_state_store_a_record_is_kept_as_long_as_its_task_instance() -> None:
    store = StateStore()
    records = state_store({"task_state_store": store})
    assert records is not None
    records.exchange(None, INTENT)
    assert store.retention is never_expire()
    assert state_store({}) is None


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
    record_store({}, IDENTITY, asked_for, beside, executor)
    assert ("CeleryExecutor may run a retry on another" in caplog.text) is warns


def test_a_state_store_is_seen_by_all_machines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context = {"task_state_store": StateStore()}
    output = OutputPlace(f"{tmp_path}/", None)
    record_store(context, replace(IDENTITY, map_index=3), None, output, "CeleryExecutor")
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
    record_store({}, replace(IDENTITY, map_index=map_index), asked_for, output, "LocalExecutor")
    told = [record.getMessage() for record in caplog.records]
    assert [f"in file://{tmp_path}/rows/.rivya/:" in line and "state_path" in line for line in told] == [
        True
    ] * warns


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Configure Airflow's own backend of the state store, with its values under a path."""

    def configure(path: str) -> None:
        name = "airflow.providers.common.io.state_store.backend.StateStoreObjectStorageBackend"
        monkeypatch.setenv("AIRFLOW__WORKERS__STATE_STORE_BACKEND", name)
        monkeypatch.setenv("AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_PATH", path)

    return configure


@pytest.mark.parametrize(
    ("path", "executor", "warns"),
    [
        ("file://{}/state", "CeleryExecutor", True),
        ("{}/state/", "CeleryExecutor", True),
        ("file://{}/state", "LocalExecutor", False),
        ("", "CeleryExecutor", False),
    ],
)
def test_a_state_store_on_a_disk_that_a_retry_may_not_see_is_warned_of(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    backend: Callable[[str], None],
    path: str,
    executor: str,
    warns: bool,
) -> None:
    backend(path.format(tmp_path))
    record_store({"task_state_store": StateStore()}, IDENTITY, None, None, executor)
    told = f"state_store_backend) keeps the submission record in file://{tmp_path}/state/ on the machine"
    assert (told in caplog.text) is warns
    assert ("cannot read it there and then submits nothing" in caplog.text) is warns


def test_with_a_backend_the_server_is_asked_first(backend: Callable[[str], None]) -> None:
    backend("")
    inner = StateStore()
    records = state_store({"task_state_store": inner})
    assert records is not None
    records.exchange(None, INTENT)
    assert inner.calls == [f"set {FENCE}", "set intent"]


# -- where a state store may lose it ---------------------------------------------------------------

ROW = replace(IDENTITY, map_index=3, row_key="cat")


def test_a_row_that_moves_finds_its_record_beside_the_output(tmp_path: Path) -> None:
    """Each position has a state store of its own."""
    output = OutputPlace(f"{tmp_path}/")
    record_store({"task_state_store": StateStore()}, ROW, None, output).exchange(None, INTENT)
    moved = record_store({"task_state_store": StateStore()}, replace(ROW, map_index=7), None, output)
    assert moved.read() == INTENT
    another = record_store({"task_state_store": StateStore()}, replace(ROW, row_key="dog"), None, output)
    assert another.read() is None


def test_another_row_at_a_position_is_not_given_the_record_of_the_one_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    context = {"task_state_store": StateStore()}
    record_store(context, ROW, None, None).exchange(None, INTENT)
    assert record_store(context, replace(ROW, row_key="dog"), None, None).read() is None
    assert "row 'cat' lies with its position alone" in caplog.text


@pytest.mark.parametrize("row_key", [None, "cat"])
def test_with_a_folder_that_was_asked_for_there_is_one_record(tmp_path: Path, row_key: str | None) -> None:
    inner, identity = StateStore(), replace(ROW, row_key=row_key)
    store = record_store({"task_state_store": inner}, identity, f"{tmp_path}/state", None)
    store.exchange(None, INTENT)
    assert (tmp_path / "state" / f"{identity.digest}.json").exists()
    assert inner.calls == []


def test_where_a_clear_drops_the_state_store_the_record_lies_beside_the_output_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_compat, "clears_drop_state", lambda: True)
    inner, output = StateStore(), OutputPlace(f"{tmp_path}/")
    record_store({"task_state_store": inner}, IDENTITY, None, output).exchange(None, INTENT)
    inner.values.clear()
    assert record_store({"task_state_store": inner}, IDENTITY, None, output).read() == INTENT


@pytest.mark.parametrize("output", [None, OutputPlace("nope://bucket/", None)])
def test_no_place_for_a_record_is_a_warning(
    output: OutputPlace | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(record_store({}, IDENTITY, None, output), NoRecords)
    assert "may pay again" in caplog.text


@pytest.mark.parametrize("state_path", ["nope://bucket", "records/", "", 7])
@pytest.mark.parametrize("context", [{}, {"task_state_store": StateStore()}], ids=["", "state store"])
def test_in_what_is_no_folder_nothing_is_taken_for_no_record(
    state_path: Any, context: dict[str, Any], tmp_path: Path
) -> None:
    keeper = RecordKeeper(record_store(context, IDENTITY, state_path, OutputPlace(f"{tmp_path}/")), "c")
    assert keeper.durable
    for act in (keeper.load, lambda: keeper.claim(INTENT, None)):
        with pytest.raises(GenerationError, match=r"nothing is submitted.* a retry looks again") as caught:
            act()
        assert caught.value.retryable
    assert list(tmp_path.iterdir()) == []


class TestBatchPlaces:
    def task(self, path: str, state_path: str | None = None) -> Any:
        return SimpleNamespace(
            output_path=path, output_conn_id="aws", manifest_path=None, state_path=state_path
        )

    def begun(self, store: StateStore | None, epoch: int, task: Any) -> Any:
        """Run a try up to where its places stand."""
        places = BatchPlaces({"task_state_store": store}, IDENTITY, epoch)
        places.recall(task)
        places.remember(task, OutputPlace(task.output_path, task.output_conn_id))
        return task

    def test_a_retry_goes_on_where_the_first_try_began(self, caplog: pytest.LogCaptureFixture) -> None:
        store = StateStore()
        self.begun(store, 2, self.task("s3://b/1/"))
        assert store.retention is never_expire()
        assert store.values["rivya_ledger"]["state_path"] == "s3://aws@b/1/.rivya/"
        assert caplog.records == []
        again = self.begun(store, 2, self.task("s3://b/2/", "s3://b/state"))
        assert (again.output_path, again.state_path) == ("s3://b/1/", "s3://aws@b/1/.rivya/")
        assert "The batch goes on in 's3://b/1/', where it has begun" in caplog.text
        assert store.calls == ["get", "set rivya_ledger", "get"]

    def test_after_a_clear_the_ledger_alone_stays(self) -> None:
        store = StateStore()
        self.begun(store, 2, self.task("s3://b/1/"))
        for epoch in (5, 5):
            cleared = self.begun(store, epoch, self.task("s3://b/2/"))
            assert (cleared.output_path, cleared.state_path) == ("s3://b/2/", "s3://aws@b/1/.rivya/")
        assert self.begun(store, 8, self.task("s3://b/2/", "s3://b/state")).state_path == "s3://b/state"

    @pytest.mark.parametrize(
        "known", [None, "s3://b/", [], {}, {"epoch": "2"}, {"epoch": 2, "output_path": 7}], ids=str
    )
    def test_places_that_are_lost_or_changed_are_never_taken_for_none(self, known: Any) -> None:
        store = StateStore()
        store.values["rivya_ledger"] = known
        with pytest.raises(GenerationError, match="is not what was written there") as told:
            self.begun(store, 2, self.task("s3://b/1/"))
        assert told.value.retryable

    def test_without_a_store_nothing_is_remembered(self) -> None:
        assert self.begun(None, 2, self.task("s3://b/1/")).state_path is None

    def test_a_store_that_cannot_be_asked_is_asked_by_the_next_try(self) -> None:
        with pytest.raises(GenerationError, match="task state store, which says where") as told:
            self.begun(StateStore(RuntimeError("away")), 2, self.task("s3://b/1/"))
        assert told.value.retryable
        assert not told.value.final
