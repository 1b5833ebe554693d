"""Tables, results and messages in the documentation are those of the code; links lead somewhere."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from dataclasses import fields

import pytest

from airflow_provider_rivya import __version__
from airflow_provider_rivya.api.dialect import CHOICES
from airflow_provider_rivya.api.settings.fields import FieldInfo, connection_fields
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.identity import ROW_FIELDS
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator
from airflow_provider_rivya.request.prepare import RequestArguments, prepare
from airflow_provider_rivya.result import GenerationResult, Output
from airflow_provider_rivya.sandbox.assumptions.current import BY_NAME
from tests.doc_pages import PAGES, ROOT, marked, table

README = PAGES["README.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY, SITE = PROJECT["urls"]["Source"], PROJECT["urls"]["Documentation"]
CONNECTION = table("docs/connection.md", "Extra field")
ARGUMENTS = table("docs/generate.md", "Argument")


@pytest.mark.parametrize("entry", connection_fields(), ids=lambda entry: entry.name)
def test_connection_table(entry: FieldInfo) -> None:
    label, default, allowed, help_text = CONNECTION[entry.name]
    assert (label, help_text) == (entry.label, entry.help)
    if entry.kind in ("text", "list"):
        assert allowed == f"up to {entry.maximum} characters"
        assert default == ""
    else:
        assert allowed == f"{entry.minimum} to {entry.maximum}"
        assert default == ("as the gateway advises" if entry.default is None else str(entry.default))


def test_connection_table_is_complete() -> None:
    assert set(CONNECTION) == {entry.name for entry in connection_fields()}


def arguments(operator: type[GenerateOperator]) -> set[str]:
    """All that an operator takes, without Airflow's own."""
    classes = (GenerateOperator, operator)
    named = {name for each in classes for name in inspect.signature(each.__init__).parameters}
    return named - {"self", "kwargs"}


def test_operator_table() -> None:
    ours, theirs = arguments(RivyaGenerateOperator), arguments(ToApisGenerateOperator)
    assert set(ARGUMENTS) == ours | theirs
    assert {name for name, cells in ARGUMENTS.items() if "ToAPIs only" in cells[1]} == theirs - ours
    assert {name for name, cells in ARGUMENTS.items() if "Rivya only" in cells[1]} == ours - theirs
    templated = {name for name, cells in ARGUMENTS.items() if cells[0] == "yes"}
    assert templated == {*RivyaGenerateOperator.template_fields, *ToApisGenerateOperator.template_fields}


@pytest.mark.parametrize("operator", [RivyaGenerateOperator, ToApisGenerateOperator])
def test_the_default_that_differs(operator: type[GenerateOperator]) -> None:
    _, text = ARGUMENTS["on_uncertain_submission"]
    title = {"rivya": "Rivya", "toapis": "ToAPIs"}[operator.hook_class.conn_type]
    of_gateway = text.split(f"At {title}", 1)[1].split(" At ", 1)[0]
    default = inspect.signature(operator.__init__).parameters["on_uncertain_submission"].default
    assert f"`{default}` (default)" in of_gateway


def test_dialect_table() -> None:
    found = table("docs/toapis.md", "Field")
    rows = {name: re.findall(r"`([^`]+)`", cells[0]) for name, cells in found.items()}
    assert rows == {"model": [], **{name: list(values) for name, values in CHOICES.items()}}


def test_result_has_the_documented_keys() -> None:
    document = json.loads(marked("docs/results.md", "result"))
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
    assert str(caught.value).strip() == marked("docs/generate.md", "faults").strip()


def test_the_readme_is_short_and_links_absolutely() -> None:
    """The package index shows it without the files around it."""
    assert len(README) <= 8_000
    assert {"$ make demo", "$ make test"} <= set(README.splitlines())
    assert re.findall(r"\]\((?!https://)[^)]+\)", README) == []


@pytest.mark.parametrize(
    "page", [*PAGES, *(str(path.relative_to(ROOT)) for path in (ROOT / ".github").rglob("*.*"))]
)
def test_links_into_the_repository_and_the_site_lead_somewhere(page: str) -> None:
    """A page of the site lies below its version; only the first page has an address without one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = []
    for address in re.findall(rf"{re.escape(REPOSITORY)}/(?:blob|raw|tree)/main/([^\s)>\]`']+)", text):
        missing += [address] if not (ROOT / address).exists() else []
    for address in filter(None, re.findall(rf"{re.escape(SITE)}([a-z/-]*)", text)):
        version, _, name = address.strip("/").partition("/")
        found = (ROOT / "docs" / f"{name}.md", ROOT / "docs" / name / "index.md")
        missing += [address] if version != "latest" or not any(path.exists() for path in found) else []
    assert missing == []


@pytest.mark.parametrize("page", [page for page in PAGES if "/" not in page and page != "README.md"])
def test_relative_links_beside_the_readme(page: str) -> None:
    """The site shows some of these pages elsewhere, where they would lead nowhere."""
    assert re.findall(r"\]\((?!https://)[^)#]+\)", PAGES[page]) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_relative_links_lead_to_files(page: str) -> None:
    """Headings are checked by ``make docs``."""
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", PAGES[page])
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_one_address_of_the_repository_and_of_the_site() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert f"site_url: {SITE}\n" in config
    assert f"repo_url: {REPOSITORY}\n" in config
    assert PROJECT["urls"]["Homepage"] == REPOSITORY


def test_the_version_is_the_newest_of_the_changelog() -> None:
    versions = re.findall(r"^## \[(\d[^\]]+)\] - \d{4}-\d\d-\d\d$", PAGES["CHANGELOG.md"], re.MULTILINE)
    assert versions[0] == __version__
    assert f"airflow_provider_rivya-{__version__}-py3" in README
    assert f"airflow_provider_rivya-{__version__}-py3" in PAGES["docs/install.md"]


def test_three_questions_are_answered_from_the_front_page_in_a_click() -> None:
    wanted = {
        "batch.md": "Enrich a table",
        "what-happens-when.md": "crash costs",
        "costs.md": "what was paid",
    }
    links = {
        target: text
        for text, target in re.findall(r"\*\*\[([^\]]+)\]\(([^)]+)\)\*\*", PAGES["docs/index.md"])
    }
    assert all(words in links[target] for target, words in wanted.items())


def test_each_open_point_of_toapis_is_in_the_docs_with_tests_that_exist() -> None:
    page = PAGES["docs/sandbox.md"]
    switches = {name for name in BY_NAME if name.startswith("toapis_")}
    assert set(re.findall(r"`(toapis_[a-z0-9_]+)`", page)) == switches
    named = re.findall(r"`((?:unit|integration)/[a-z_/]+\.py)(?:::(\w+))?`", page)
    assert len(named) > 15
    for path, test in named:
        assert f"def {test}" in (ROOT / "tests" / path).read_text(encoding="utf-8"), (path, test)
