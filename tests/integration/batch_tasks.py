"""What the tests of batch tasks share: a small table, and a manifest whose files are looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.task_harness import TaskInstanceHarness

Row = dict[str, Any]
NewBatch = Callable[..., TaskInstanceHarness]


def products(count: int) -> list[Row]:
    return [
        {"sku": f"p{number:03}", "title": f"Product {number}", "shape": "16:9"} for number in range(count)
    ]


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
