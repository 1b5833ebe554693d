"""The README says what the code does."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, Connection

from airflow_provider_rivya.api.connection import FieldInfo, connection_fields
from airflow_provider_rivya.api.dialect import CHOICES
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.cli.main import _parser
from airflow_provider_rivya.decorators.base import DecoratedGenerateOperator
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.rows import ROW_FIELDS
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator
from airflow_provider_rivya.request.prepare import RequestArguments, prepare
from airflow_provider_rivya.result import GenerationResult, Output

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GATEWAYS = ("rivya", "toapis")
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


def generations(source: str) -> list[GenerateOperator]:
    """The generate tasks of a piece of Python."""
    source = re.sub(r"^(with DAG\(.*\)):$", r"\1 as made:", source, flags=re.MULTILINE)
    namespace: dict[str, object] = {"__file__": str(ROOT / "example_dags/x.py"), "__doc__": "An example."}
    exec(compile(source, "README.md", "exec"), namespace)  # noqa: S102 - our own text
    dags = {id(value): value for value in namespace.values() if isinstance(value, DAG)}
    return [task for dag in dags.values() for task in dag.tasks if isinstance(task, GenerateOperator)]


SOURCES = {
    **{f"README {number}": source for number, source in enumerate(CODE.findall(README))},
    **{path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "example_dags").glob("*.py")},
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_requests_of_the_examples_are_valid(source: str) -> None:
    for task in generations(source):
        request: dict[str, Any] = {
            "model": task.model,
            "prompt": task.prompt,
            "model_params": task.model_params,
        }
        if isinstance(task, DecoratedGenerateOperator):
            request |= task.python_callable(params=dict(task.params))
        verdict = check_request(load_catalog(task.hook_class.conn_type), **request, references=[])
        assert not verdict.faults


def test_the_function_of_the_decorator_asks_for_what_its_model_takes() -> None:
    (source,) = [source for source in CODE.findall(README) if "@task.rivya_generate" in source]
    made: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), made)  # noqa: S102 - our own text
    rows, picture = made["rows"], made["picture"]
    for row in rows.function():
        asked = picture.function(row)
        assert asked.pop("reference_media") == row["photo"]
        model = picture.kwargs["model"]
        assert not check_request(load_catalog("rivya"), model=model, references=[], **asked).faults


def test_no_python_example_is_left_out() -> None:
    assert re.findall(r"^```(py\w*)$", README, re.MULTILINE) == ["python"] * len(CODE.findall(README))


def test_there_is_an_example_for_each_gateway() -> None:
    used = {task.hook_class.conn_type for source in SOURCES.values() for task in generations(source)}
    assert used == set(GATEWAYS)


def test_the_dag_of_ten_lines_has_ten() -> None:
    dag = next(source for source in CODE.findall(README) if "DAG(" in source)
    assert len([line for line in dag.splitlines() if line.strip()]) == 10


@pytest.mark.parametrize("entry", connection_fields(), ids=lambda entry: entry.name)
def test_connection_table(entry: FieldInfo) -> None:
    default, allowed, help_text = table_rows("Extra field")[entry.name]
    assert help_text == entry.help
    if entry.kind in ("text", "list"):
        assert allowed == f"up to {entry.maximum} characters"
        assert default == ""
    else:
        assert allowed == f"{entry.minimum} to {entry.maximum}"
        assert default == ("as the gateway advises" if entry.default is None else str(entry.default))


def test_connection_table_is_complete() -> None:
    assert set(table_rows("Extra field")) == {entry.name for entry in connection_fields()}


def arguments(operator: type[GenerateOperator]) -> set[str]:
    """All that an operator takes, without Airflow's own."""
    classes = (GenerateOperator, operator)
    named = {name for each in classes for name in inspect.signature(each.__init__).parameters}
    return named - {"self", "kwargs"}


def test_operator_table() -> None:
    rows = table_rows("Argument")
    ours, theirs = arguments(RivyaGenerateOperator), arguments(ToApisGenerateOperator)
    assert set(rows) == ours | theirs
    assert {name for name, cells in rows.items() if "ToAPIs only" in cells[1]} == theirs - ours
    assert {name for name, cells in rows.items() if "Rivya only" in cells[1]} == ours - theirs
    templated = {name for name, cells in rows.items() if cells[0] == "yes"}
    assert templated == {*RivyaGenerateOperator.template_fields, *ToApisGenerateOperator.template_fields}


@pytest.mark.parametrize("operator", [RivyaGenerateOperator, ToApisGenerateOperator])
def test_the_default_that_differs(operator: type[GenerateOperator]) -> None:
    _, text = table_rows("Argument")["on_uncertain_submission"]
    title = {"rivya": "Rivya", "toapis": "ToAPIs"}[operator.hook_class.conn_type]
    of_gateway = text.split(f"At {title}", 1)[1].split(" At ", 1)[0]
    default = inspect.signature(operator.__init__).parameters["on_uncertain_submission"].default
    assert f"`{default}` (default)" in of_gateway


def test_dialect_table() -> None:
    rows = {name: re.findall(r"`([^`]+)`", cells[0]) for name, cells in table_rows("Field").items()}
    assert rows == {"model": [], **{name: list(values) for name, values in CHOICES.items()}}


def test_connections_in_each_form() -> None:
    uris = re.findall(r"connections add (\w+) --conn-uri '([^']+)'", README)
    documents = re.findall(r"AIRFLOW_CONN_(\w+)='(\{[^']+\})'", README)
    made = [(conn_id, Connection.from_uri(uri, conn_id)) for conn_id, uri in uris]
    made += [(name.lower(), Connection.from_json(text, name.lower())) for name, text in documents]
    assert [(conn_id, each.conn_type) for conn_id, each in made] == [
        (f"{gateway}_default", gateway) for _ in range(2) for gateway in GATEWAYS
    ]
    assert {each.password for _, each in made} == {"rvya_sk_YOUR_KEY", "sk-YOUR_KEY"}


@pytest.mark.parametrize("command", re.findall(r"^\$ rivya (.+)$", README, re.MULTILINE))
def test_commands_are_understood(command: str) -> None:
    assert _parser().parse_args(shlex.split(command)).command_to_run


def test_result_has_the_documented_keys() -> None:
    document = json.loads(marked("result"))
    assert list(document) == [*(field.name for field in fields(GenerationResult)), *ROW_FIELDS]
    assert list(document["outputs"][0]) == [field.name for field in fields(Output)]


def test_the_shown_refusal_is_the_real_one() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        prepare(
            RequestArguments(
                model="nano-banana-2",
                prompt="A red bicycle",
                model_params={"aspectRatio": "16:9", "resolution": "2k"},
                output_path="bicycles/",
                subject="The request of task 'image'",
            ),
            [],
            gateway="rivya",
        )
    assert str(caught.value).strip() == marked("faults").strip()


@pytest.mark.parametrize("target", re.findall(r"(?:`|\$ )make ([a-z-]+)", README))
def test_named_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    path, _, heading = link.partition("#")
    assert (ROOT / path).exists()
    if heading:
        headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
        assert heading in [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings]


@pytest.mark.parametrize("path", sorted((ROOT / "example_dags").glob("*.py")), ids=lambda path: path.stem)
def test_example_dags_are_linked_and_parse(path: Path) -> None:
    pages = [README, *(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))]
    assert any(f"example_dags/{path.name}" in page for page in pages)
    namespace: dict[str, object] = {"__file__": str(path), "__name__": path.stem, "__doc__": "An example."}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)  # noqa: S102 - our own text
    assert getattr(namespace["dag"], "dag_id", None) == path.stem
