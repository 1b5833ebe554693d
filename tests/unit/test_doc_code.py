"""Every piece of code in the README and on the pages of the documentation runs, or can at least be read."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]  # its stubs are another distribution
from airflow.sdk import DAG, Connection

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.cli.main import _parser
from airflow_provider_rivya.decorators.base import DecoratedGenerateOperator
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.operators.base import GenerateOperator
from tests.doc_pages import PAGES, ROOT, Block, blocks, commands

GATEWAYS = ("rivya", "toapis")
PYTHON = [block for block in blocks("python") if not block.included]
EXAMPLES = sorted((ROOT / "example_dags").glob("*.py"))


def run(source: str, name: str = "made") -> dict[str, Any]:
    """Run a piece of Python; its names."""
    made: dict[str, Any] = {"__name__": name, "__file__": str(EXAMPLES[0]), "__doc__": "An example."}
    exec(compile(source, name, "exec"), made)  # noqa: S102 - our own text
    return made


def ini(text: str) -> None:
    configparser.RawConfigParser().read_string(text)


def shell(text: str) -> None:
    subprocess.run([shutil.which("bash") or "bash", "-n"], input=text, text=True, check=True, timeout=20)


def console(text: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            shlex.split(line, comments=True)


READERS: dict[str, Callable[[str], object]] = {
    "bash": shell,
    "cfg": ini,
    "console": console,
    "dockerfile": str,
    "ini": ini,
    "json": json.loads,
    "sh": shell,
    "sql": str,
    "text": str,
    "toml": tomllib.loads,
    "yaml": lambda text: list(yaml.safe_load_all(text)),
}


@pytest.mark.parametrize("block", [block for block in blocks() if block.language != "python"], ids=str)
def test_code_can_be_read(block: Block) -> None:
    assert block.language in READERS, "give the block a language that this test can read"
    READERS[block.language](block.source)


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_runs(block: Block) -> None:
    """A piece that imports nothing is a part of another one: it is compiled alone."""
    if "import " not in block.source:
        compile(block.source, str(block), "exec")
        return
    try:
        run(block.source)
    except ConnectionConfigError:
        assert "Hook(" in block.source  # a call to a gateway, of whose connection the tests have none


@pytest.mark.parametrize("block", [block for block in blocks() if block.included], ids=str)
def test_included_files_exist(block: Block) -> None:
    assert all((ROOT / path).exists() for path in block.included)


def generations(source: str) -> list[GenerateOperator]:
    """The generate tasks of a piece of Python."""
    made = run(re.sub(r"^(with DAG\(.*\)):$", r"\1 as made:", source, flags=re.MULTILINE))
    dags = {id(value): value for value in made.values() if isinstance(value, DAG)}
    return [task for dag in dags.values() for task in dag.tasks if isinstance(task, GenerateOperator)]


SOURCES = {
    **{str(block): block.source for block in PYTHON if "DAG(" in block.source and "import" in block.source},
    **{path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES},
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_requests_of_the_examples_are_valid(source: str) -> None:
    for task in generations(source):
        if "{{" in str(task.model):
            continue  # testing/test_tasks.py checks it with the defaults of its parameters
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
    (source,) = [block.source for block in PYTHON if "@task.rivya_generate" in block.source]
    made = run(source)
    rows, picture = made["rows"], made["picture"]
    for row in rows.function():
        asked = picture.function(row)
        assert asked.pop("reference_media") == row["photo"]
        model = picture.kwargs["model"]
        assert not check_request(load_catalog("rivya"), model=model, references=[], **asked).faults


def test_there_is_an_example_for_each_gateway() -> None:
    used = {task.hook_class.conn_type for source in SOURCES.values() for task in generations(source)}
    assert used == set(GATEWAYS)


@pytest.mark.parametrize("command", commands("rivya"))
def test_commands_are_understood(command: str) -> None:
    assert _parser().parse_args(shlex.split(command)).command_to_run


@pytest.mark.parametrize("page", ["README.md", "docs/connection.md"])
def test_connections(page: str) -> None:
    uris = re.findall(r"connections add (\w+) --conn-uri '([^']+)'", PAGES[page])
    documents = re.findall(r"AIRFLOW_CONN_(\w+)='(\{[^']+\})'", PAGES[page])
    made = [(conn_id, Connection.from_uri(uri, conn_id)) for conn_id, uri in uris]
    made += [(name.lower(), Connection.from_json(text, name.lower())) for name, text in documents]
    assert {(conn_id, each.conn_type) for conn_id, each in made} == {
        (f"{gateway}_default", gateway) for gateway in GATEWAYS
    }
    assert {each.password for _, each in made} == {"rvya_sk_YOUR_KEY", "sk-YOUR_KEY"}


def test_named_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {target for text in PAGES.values() for target in re.findall(r"(?:`|\$ )make ([a-z-]+)", text)}
    assert {"demo", "test", "docs", "release-check"} <= named
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_dags_are_on_their_page_and_parse(path: Any) -> None:
    assert f'--8<-- "example_dags/{path.name}"' in PAGES["docs/examples.md"]
    assert getattr(run(path.read_text(encoding="utf-8"), path.stem)["dag"], "dag_id", None) == path.stem
