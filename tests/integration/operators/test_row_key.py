"""Rows of a mapped task that are known by their key, in a list that is sorted or grows between two runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.submission.identity import Identity
from tests.integration.gateways import RIVYA, TestedGateway, at_each
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("database", "connect")

CAT, DOG = ({"prompt": f"A {animal}", "row_key": animal} for animal in ("cat", "dog"))


def mapped(
    gateway: TestedGateway, landing: Path, rows: list[dict[str, Any]], **more: Any
) -> Callable[[], None]:
    """The one task, with a row's arguments for each of its instances; read anew for every try."""

    def build() -> None:
        gateway.operator.partial(
            task_id=MAKE,
            model=gateway.model,
            output_path=f"file://{landing}/",
            deferrable=False,
            retries=2,
            retry_delay=timedelta(0),
            **more,
        ).expand_kwargs(rows)

    return build


@at_each
def test_a_row_that_moved_goes_on_with_its_own_generation(
    gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    """Before they have ended the tasks are cleared, and the list is sorted the other way round."""
    sandbox.reset(speed=1)
    rows, more = [CAT, DOG], {"timeout": timedelta(seconds=0.1)}
    run = TaskInstanceHarness(mapped(gateway, landing, rows, **more))
    for index in (0, 1):
        assert run.begin(map_index=index).state == "up_for_retry"
    made = [task["id"] for task in sandbox.tasks()]
    rows.reverse()
    more["timeout"] = timedelta(minutes=5)
    sandbox.advance(120)
    for index in (0, 1):
        run.clear(map_index=index)
        done = run.begin(map_index=index)
        assert done.state == "success", done.text
    assert [run.xcom(map_index=index)["generation_id"] for index in (1, 0)] == made
    assert sandbox.ledger(gateway.name)["charges"] == 2


@at_each
def test_a_new_row_at_a_position_is_not_given_the_row_before(
    gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    """Without a clear: the record at that position is another row's, and does not rule."""
    rows = [CAT]
    run = TaskInstanceHarness(mapped(gateway, landing, rows, timeout=timedelta(seconds=0.01)))
    sandbox.reset(speed=1)
    assert run.begin(map_index=0).state == "up_for_retry"
    rows[0] = DOG
    sandbox.advance(120)
    run.begin(map_index=0)
    assert len({task["id"] for task in sandbox.tasks()}) == 2


def test_two_rows_of_one_key_are_told(sandbox: SandboxProcess, landing: Path) -> None:
    run = TaskInstanceHarness(mapped(RIVYA, landing, [CAT, {**DOG, "row_key": "cat"}]))
    assert run.begin(map_index=0).state == "success"
    done = run.begin(map_index=1)
    assert done.state == "failed"
    assert "Another request was submitted for the row key 'cat'" in done.text
    assert "give each row a key of its own" in done.text
    assert "This try submitted nothing and was charged nothing" in done.text
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize("row_key", ["", "  ", 1.5])
def test_a_row_without_a_key_is_refused_with_the_other_faults(
    sandbox: SandboxProcess, landing: Path, row_key: Any
) -> None:
    run = TaskInstanceHarness(mapped(RIVYA, landing, [{"prompt": "", "row_key": row_key}]))
    done = run.begin(map_index=0)
    assert done.state == "failed"
    assert "2 faults" in done.text
    assert "row_key" in done.text
    assert sandbox.requests() == []


def test_a_template_may_name_the_row(sandbox: SandboxProcess, landing: Path) -> None:
    """The key is rendered with the task's other fields; here from an argument of the row itself."""
    run = TaskInstanceHarness(
        mapped(RIVYA, landing, [{"prompt": "A cat"}], row_key="{{ task.prompt | replace('A ', '') }}")
    )
    done = run.begin(map_index=0)
    assert done.state == "success", done.text
    identity = Identity("", run.dag_id, run.run_id, MAKE, 0, "cat")
    assert (landing / ".rivya" / f"{identity.digest}.json").exists()
