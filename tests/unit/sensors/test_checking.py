"""What can be wrong with a sensor's arguments: every fault at once, before the gateway is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.sensors.checking import check


def told(**arguments: Any) -> list[str]:
    given: dict[str, Any] = {
        "generation_id": "task_1",
        "output_path": None,
        "output_conn_id": None,
        "mapped": False,
        **arguments,
    }
    faults, place = check(**given)
    assert (place is None) is (given["output_path"] is None)
    return [f"{fault.path}: {fault.problem}" for fault in faults]


@pytest.mark.parametrize("generation_id", ["task_3d4c5fd23dc8", "a", "x.y:z~1-2", "9" * 500])
def test_ids_are_opaque(generation_id: str) -> None:
    assert told(generation_id=generation_id) == []


@pytest.mark.parametrize(
    ("generation_id", "problem"),
    [
        (None, "there is none"),
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("None", "'None', as a template renders a missing XCom"),
        ("../credits", "'../credits' cannot be an id"),
        ("task 1", "'task 1' cannot be an id"),
        ("task_1?x=1", "'task_1?x=1' cannot be an id"),
        ("x" * 501, f"{'x' * 99 + '…'!r} cannot be an id"),
        (7, "a int"),
        ({"generation_id": "task_1"}, "a dict"),
        (["task_1"], "a list"),
    ],
)
def test_what_is_no_id(generation_id: Any, problem: str) -> None:
    assert told(generation_id=generation_id) == [f"generation_id: {problem}"]


def test_a_place_that_can_be_written(tmp_path: Path) -> None:
    assert told(output_path=f"{tmp_path}/new/") == []
    assert list((tmp_path / "new").iterdir()) == []


def test_everything_is_told_at_once() -> None:
    faults = told(generation_id="", output_path="relative/")
    assert [fault.partition(":")[0] for fault in faults] == ["generation_id", "output_path"]


@pytest.mark.parametrize("path", [7, b"/data/", ["/data/"]])
def test_a_place_that_is_no_text(path: Any) -> None:
    assert told(output_path=path) == [f"output_path: it is of type {type(path).__name__}"]


def test_a_connection_that_is_no_text_hides_nothing(tmp_path: Path) -> None:
    of_type_int = "output_conn_id: it is of type int"
    assert told(output_path=f"{tmp_path}/new/", output_conn_id=7) == [of_type_int]
    assert list(tmp_path.iterdir()) == []
    found = told(generation_id="", output_path="relative/", output_conn_id=7)
    assert [fault.partition(":")[0] for fault in found] == ["generation_id", "output_path", "output_conn_id"]


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    (fault,) = told(output_path=f"{tmp_path}/taken/")
    assert fault.startswith(f"output_path: file://{tmp_path}/taken/ cannot be written")


def test_one_name_for_a_mapped_task(tmp_path: Path) -> None:
    assert told(output_path=f"{tmp_path}/one.png") == []
    (fault,) = told(output_path=f"{tmp_path}/one.png", mapped=True)
    assert "the task is mapped" in fault


def test_an_unknown_scheme() -> None:
    (fault,) = told(output_path="nonsense://bucket/x/")
    assert fault.startswith("output_path: Airflow knows no storage for nonsense://")
