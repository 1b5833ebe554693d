"""Whose a submission is: rows by their key, iterations of a loop, items of an iterable task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.operators.identity import identity_of, row_key_faults

NO_REGION = UUID(int=0)
REGION = UUID("019e1455-6000-7001-8000-000000000000")
ANOTHER = UUID("019e1455-6000-7002-8000-000000000000")


class IndexedTaskInstance(SimpleNamespace):
    """One item of an iterable task, as Airflow names its class."""


class IterableOperator:
    """What runs the items of an iterable task."""


def context(
    map_index: int = -1,
    *,
    loop: int | None = None,
    kind: type[SimpleNamespace] = SimpleNamespace,
    **more: Any,
) -> dict[str, Any]:
    """
    Return a task's context.

    :param loop: the iteration, as Airflow 3.4 tells it.
    :param more: of the task instance.
    """
    instance = kind(dag_id="dag", run_id="run", task_id="task", map_index=map_index, **more)
    return {"ti": instance} | ({} if loop is None else {"loop": SimpleNamespace(index=loop)})


def key_of(context: dict[str, Any], row_key: object = None) -> str:
    return identity_of(context, "", row_key).key(2, 1, "f" * 64)


def test_keys_of_airflow_3_1_to_3_3_stay_as_they_are() -> None:
    assert key_of(context()) == "rivya-cb33d8304a256d9b9349fd6939bfa8bf2c859457"
    assert key_of(context(region_id=NO_REGION, region_index=-1)) == key_of(context())
    assert key_of(context(3, region_id=NO_REGION, region_index=3)) == key_of(context(3))
    assert identity_of(context(3), "").part == ""


def test_a_mapped_task_outside_of_a_loop_is_told_by_its_position_alone() -> None:
    """Its region is its expansion, of which there is another one when that is made again."""
    assert key_of(context(3, region_id=REGION, region_index=3)) == key_of(context(3))


INSTANCES = [
    context(),
    context(3),
    context(loop=0, region_id=REGION, region_index=0),
    context(loop=1, region_id=REGION, region_index=1),
    context(loop=0, region_id=ANOTHER, region_index=0),
    context(3, loop=0, region_id=REGION, region_index=3),
    context(3, loop=1, region_id=ANOTHER, region_index=3),
    context(kind=IndexedTaskInstance, index=0),
    context(kind=IndexedTaskInstance, index=1),
    context(3, kind=IndexedTaskInstance, index=0),
    context(loop=1, region_id=REGION, region_index=1, kind=IndexedTaskInstance, index=1),
]


def test_each_iteration_and_item_has_a_record_and_a_key_of_its_own() -> None:
    """They share DAG, run, task and map index, and some of them the task state store."""
    identities = [identity_of(instance, "") for instance in INSTANCES]
    assert len({identity.digest for identity in identities}) == len(INSTANCES)
    assert len({identity.key(0, 0, "f") for identity in identities}) == len(INSTANCES)
    unlike = {(identity.map_index, identity.part) for identity in identities}
    assert len(unlike) == len(INSTANCES)


def test_the_iteration_is_the_regions_index_where_airflow_has_no_loop_context() -> None:
    one, other = (context(region_id=REGION, region_index=index) for index in (0, 1))
    assert key_of(one) == key_of(context(loop=0, region_id=REGION, region_index=0))
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        (context(region_id=REGION), "a loop"),
        (context(region_id=REGION, region_index=None), "a loop"),
        ({**context(region_id=REGION, region_index=0), "loop": object()}, "a loop"),
        (context(kind=IndexedTaskInstance), "an iterable task"),
        (context(task=IterableOperator()), "an iterable task"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(instance: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"it is in {told}.* does not name: it could be given"):
        identity_of(instance, "")


# -- rows by their key -----------------------------------------------------------------------------


def test_a_row_is_known_by_its_key_whatever_its_position() -> None:
    assert key_of(context(3), "cat") == key_of(context(7), "cat") == key_of(context(7), " cat ")
    assert key_of(context(3), 17) == key_of(context(4), "17")
    keys = {key_of(context(3), row_key) for row_key in (None, "cat", "dog", "3", 3)}
    assert len(keys) == 4


def test_a_task_that_is_not_mapped_has_no_rows() -> None:
    assert key_of(context(), "cat") == key_of(context())
    assert row_key_faults("", context()["ti"]) == []


@pytest.mark.parametrize("row_key", ["", "  ", "None", 1.5, True, ["a"], {}])
def test_a_row_key_that_tells_no_row_is_a_fault(row_key: object) -> None:
    (fault,) = row_key_faults(row_key, context(3)["ti"])
    assert fault.path == "row_key"
    assert "that no other row has" in str(fault)


@pytest.mark.parametrize("row_key", [None, "a", 0, -3, "0"])
def test_a_row_key_that_tells_one_has_none(row_key: object) -> None:
    assert row_key_faults(row_key, context(3)["ti"]) == []
