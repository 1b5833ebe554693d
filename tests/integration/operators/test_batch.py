"""A batch as a real task instance: real trigger, real files, a real gateway, whose ledger is the judge."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.verdict import BatchFailedError
from tests import airflows
from tests.integration.batch_tasks import NewBatch, Row, manifest, products
from tests.integration.conftest import sent
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess
from tests.sqlite_hook import give_hook


@at_each
def test_all_rows_are_made_once_and_told(
    new_batch: NewBatch, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.reset(credits=10_000, speed=20)
    run = new_batch(rows=products(30), carry=["title"], deferrable=True)
    done = run.begin()
    assert done.state == "deferred", done.text
    assert done.trigger is not None
    assert gateway.key not in json.dumps(done.trigger)
    assert done.trigger[1]["standing"]["rows"] == 30
    assert len(sent(sandbox, "POST", gateway.create)) == 20  # as many as may run at once
    while done.state == "deferred":
        done = run.resume(run.fire(done))
    assert done.state == "success", done.text
    if airflows.STATE_STORE:
        shown = run.standing("rivya_batch")
        assert (shown["landed"], shown["running"], shown["rows"]) == (30, 0, 30)
    result = run.xcom()
    assert len(json.dumps(result)) < 4096
    assert (result["rows"], result["counts"]["succeeded"], result["ended"]) == (30, 30, "done")
    assert sum(result["counts"].values()) == 30
    lines = manifest(landing)
    assert [line["title"] for line in lines.values()] == [f"Product {number}" for number in range(30)]
    assert len(sent(sandbox, "POST", gateway.create)) == 30
    assert (landing / "_manifest" / run.run_id / "_SUCCESS").exists()


@at_each
def test_a_retry_after_a_kill_goes_on(
    new_batch: NewBatch, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.reset(credits=10_000, speed=20)
    run = new_batch(rows=products(30), deferrable=True)
    assert run.begin().state == "deferred"
    died = run.fail_deferral(timeout=False)
    while died.state == "deferred":
        died = run.resume(run.fire(died))
    assert died.state == "success", died.text
    assert len(sent(sandbox, "POST", gateway.create)) == 30
    assert all(line["status"] == "succeeded" for line in manifest(landing).values())


@at_each
def test_a_clear_pays_for_new_and_changed_rows_alone(
    new_batch: NewBatch, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.reset(credits=10_000, speed=400)
    arguments: Row = {"rows": products(12)}
    run = new_batch(arguments)
    assert run.run().state == "success"
    rows = products(14)[2:]
    rows[0]["title"] = "Something else"
    arguments["rows"] = rows
    run.clear()
    assert run.run().state == "success"
    assert len(sent(sandbox, "POST", gateway.create)) == 12 + 1 + 2
    assert (run.xcom()["counts"]["reused"], run.xcom()["counts"]["succeeded"]) == (9, 3)
    assert len(manifest(landing)) == 12
    run.clear()
    before = len(sandbox.requests())
    assert run.run().state == "success"
    assert len(sandbox.requests()) == before  # nothing is asked where nothing is new


def test_invalid_rows_are_left_out_where_that_is_asked_for(
    new_batch: NewBatch, sandbox: SandboxProcess, landing: Path
) -> None:
    rows = [*products(3), {"sku": "odd", "title": "Odd", "shape": "9:99"}]
    run = new_batch(rows=rows, on_invalid_rows="skip", max_failed_rows=1, carry=["title"])
    done = run.run()
    assert done.state == "success", done.text
    assert run.xcom()["counts"]["invalid"] == 1
    odd = manifest(landing)["odd"]
    assert "9:99" in odd["error"]
    assert odd["title"] == "Odd"
    more = {"manifest_format": "parquet", "carry": ["title"]} if find_spec("pyarrow") else {}
    strict = new_batch(rows=rows, on_invalid_rows="skip", **more).run()
    assert isinstance(strict.error, BatchFailedError)


def test_what_a_row_says_is_text_and_an_empty_column_leaves_its_place_out(
    new_batch: NewBatch, sandbox: SandboxProcess
) -> None:
    rows = [{"sku": 1, "title": "{{ conn.rivya_default.password }} {% x %} {sku}", "shape": ""}]
    run = new_batch(rows=rows, prompt="{{ dag.dag_id }}: {title}")
    assert run.run().state == "success"
    (made,) = sandbox.control("GET", "tasks")["tasks"]
    assert made["prompt"] == f"{run.dag_id}: {rows[0]['title']}"
    assert "aspect_ratio" not in json.dumps(made)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "folder", "sql"])
def test_rows_come_from_everywhere(
    kind: str, new_batch: NewBatch, sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = products(3)
    more: Row = {}
    if kind == "csv":
        lines = ["sku,title,shape", *(",".join(row.values()) for row in rows)]
        (tmp_path / "t.csv").write_text("\n".join(lines))
        more = {"rows": f"file://{tmp_path}/t.csv"}
    elif kind == "jsonl":
        (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
        more = {"rows": str(tmp_path / "t.jsonl")}
    elif kind == "parquet":
        pa = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
        more = {"rows": tmp_path / "t.parquet", "manifest_format": "parquet"}
    elif kind == "folder":
        (tmp_path / "table").mkdir()
        for number, row in enumerate(rows):
            (tmp_path / "table" / f"{number}.ndjson").write_text(json.dumps(row))
        (tmp_path / "table" / "_SUCCESS").touch()
        more = {"rows": f"{tmp_path}/table/"}
    else:
        import sqlite3

        give_hook(monkeypatch)
        with sqlite3.connect(tmp_path / "t.db") as database:
            database.execute("create table products (sku, title, shape)")
            database.executemany("insert into products values (:sku, :title, :shape)", rows)
        database.close()
        monkeypatch.setenv(
            "AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "t.db")})
        )
        more = {"rows_sql": "select * from products order by sku", "rows_conn_id": "warehouse"}
    run = new_batch(**more)
    done = run.run()
    assert done.state == "success", done.text
    assert run.xcom()["counts"]["succeeded"] == 3
    prompts = [made["prompt"] for made in sandbox.control("GET", "tasks")["tasks"]]
    assert sorted(prompts) == [f"A photograph of {row['title']}" for row in rows]


def test_a_revoked_key_stops_submitting_and_is_told(
    new_batch: NewBatch, sandbox: SandboxProcess, gateway: TestedGateway, connect: Any, landing: Path
) -> None:
    run = new_batch(rows=products(5))
    connect(key=gateway.revoked)
    done = run.run()
    assert done.state == "failed"
    assert "5 not submitted" in done.text
    failure = run.xcom(key="failure")
    assert failure["submitted"] is False
    assert failure["counts"]["not_submitted"] == failure["rows"] == 5
    assert Path(failure["manifest_uri"].removeprefix("file://")).exists()
    connect()
    run.clear()
    assert run.run().state == "success"
    assert len(manifest(landing)) == 5


def test_a_budget_ends_a_batch_well_and_a_higher_one_goes_on(
    new_batch: NewBatch, sandbox: SandboxProcess, gateway: TestedGateway
) -> None:
    arguments: Row = {"rows": products(6), "max_credits_total": 4}
    run = new_batch(arguments)
    assert run.run().state == "success"
    assert (run.xcom()["ended"], run.xcom()["counts"]["not_submitted"]) == ("budget", 2)
    assert run.xcom()["credits"] == {"reserved": 4, "final": 4, "estimated_left": 2}
    arguments["max_credits_total"] = 10
    run.clear()
    assert run.run().state == "success"
    assert (run.xcom()["ended"], run.xcom()["counts"]["reused"]) == ("done", 4)
    assert len(sent(sandbox, "POST", gateway.create)) == 6


def test_a_dry_run_plans_and_sends_nothing(new_batch: NewBatch, sandbox: SandboxProcess) -> None:
    run = new_batch(rows=products(3), dry_run=True)
    assert run.run().state == "success"
    assert (run.xcom()["ended"], run.xcom()["counts"]["not_submitted"]) == ("dry_run", 3)
    assert run.xcom()["credits"]["estimated_left"] == 3
    assert sandbox.requests() == []


def test_a_missing_reference_fails_its_row_alone(
    new_batch: NewBatch, sandbox: SandboxProcess, photo: Path, landing: Path
) -> None:
    rows = [{"sku": 1, "photo": str(photo)}, {"sku": 2, "photo": "/nowhere.jpg"}, {"sku": 3, "photo": ""}]
    arguments: Row = {
        "rows": rows,
        "model": "nano-banana-2",
        "model_params": None,
        "prompt": "Better",
        "reference_media": ["{photo}"],
        "max_failed_rows": 0.4,
    }
    run = new_batch(arguments)
    done = run.run()
    assert done.state == "success", done.text
    lines = manifest(landing)
    assert [line["status"] for line in lines.values()] == ["succeeded", "invalid", "succeeded"]
    assert "/nowhere.jpg" in lines["2"]["error"]
    refused = new_batch({**arguments, "check_references": True, "output_path": f"file://{landing}/b/"}).run()
    assert refused.state == "failed"
    assert "does not exist on this worker" in refused.text


@at_each
def test_a_function_says_what_to_generate(
    new_batch: NewBatch, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    from airflow_provider_rivya.decorators.batch import rivya_batch_task, toapis_batch_task

    decorator = {"rivya": rivya_batch_task, "toapis": toapis_batch_task}[gateway.name]

    def requests(count: int) -> Any:
        for number in range(count):
            params = gateway.wide if number else None
            yield {"row_key": f"r{number}", "prompt": f"{{number {number}", "model_params": params}

    run = new_batch()
    decorate: Any = decorator
    run.build = lambda: decorate(
        requests,
        task_id="make",
        model=gateway.model,
        output_path=f"file://{landing}/",
        manifest_format="jsonl",
        retries=2,
    )(3)
    done = run.run()
    assert done.state == "success", done.text
    assert [line["status"] for line in manifest(landing).values()] == ["succeeded"] * 3
    prompts = [made["prompt"] for made in sandbox.control("GET", "tasks")["tasks"]]
    assert sorted(prompts) == [f"{{number {number}" for number in range(3)]
