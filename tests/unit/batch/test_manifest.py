"""What stands in a manifest: the columns of its plan, and what this run has paid for, if that is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from airflow_provider_rivya.batch.ledger import RowResult, RowState
from airflow_provider_rivya.batch.manifest import Totals, line_of
from airflow_provider_rivya.batch.row_job import RowWords
from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.submission.record import Record
from tests.unit.batch.batch_gateway import Gateway
from tests.unit.batch.batch_steps import Fuse
from tests.unit.batch.batch_world import World, table


def test_the_columns_that_are_carried_are_those_of_the_plan(tmp_path: Path) -> None:
    """A DAG file may be changed between two tries; a retry reads the plan."""
    world = World(tmp_path, Gateway(), rows=[{**row, "new": 5} for row in table(3)])
    world.arguments = {"manifest_format": "parquet"}
    world.asked = {"carry": ("key",)}
    world.attempt(Fuse(kill=12))
    for carry in (("key", "new"), ()):
        world.asked = {"carry": carry}
        assert isinstance(done := world.attempt(), dict), done
        found = parquet.read_table(tmp_path / "out/_manifest/run/manifest.parquet").to_pylist()
        assert [(line["key"], "new" in line) for line in found] == [(f"r{n}", False) for n in range(3)]


def test_a_generation_of_before_is_not_this_run_s(tmp_path: Path) -> None:
    """A clear may be to make a row again, and the budget not do for it."""
    world = World(tmp_path, Gateway(tells=True), on_rerun="regenerate", rows=table(4))
    world.limits = Limits(max_running=4, max_credits_total=6.0)
    assert isinstance(world.attempt(), dict)
    world.clear()
    done = world.attempt()
    assert isinstance(done, dict)
    assert done["credits"] == {"reserved": 2, "final": 2, "estimated_left": 2}
    unsent = [line for line in world.manifest().values() if line["status"] == "not_submitted"]
    told = ("generation_id", "credits_reserved", "credits_final", "attempts", "outputs", "prompt")
    assert [[line[name] for name in told] for line in unsent] == [
        [None, None, None, 0, [], f"a {number}"] for number in (2, 3)
    ]


@pytest.mark.parametrize(
    ("cost", "price", "credits"),
    [
        (2.0, 3.0, {"reserved": 2, "final": 2, "estimated_left": 3}),
        (None, 3.0, {"reserved": None, "final": None, "estimated_left": 3}),
        (2.0, None, {"reserved": 2, "final": 2, "estimated_left": None}),
    ],
)
def test_what_is_not_known_is_not_told_as_nothing(
    cost: float | None, price: float | None, credits: dict[str, Any]
) -> None:
    told = "null" if cost is None else str(cost)
    document = f'{{"outputs": [], "credits_reserved": {told}, "credits_final": {told}}}'
    record = Record("delivered", 0, 0, "f", "key", 0.0, "c", "m", generation_id="t", credits=cost)
    totals = Totals()
    made, left = PlannedRow(0, "a", "m", price=cost), PlannedRow(1, "b", "m", price=price)
    state = RowState(record, result=RowResult(0, document))
    totals.add(made, line_of(made, state, "succeeded"))
    totals.add(left, line_of(left, None, "not_submitted"))
    assert totals.credits() == credits


def test_a_file_is_told_alike_in_both_formats(tmp_path: Path) -> None:
    found = {}
    for kind in ("jsonl", "parquet"):
        (tmp_path / kind).mkdir()
        world = World(tmp_path / kind, Gateway(), rows=table(1), arguments={"manifest_format": kind})
        assert isinstance(world.attempt(), dict)
        path = tmp_path / kind / "out/_manifest/run" / f"manifest.{kind}"
        (line,) = (
            parquet.read_table(path).to_pylist() if kind == "parquet" else [json.loads(path.read_text())]
        )
        found[kind] = {**line["outputs"][0], "uri": ""}
    for name, value in found["jsonl"].items():
        assert found["parquet"][name] == value


@pytest.mark.parametrize("outcome", ["refunded", "charged", "refused"])
def test_a_row_is_promised_nothing_that_a_retry_does_not_do(outcome: Any) -> None:
    """It was made as often as it may: the next try of the task makes others, if any."""
    text = RowWords(True, 2).fate(outcome)
    assert "try (2 left)" not in text
    assert "No retry is made" not in text
    assert "clear" in text
