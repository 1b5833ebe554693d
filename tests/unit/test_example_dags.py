"""What the example DAGs ask for, and when the one with two gateways pays at the second one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya.batch.plan import PlanFolder, check_plan
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.generation.failure import _KINDS
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor
from airflow_provider_rivya.storage.place import OutputPlace

FOLDER = Path(__file__).parents[2] / "example_dags"
RESULT = {"generation_id": "task_1", "outputs": []}


class Task:
    """What a task sees of the XComs of the task ``rivya``."""

    def __init__(self, **left: Any) -> None:
        self.left = left

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        assert task_ids == "rivya"
        return self.left.get(key)


def example_named(name: str) -> dict[str, Any]:
    """The names that an example defines."""
    path = FOLDER / f"{name}.py"
    namespace: dict[str, Any] = {"__file__": str(path), "__name__": name, "__doc__": "An example."}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)  # noqa: S102 - our own text
    return namespace


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return example_named("rivya_then_toapis")


@pytest.fixture(scope="module")
def refused(example: dict[str, Any]) -> Callable[..., bool]:
    function: Callable[..., bool] = example["dag"].get_task("rivya_refused").python_callable
    return function


def failure(kind: str, submitted: bool | None) -> dict[str, Any]:
    return {"kind": kind, "submitted": submitted, "generation_id": None, "credits": None}


def test_the_kinds_are_those_that_there_are(example: dict[str, Any]) -> None:
    assert set(example["REFUSALS"]) < {kind for _, kind in _KINDS}


def test_a_result_is_enough(refused: Callable[..., bool]) -> None:
    assert refused(ti=Task(return_value=RESULT)) is False
    assert refused(ti=Task(return_value=RESULT, failure=failure("credits", False))) is False


@pytest.mark.parametrize("kind", ["credits", "unavailable", "rejected", "key", "connection"])
def test_a_refusal_before_anything_was_paid(refused: Callable[..., bool], kind: str) -> None:
    assert refused(ti=Task(failure=failure(kind, False))) is True


@pytest.mark.parametrize("kind", ["credits", "unavailable", "timeout", "generation_failed"])
@pytest.mark.parametrize("submitted", [True, None])
def test_what_may_have_been_paid_is_not_paid_again(
    refused: Callable[..., bool], kind: str, submitted: bool | None
) -> None:
    with pytest.raises(RuntimeError, match="Rivya may have been paid"):
        refused(ti=Task(failure=failure(kind, submitted)))


def test_a_task_that_left_nothing_may_have_paid(refused: Callable[..., bool]) -> None:
    with pytest.raises(RuntimeError, match="Rivya may have been paid"):
        refused(ti=Task())


@pytest.mark.parametrize("kind", ["invalid_request", "output", "error"])
def test_what_is_as_wrong_elsewhere(refused: Callable[..., bool], kind: str) -> None:
    with pytest.raises(RuntimeError, match="ToAPIs would do no better"):
        refused(ti=Task(failure=failure(kind, False)))


def test_the_function_asks_for_the_product_of_the_run() -> None:
    task = example_named("rivya_decorated")["dag"].get_task("picture")
    asked = task.python_callable(params={"product": "a blue mug"})
    assert asked["prompt"] == "Studio photograph of a blue mug, white background"
    verdict = check_request(load_catalog("rivya"), model=task.model, references=[], **asked)
    assert not verdict.faults
    assert [asset.name for asset in task.outlets] == ["rivya_product_picture"]


def test_a_query_becomes_requests_that_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    example = example_named("rivya_batch_sql")
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE products (sku, title, season, picture);"
        "INSERT INTO products VALUES "
        "(2, 'A jug', 'winter', NULL), (1, 'A cup', 'summer', NULL), (3, 'x', '', 'made');"
    )
    connection = SimpleNamespace(get_hook=lambda: SimpleNamespace(get_conn=lambda: database))
    monkeypatch.setattr(
        example["BaseHook"], "get_connection", lambda conn_id: {"warehouse": connection}[conn_id]
    )
    task = example["dag"].get_task("pictures")
    rows = list(task.python_callable(params={"warehouse": "warehouse"}))
    assert [(row["row_key"], row["prompt"]) for row in rows] == [
        (1, "A cup on a wooden table, soft daylight"),
        (2, "A jug on a wooden table, low winter sun"),
    ]
    for row in rows:
        asked = {"prompt": row["prompt"], "model_params": row["model_params"]}
        assert not check_request(load_catalog("rivya"), model=task.model, references=[], **asked).faults


@pytest.mark.parametrize("name", ["rivya_batch", "rivya_batch_approve", "rivya_batch_shards"])
def test_all_products_of_the_table_have_a_valid_request(name: str, tmp_path: Path) -> None:
    """All files that they name are there, too, and none is left over."""
    dag = example_named(name)["dag"]
    task = dag.get_task("pictures")
    arguments = task.partial_kwargs if hasattr(task, "partial_kwargs") else vars(task)
    media = [
        text.replace("{{ params.photographs }}", str(FOLDER / "data"))
        for text in arguments.get("reference_media") or []
    ]
    asked = Asked(
        row_key=arguments["row_key"],
        model=arguments["model"],
        prompt=arguments["prompt"],
        model_params=arguments.get("model_params"),
        reference_media=media or None,
    )
    plans = PlanFolder(OutputPlace(f"{tmp_path}/"), "")
    table = str(FOLDER / "data" / "products.csv")
    limit = arguments["max_credits_total"] * (4 if name.endswith("shards") else 1)
    plan = check_plan(
        lambda: read_rows(table), asked, plans, gateway="rivya", batch="", max_credits_total=limit
    ).plan
    assert (plan.rows, plan.invalid) == (200, 0)
    assert plan.credits is not None
    assert plan.credits <= limit
    named = {Path(source) for row in plans.rows(plan) for source in row.references or ()}
    assert all(path.exists() for path in named)
    assert {path.name for path in named} == (
        {"cup.jpg", "jug.jpg", "bowl.jpg", "lamp.jpg"} if media else set()
    )


def test_an_approval_that_was_never_asked_for_fails_the_run() -> None:
    """A run is as its ends are; "again" is skipped where the image has failed."""
    dag = example_named("rivya_approval")["dag"]
    assert {task.task_id for task in dag.leaves} == {"publish", "again"}


def test_the_sensor_has_to_be_told_an_id() -> None:
    dag = example_named("rivya_fetch_paid_result")["dag"]
    (task,) = dag.tasks
    assert type(task) is RivyaTaskSensor  # which has no way to submit
    without = [name for name in dag.params if not dag.params.get_param(name).has_value]
    assert without == ["generation_id"]
