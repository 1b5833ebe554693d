"""What earlier releases have written, or others have read of it, is what the code of today reads and writes.

Each folder beside this file is of a release. Nothing in it is ever changed; a release that writes a new form
of something adds a folder of its own.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya.batch.ledger import STATUSES
from airflow_provider_rivya.batch.manifest import COLUMNS
from airflow_provider_rivya.batch.plan import PlanFolder
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.cli.batch.record import RunRecord
from airflow_provider_rivya.operators.identity import ROW_FIELDS
from airflow_provider_rivya.operators.record_store import BatchPlaces
from airflow_provider_rivya.result import GenerationResult, Output
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.sealing import Seal
from airflow_provider_rivya.submission.stores import key_of, record_folder
from tests.compat.releases import RELEASES, each_release, read
from tests.unit.state_store import StateStore

CARRIED = {"title", "price"}
RECORDS = [path for release in RELEASES for path in sorted((release / "records").glob("*.json"))]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_there_is_a_release() -> None:
    assert "0.9.0" in [path.name for path in RELEASES]
    assert len(RECORDS) >= 13


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parents[1].name} {path.stem}")
def test_records(path: Path) -> None:
    document = read(path)
    if path.stem.endswith("-sealed"):
        opened = Seal(document["secret"]).open(document["document"])
        assert Record.from_json(opened).body == document["body"]
        return
    record = Record.from_json(document)
    assert path.stem.startswith(record.state) or path.stem in ("adopted", "expired")
    known = {name: value for name, value in document.items() if name not in ("version", "check")}
    assert {name: getattr(record, name) for name in known} == known


@each_release
def test_names_and_keys_of_records(release: Path) -> None:
    """Under another name a record is not found, under another key a request is paid for again."""
    for entry in read(release / "identities.json"):
        *names, within = entry["identity"]
        namespace, dag_id, run_id, task_id, map_index, row_key = names
        identity = Identity(namespace, dag_id, run_id, task_id, map_index, row_key, tuple(within))
        assert f"{identity.digest}.json" == entry["file"]
        assert key_of(identity.part) == entry["state_key"]
        assert identity.key(2, 1, "0123456789abcdef" * 4) == entry["key"]


@each_release
def test_the_plan_and_the_ledger_of_a_batch(release: Path) -> None:
    folder = release / "batch"
    plan_folder = next(folder.glob("plan-*"))
    batch = read(plan_folder / "plan.json")["batch"]
    planned = PlanFolder(record_folder(str(plan_folder)), batch)
    plan = planned.read()
    assert plan is not None
    rows = {row.key: row for row in planned.rows(plan)}
    assert (plan.rows, plan.invalid, list(rows)) == (3, 1, ["a1", "a2", "a3"])
    assert rows["a3"].invalid
    ledger = Ledger(record_folder(str(folder)), batch, "reader")
    ledger.read()
    assert {key: state.record.state for key, state in ledger.book.rows.items() if state.record} == {
        "a1": "delivered",
        "a2": "delivered",
    }
    assert ledger.spent(2) == 10


@each_release
def test_where_a_batch_has_begun(release: Path) -> None:
    """In the task state store: a retry after an upgrade goes on there."""
    places = read(release / "batch-places.json")
    store, task = StateStore(), SimpleNamespace(output_path="s3://shop/today/")
    store.values["rivya_ledger"] = places
    BatchPlaces({"task_state_store": store}, Identity("", "d", "r", "t", -1), places["epoch"]).recall(task)
    assert {"epoch": places["epoch"], **vars(task)} == places


@each_release
def test_what_a_command_knows_of_its_earlier_runs(release: Path) -> None:
    files = sorted((release / "command").glob("*.command.json"))
    assert files
    for path in files:
        known = RunRecord(record_folder(str(path.parent)), path.name.partition(".")[0]).read()
        assert known is not None
        document = read(path)
        assert asdict(known) == {name: document[name] for name in document if name != "check"}


@each_release
def test_columns_of_a_manifest_are_kept(release: Path) -> None:
    for line in lines(release / "manifest" / "manifest.jsonl"):
        assert set(line) - CARRIED <= set(COLUMNS)
        assert line["status"] in STATUSES
        for output in line["outputs"]:
            assert set(output) <= {field.name for field in fields(Output)}


@each_release
def test_a_manifest_in_parquet_has_the_same_lines(release: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(release / "manifest" / "manifest.parquet")
    told = lines(release / "manifest" / "manifest.jsonl")
    assert table.schema.names == list(told[0])
    assert [row["status"] for row in table.to_pylist()] == [line["status"] for line in told]


@each_release
def test_keys_of_the_results_are_kept(release: Path) -> None:
    xcom, batch = read(release / "xcom.json"), read(release / "batch-xcom.json")
    assert set(xcom) <= {field.name for field in fields(GenerationResult)} | set(ROW_FIELDS)
    assert set(xcom["outputs"][0]) <= {field.name for field in fields(Output)}
    assert set(batch["counts"]) <= set(STATUSES)


@each_release
def test_a_trigger_that_waits_while_the_package_is_upgraded(release: Path) -> None:
    for path, arguments in read(release / "triggers.json"):
        module, _, name = path.rpartition(".")
        trigger = getattr(importlib.import_module(module), name)(**arguments)
        again, kwargs = trigger.serialize()
        assert again == path
        assert {key: kwargs[key] for key in arguments} == arguments
