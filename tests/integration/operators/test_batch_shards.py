"""A batch that is mapped over shards of a table: each instance has its own state, manifest and deferrals."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from airflow_provider_rivya.operators.toapis import ToApisBatchOperator
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

SHARDS, ROWS = 4, 6
OPERATORS: dict[str, Any] = {"rivya": RivyaBatchOperator, "toapis": ToApisBatchOperator}

pytestmark = pytest.mark.usefixtures("database")


@at_each
def test_four_shards_on_two_at_once(
    gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, landing: Path
) -> None:
    # The same row keys in each shard: a row is its instance's.
    shards = [
        [{"sku": f"p{row}", "title": f"Product {row} of shard {shard}"} for row in range(ROWS)]
        for shard in range(SHARDS)
    ]
    shared = {
        "task_id": "make",
        "row_key": "sku",
        "model": gateway.model,
        "prompt": "{title}",
        "carry": ["shard"],
        "file_name": "{shard}-{row_key}",
        "output_path": f"file://{landing}/",
        "manifest_format": "jsonl",
        "deferrable": True,
        "max_running": 4,
        "retries": 2,
        "retry_delay": timedelta(0),
    }
    for number, shard in enumerate(shards):
        for row in shard:
            row["shard"] = f"s{number}"
    run = TaskInstanceHarness(lambda: OPERATORS[gateway.name].partial(**shared).expand(rows=shards))
    waiting = list(range(SHARDS))
    running = {index: run.begin(map_index=index) for index in (waiting.pop(0), waiting.pop(0))}
    while running:
        for index, done in list(running.items()):
            if done.state == "deferred":
                running[index] = run.resume(run.fire(done), map_index=index)
                continue
            assert done.state == "success", done.text
            del running[index]
            if waiting:
                following = waiting.pop(0)
                running[following] = run.begin(map_index=following)
    assert len(sent(sandbox, "POST", gateway.create)) == SHARDS * ROWS
    assert sandbox.ledger(gateway.name)["charges"] == SHARDS * ROWS
    prompts = {made["id"]: made["prompt"] for made in sandbox.tasks()}
    for index, shard in enumerate(shards):
        result = run.xcom(map_index=index)
        assert (result["rows"], result["counts"]["succeeded"]) == (ROWS, ROWS)
        folder = landing / "_manifest" / run.run_id / str(index)
        assert result["manifest_uri"] == f"file://{folder}/manifest.jsonl"
        assert (folder / "_SUCCESS").exists()
        lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
        assert [prompts[line["generation_id"]] for line in lines] == [row["title"] for row in shard]
    states = [path for path in (landing / ".rivya").iterdir() if path.name.startswith("batch-")]
    assert len(states) == SHARDS
    assert len(list(landing.glob("s*-p*.png"))) == SHARDS * ROWS
