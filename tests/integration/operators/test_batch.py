"""A batch as a real task instance: real trigger, real files, a real gateway, whose ledger is the judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from airflow_provider_rivya.operators.toapis import ToApisBatchOperator
from tests.integration.conftest import NewTask, sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

Row = dict[str, Any]
NewBatch = Callable[..., TaskInstanceHarness]


def products(count: int) -> list[Row]:
    return [
        {"sku": f"p{number:03}", "title": f"Product {number}", "shape": "16:9"} for number in range(count)
    ]


@pytest.fixture
def new_batch(new_task: NewTask, gateway: TestedGateway) -> NewBatch:
    """Return a DAG run with one batch task: like ``new_task``."""
    operators = {"rivya": RivyaBatchOperator, "toapis": ToApisBatchOperator}

    def new(arguments: dict[str, Any] | None = None, **more: Any) -> TaskInstanceHarness:
        given = {} if arguments is None else arguments
        shape = next(iter(gateway.wide))
        defaults = {
            "operator": operators[gateway.name],
            "row_key": "sku",
            "prompt": "A photograph of {title}",
            "model_params": {shape: "{shape}"},
            "manifest_format": "jsonl",
            "max_running": 20,
        }
        given.update({**defaults, **given})
        return new_task(given, **more)

    return new


def charges(sandbox: SandboxProcess, gateway: TestedGateway) -> int:
    entries = sandbox.ledger(account=gateway.account)["entries"]
    return sum(entry["kind"] in ("reserve", "charge") for entry in entries)


def manifest(landing: Path) -> dict[str, Row]:
    """The lines of the manifest by row key; every file has the bytes that its line says."""
    (path,) = landing.glob("_manifest/*/manifest.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        for output in line["outputs"]:
            content = Path(output["uri"].removeprefix("file://")).read_bytes()
            assert hashlib.sha256(content).hexdigest() == output["sha256"]
            assert Path(output["uri"]).stem == line["row_key"]
    assert len({line["row_key"] for line in lines}) == len(lines)
    return {line["row_key"]: line for line in lines}


@at_each
def test_all_rows_are_made_once_and_told(
    new_batch: NewBatch, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.reset(credits=10_000, speed=400)
    run = new_batch(rows=products(30), carry=["title"], deferrable=True)
    done = run.run()
    assert done.state == "success", done.text
    result = run.xcom()
    assert len(json.dumps(result)) < 4096
    assert (result["rows"], result["counts"]["succeeded"], result["ended"]) == (30, 30, "done")
    assert sum(result["counts"].values()) == 30
    lines = manifest(landing)
    assert [line["carry"] if "carry" in line else line["title"] for line in lines.values()] == [
        f"Product {number}" for number in range(30)
    ]
    assert len(sent(sandbox, "POST", gateway.create)) == 30
    assert (landing / "_manifest" / run.run_id / "_SUCCESS").exists()
