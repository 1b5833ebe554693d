from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_rivya.decorators.base import RETURNABLE, _asked_for, wanted_by
from airflow_provider_rivya.decorators.rivya import RivyaGenerateDecoratedOperator, rivya_generate_task
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

CONTEXT = {"ds": "2026-01-01", "ti": object(), "row": "of the context"}


@pytest.mark.parametrize(
    ("returned", "asked"),
    [
        ("{{ 7*7 }}", {"prompt": "{{ 7*7 }}"}),
        ("", {"prompt": ""}),
        ({}, {}),
        ({"prompt": "x", "model_params": {"a": 1}}, {"prompt": "x", "model_params": {"a": 1}}),
        (dict.fromkeys(RETURNABLE), dict.fromkeys(RETURNABLE)),
    ],
)
def test_what_a_function_may_return(returned: Any, asked: dict[str, Any]) -> None:
    assert _asked_for(returned) == (asked, [])


@pytest.mark.parametrize(
    ("returned", "faults"),
    [
        (None, ["return value: a NoneType; allowed: a prompt, or a dict of "]),
        (7, ["return value: a int; allowed: "]),
        (["a prompt"], ["return value: a list; allowed: "]),
        (
            {"promt": "x", "output_path": "/data/", 7: "x"},
            [
                "return value['promt']: cannot be returned by ",
                "return value['output_path']: cannot be returned by ",
                "return value[7]: cannot be returned by ",
            ],
        ),
    ],
)
def test_what_it_may_not(returned: Any, faults: list[str]) -> None:
    told = [str(fault) for fault in _asked_for(returned)[1]]
    assert len(told) == len(faults)
    assert all(one.startswith(begin) for one, begin in zip(told, faults, strict=True)), told


@pytest.mark.parametrize(
    ("returned", "asked", "suggestions"),
    [
        ({"promt": "x"}, {"prompt": "x"}, ["prompt"]),
        ({"promt": "x", "prompt": "y"}, {"prompt": "y"}, ["prompt"]),
        (
            {"modle": "z-image", "nonsense": 1, "prompt": "y"},
            {"prompt": "y", "model": "z-image"},
            ["model", ""],
        ),
    ],
)
def test_what_was_meant_by_a_misspelt_name_is_checked_too(
    returned: dict[str, Any], asked: dict[str, Any], suggestions: list[str]
) -> None:
    found, faults = _asked_for(returned)
    assert found == asked
    assert [fault.suggestion for fault in faults] == suggestions


@pytest.mark.parametrize(
    ("function", "positional", "wanted"),
    [
        (lambda: "x", 0, set()),
        (lambda ds: ds, 0, {"ds"}),
        (lambda row, ds: row, 1, {"ds"}),
        (lambda row, ds, other=1: row, 0, {"row", "ds"}),
        (lambda **everything: "x", 0, set(CONTEXT)),
        (lambda row, **everything: "x", 1, set(CONTEXT) - {"row"}),
        (lambda *rows: "x", 2, set()),
    ],
)
def test_what_a_function_is_given(function: Callable[..., Any], positional: int, wanted: set[str]) -> None:
    assert set(wanted_by(function, positional, CONTEXT)) == wanted


def make(**arguments: Any) -> RivyaGenerateDecoratedOperator:
    given = {"model": "z-image", **arguments}

    @rivya_generate_task(**given)
    def picture(row: str = "x") -> str:
        return row

    with DAG("test", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        picture()
    (operator,) = dag.task_dict.values()
    assert isinstance(operator, RivyaGenerateDecoratedOperator)
    return operator


def test_it_is_the_operator() -> None:
    operator = make(output_path="/data/{{ ds }}/", retries=3)
    assert isinstance(operator, RivyaGenerateOperator)
    assert (operator.task_id, operator.model, operator.retries) == ("picture", "z-image", 3)
    assert operator.operator_name == "@task.rivya_generate"
    assert set(operator.template_fields) == {*RivyaGenerateOperator.template_fields, "op_args", "op_kwargs"}


def test_the_prompt_is_the_functions() -> None:
    with pytest.raises(ValueError, match="takes no prompt"):
        make(prompt="x")


@pytest.mark.parametrize("multiple_outputs", [True, False])
def test_a_result_is_pushed_by_key_if_that_is_asked_for(multiple_outputs: bool) -> None:
    assert make(multiple_outputs=multiple_outputs).multiple_outputs is multiple_outputs


def test_what_a_function_is_annotated_with_is_its_request() -> None:
    @rivya_generate_task(model="z-image")
    def picture() -> dict[str, str]:
        return {"prompt": "x"}

    with DAG("test", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        picture()
    (operator,) = dag.task_dict.values()
    assert operator.multiple_outputs is False  # type: ignore[union-attr]


def test_an_async_function() -> None:
    async def picture() -> str:
        return "x"

    make = rivya_generate_task(model="z-image")(picture)
    with pytest.raises(ValueError, match="no async function"):
        make()


def test_the_model_may_come_from_the_function() -> None:
    assert make(model="").model == ""
