"""The README says what the code does."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.generation.result import GenerationResult, Output
from airflow_provider_rivya.hooks.fields import FIELDS, ConnField
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.preparing import prepare
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def marked(name: str) -> str:
    """The text of a fenced block between two marks."""
    found = re.search(rf"<!-- {name}: begin -->\n```\w+\n(.*?)```\n<!-- {name}: end -->", README, re.DOTALL)
    assert found, name
    return found[1]


def table_rows(first_header: str) -> dict[str, list[str]]:
    """The rows of the table whose first column has this header, by their first cell."""
    table = README.split(f"| {first_header} |", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip().strip("|").split("|") for line in table.splitlines()[2:]]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


@pytest.mark.parametrize("source", CODE.findall(README))
def test_python_examples_run(source: str) -> None:
    exec(compile(source, "README.md", "exec"), {})  # noqa: S102 - our own text


def test_the_dag_of_ten_lines_has_ten() -> None:
    dag = next(source for source in CODE.findall(README) if "DAG(" in source)
    assert len([line for line in dag.splitlines() if line.strip()]) == 10


@pytest.mark.parametrize("entry", FIELDS, ids=lambda entry: entry.name)
def test_connection_table(entry: ConnField) -> None:
    default, allowed, help_text = table_rows("Extra field")[entry.name]
    assert help_text == entry.help
    if entry.kind in ("text", "list"):
        assert allowed == f"up to {entry.maximum} characters"
        assert default == ""
    else:
        assert allowed == f"{entry.minimum} to {entry.maximum}"
        assert default == ("as the gateway advises" if entry.default is None else str(entry.default))


def test_connection_table_is_complete() -> None:
    assert set(table_rows("Extra field")) == {entry.name for entry in FIELDS}


def test_operator_table() -> None:
    own = set(inspect.signature(GenerateOperator.__init__).parameters) - {"self", "kwargs"}
    rows = table_rows("Argument")
    assert set(rows) == own | {"rivya_conn_id"}
    templated = {name for name, cells in rows.items() if cells[0] == "yes"}
    assert templated == set(RivyaGenerateOperator.template_fields)


def test_result_has_the_documented_keys() -> None:
    document = json.loads(marked("result"))
    assert list(document) == [field.name for field in fields(GenerationResult)]
    assert list(document["outputs"][0]) == [field.name for field in fields(Output)]


def test_the_shown_refusal_is_the_real_one() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        prepare(
            gateway="rivya",
            model="nano-banana-2",
            prompt="A red bicycle",
            model_params={"aspectRatio": "16:9", "resolution": "2k"},
            references=[],
            client_request_id=None,
            output_path="bicycles/",
            output_conn_id=None,
            if_exists="overwrite",
            mapped=False,
            subject="The request of task 'image'",
        )
    assert str(caught.value).strip() == marked("faults").strip()


@pytest.mark.parametrize("target", re.findall(r"(?:`|\$ )make ([a-z-]+)", README))
def test_named_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("path", sorted((ROOT / "example_dags").glob("*.py")), ids=lambda path: path.stem)
def test_example_dags_are_linked_and_parse(path: Path) -> None:
    assert f"example_dags/{path.name}" in README
    namespace: dict[str, object] = {"__file__": str(path), "__name__": path.stem, "__doc__": "An example."}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)  # noqa: S102 - our own text
    assert getattr(namespace["dag"], "dag_id", None) == path.stem
