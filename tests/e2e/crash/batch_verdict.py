"""The verdict on a batch: its manifest, the files of its rows, and who has written its ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.e2e.crash.scenario_run import ScenarioRun


def faults_of(run: ScenarioRun) -> Iterator[str]:
    """Say what is wrong with the manifest, the files of its rows, and the ledger's holders."""
    rows = {row["sku"]: f"A photograph of {row['title']}" for row in run.scenario.arguments["rows"]}
    try:
        lines = [json.loads(line) for line in _the(run, "manifest.jsonl").read_text().splitlines()]
    except (OSError, LookupError) as error:
        yield f"no manifest ({error})"
        return
    if [line["row_key"] for line in lines] != list(rows):
        yield f"{len(lines)} manifest rows, not the {len(rows)} of the table"
    prompts = {task["id"]: task["prompt"] for task in run.sandbox.tasks()}
    for line in lines:
        key = line["row_key"]
        if prompts.get(line["generation_id"]) != rows.get(key):
            yield f"row {key} has another row's generation"
        for output in line["outputs"]:
            path = Path(output["uri"].removeprefix("file://"))
            if path.stem != key or hashlib.sha256(path.read_bytes()).hexdigest() != output["sha256"]:
                yield f"row {key} has not its own file"
        if len(line["outputs"]) != 1:
            yield f"row {key} has {len(line['outputs'])} files"
    parts = [path for path in run.output.rglob("*") if path.name.endswith(".part")]
    if parts:
        yield f"left behind: {', '.join(path.name for path in parts)}"
    holders = [_holder(path) for path in sorted(run.output.rglob("ledger-*.jsonl"))]
    if len(list(groupby(holders))) != len(set(holders)):
        yield "a copy that was overtaken has written on"


def _the(run: ScenarioRun, name: str) -> Path:
    found = list(run.output.rglob(name))
    if len(found) != 1:
        raise LookupError(f"{len(found)} files {name}")
    return found[0]


def _holder(segment: Path) -> str:
    with segment.open() as file:
        return str(json.loads(file.readline())["holder"])
