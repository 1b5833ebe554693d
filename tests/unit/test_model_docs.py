"""The generated pages are in step with the catalogue, and the DAGs on them are right."""

from __future__ import annotations

import re
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_rivya.catalog.names import meaning_of
from airflow_provider_rivya.catalog.references import ReferenceFacts
from airflow_provider_rivya.catalog.spec import ModelSpec, load_catalog
from airflow_provider_rivya.catalog.validation import check_request
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from tools.generate_models import CHECKOUT, PAGES, generated, stale
from tools.models.pages import snippet

CATALOG = load_catalog()
MODELS = list(CATALOG)
FOLDER = CHECKOUT / PAGES
SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)
KINDS = {"jpg": ("image", "image/jpeg"), "mp4": ("video", "video/mp4"), "mp3": ("audio", "audio/mpeg")}


def test_all_generated_files_are_in_step_with_the_catalogue() -> None:
    assert stale(CHECKOUT, generated(CATALOG)) == [], "run: make models"


def test_every_model_has_a_page_and_every_page_a_model() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} == {*CATALOG.ids, "index"}


def facts_of(path: str, number: int) -> ReferenceFacts:
    kind, mime_type = KINDS[path.rpartition(".")[2]]
    return ReferenceFacts(f"reference_media[{number}]", path, kind, mime_type, size_bytes=1000)


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_the_dag_of_a_page_parses_and_its_request_is_valid(spec: ModelSpec) -> None:
    page = (FOLDER / f"{spec.id}.md").read_text(encoding="utf-8")
    code = SNIPPET.findall(page)
    assert code == [snippet(spec)]
    names: dict[str, Any] = {}
    # Named, so that the DAG can be looked at; on the page nobody needs the name.
    named = code[0].replace("schedule=None):", "schedule=None) as dag:")
    exec(compile(named, f"{spec.id}.md", "exec"), names)  # noqa: S102 - our own page is what is tested
    dag: DAG = names["dag"]
    [operator] = dag.tasks
    assert isinstance(operator, RivyaGenerateOperator)
    references = [facts_of(path, number) for number, path in enumerate(operator.reference_media or [])]
    verdict = check_request(
        CATALOG,
        model=operator.model,
        prompt=operator.prompt,
        model_params=operator.model_params,
        references=references,
    )
    assert verdict.ok, verdict.faults
    assert verdict.spec is spec
    assert verdict.normalised.params == (operator.model_params or {})
    assert bool(references) == (spec.reference is not None)


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_a_page_names_every_rule(spec: ModelSpec) -> None:
    page = (FOLDER / f"{spec.id}.md").read_text(encoding="utf-8")
    assert f"`{spec.id}`" in page
    assert f"{spec.credits} credits" in page
    assert spec.source in page
    for param in spec.params:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{param.key}`"))
        assert all(f"`{option}`" in row for option in param.options)
        assert ("**required**" in row) == param.required
        assert param.default is None or f"`{param.default}`" in row
        assert param.max is None or str(param.max) in row
    limit = spec.prompt.max_length
    assert (f"up to {limit:,} characters" if limit else "no limit is documented") in page
    assert ("## Reference media" in page) == (spec.reference is not None or not spec.reference_complete)
    assert all(mark in page for mark in spec.unknown)


def test_no_page_speaks_to_maintainers() -> None:
    for page in FOLDER.glob("*.md"):
        assert "conventions." not in page.read_text(encoding="utf-8"), page


class TestIndex:
    text = (FOLDER / "index.md").read_text(encoding="utf-8")

    def section(self, title: str) -> str:
        return self.text.split(f"\n## {title}\n")[1].split("\n## ")[0]

    def test_links_lead_somewhere(self) -> None:
        for target in set(re.findall(r"\]\(([^)#]+\.md)\)", self.text)):
            assert (FOLDER / target).is_file(), target
        heads = {
            line[3:].lower().replace(" ", "-") for line in self.text.splitlines() if line.startswith("## ")
        }
        assert set(re.findall(r"\]\(#([^)]+)\)", self.text)) <= heads

    @pytest.mark.parametrize(
        ("category", "title"), [("image", "Images"), ("video", "Video"), ("audio", "Audio")]
    )
    def test_every_model_is_under_its_category_once(self, category: str, title: str) -> None:
        rows = [line for line in self.section(title).splitlines() if line.startswith("| [")]
        assert [row[3:].partition("]")[0] for row in rows] == [
            spec.id for spec in CATALOG if spec.category == category
        ]

    def test_models_that_take_references(self) -> None:
        section = self.section("Takes reference files")
        for spec in CATALOG:
            takes = "file" in spec.inputs or "url" in spec.inputs
            assert (f"[{spec.id}]" in section) == takes, spec.id

    @pytest.mark.parametrize("meaning", ["resolution", "output format", "duration"])
    def test_models_with_a_choice(self, meaning: str) -> None:
        section = self.section(f"Choice of {meaning}")
        for spec in CATALOG:
            has = any(meaning_of(param) == meaning for param in spec.params)
            assert (f"[{spec.id}]" in section) == has, spec.id

    def test_prices_ascend(self) -> None:
        rows = [line.split("|")[1].strip() for line in self.section("By price").splitlines()[3:] if line]
        prices = [float(price.lstrip("~")) for price in rows]
        assert len(prices) == len(CATALOG)
        assert prices == sorted(prices)


def test_check_is_made_with_the_files_of_the_snippets() -> None:
    """The look-alike facts are what the real files would give, so a wrong kind would be refused."""
    spec = CATALOG.get("nano-banana-2")
    assert spec is not None
    verdict = check_request(spec, model=spec.id, prompt="x", references=[facts_of("/data/clip.mp4", 0)])
    assert not verdict.ok
