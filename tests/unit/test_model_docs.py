"""The generated pages are in step with the catalogue, and the DAGs on them are right."""

from __future__ import annotations

import re
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.catalog.model import ModelSpec
from airflow_provider_rivya.catalog.names import meaning_of
from airflow_provider_rivya.catalog.references import ReferenceFacts
from airflow_provider_rivya.operators.base import GenerateOperator
from tools.generate_models import CHECKOUT, generated, stale
from tools.models.pages import snippet
from tools.models.target import TARGETS, Target

CATALOGS = {gateway: load_catalog(gateway) for gateway in TARGETS}
MODELS = [(TARGETS[gateway], spec) for gateway, catalog in CATALOGS.items() for spec in catalog]
SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)
KINDS = {"jpg": ("image", "image/jpeg"), "mp4": ("video", "video/mp4"), "mp3": ("audio", "audio/mpeg")}


each_model = pytest.mark.parametrize(
    ("target", "spec"), MODELS, ids=lambda part: getattr(part, "id", None) or part.gateway
)
each_gateway = pytest.mark.parametrize("gateway", TARGETS)


def page_of(target: Target, name: str) -> str:
    return (CHECKOUT / target.folder / f"{name}.md").read_text(encoding="utf-8")


@each_gateway
def test_all_generated_files_are_in_step_with_the_catalogue(gateway: str) -> None:
    assert stale(CHECKOUT, generated(CATALOGS[gateway])) == [], "run: make models"


@each_gateway
def test_every_model_has_a_page_and_every_page_a_model(gateway: str) -> None:
    folder = CHECKOUT / TARGETS[gateway].folder
    names = [page.name.removesuffix(".md") for page in folder.glob("*.md")]
    assert sorted(names) == sorted([*CATALOGS[gateway].ids, "index"])


def facts_of(path: str, number: int) -> ReferenceFacts:
    kind, mime_type = KINDS[path.rpartition(".")[2]]
    return ReferenceFacts(f"reference_media[{number}]", path, kind, mime_type, size_bytes=1000)


@each_model
def test_the_dag_of_a_page_parses_and_its_request_is_valid(target: Target, spec: ModelSpec) -> None:
    code = SNIPPET.findall(page_of(target, spec.id))
    assert code == [snippet(spec)]
    names: dict[str, Any] = {}
    # Named, so that the DAG can be looked at; on the page nobody needs the name.
    named = code[0].replace("schedule=None):", "schedule=None) as dag:")
    exec(compile(named, f"{spec.id}.md", "exec"), names)  # noqa: S102 - our own page is what is tested
    dag: DAG = names["dag"]
    [operator] = dag.tasks
    assert isinstance(operator, GenerateOperator)
    assert type(operator).__name__ == target.operator
    references = [facts_of(path, number) for number, path in enumerate(operator.reference_media or [])]
    verdict = check_request(
        CATALOGS[target.gateway],
        model=operator.model,
        prompt=operator.prompt,
        model_params=operator.model_params,
        references=references,
    )
    assert verdict.ok, verdict.faults
    assert verdict.spec is spec
    assert verdict.normalised.params == (operator.model_params or {})
    documented = not any("no field for references" in rule.why for rule in spec.rules)
    assert bool(references) == (spec.reference is not None and documented)
    # What an example shows is not in dispute; what is left are gaps of the documentation about files.
    assert not [warning for warning in verdict.warnings if not warning.startswith("reference_media: ")]


@each_model
def test_a_page_names_every_rule(target: Target, spec: ModelSpec) -> None:
    page = page_of(target, spec.id)
    assert f"`{spec.id}`" in page
    assert ("| Price | not documented |" if spec.credits is None else f"{spec.credits} credits") in page
    assert all(f"`{alias}`" in page for alias in spec.aliases)
    assert all(address in page for address in (spec.source, *spec.pages))
    for param in spec.params:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{param.key}`"))
        assert all(f"`{option}`" in row for option in (*param.options, *param.choices))
        assert all(dispute.why in page for dispute in param.disputed)
        assert all(refusal.why in page for refusal in param.refused)
        assert ("**required**" in row) == param.required
        assert param.default is None or f"`{param.default}`" in row
        assert param.max is None or str(param.max) in row
    limit = spec.prompt.max_length
    assert (f"up to {limit:,} characters" if limit else "no limit is documented") in page
    assert ("## Reference media" in page) == (spec.reference is not None or not spec.reference_complete)
    assert all(mark in page for mark in spec.unknown)
    together = page.partition("## What goes together")[2].partition("\n## ")[0]
    assert together.count("\n- With ") == len(spec.rules)
    assert all(rule.why in page for rule in spec.rules)
    assert all(dispute.why in page for dispute in spec.prompt.disputed)
    assert spec.dialect is None or spec.reference is None or f"`{spec.dialect.references}`" in page


def test_no_page_speaks_to_maintainers() -> None:
    for page in (CHECKOUT / "docs/models").rglob("*.md"):
        assert "conventions." not in page.read_text(encoding="utf-8"), page


@each_gateway
class TestIndex:
    def text(self, gateway: str) -> str:
        return page_of(TARGETS[gateway], "index")

    def section(self, gateway: str, title: str) -> str:
        return self.text(gateway).split(f"\n## {title}\n")[1].split("\n## ")[0]

    def test_links_lead_somewhere(self, gateway: str) -> None:
        text = self.text(gateway)
        for target in set(re.findall(r"\]\(([^)#]+\.md)\)", text)):
            assert (CHECKOUT / TARGETS[gateway].folder / target).is_file(), target
        heads = {line[3:].lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= heads

    def test_every_model_is_under_its_category_once(self, gateway: str) -> None:
        for category, title in {"image": "Images", "video": "Video", "audio": "Audio"}.items():
            wanted = [spec.id for spec in CATALOGS[gateway] if spec.category == category]
            if not wanted:
                assert f"\n## {title}\n" not in self.text(gateway)
                continue
            rows = [line for line in self.section(gateway, title).splitlines() if line.startswith("| [")]
            assert [row[3:].partition("]")[0] for row in rows] == wanted

    def test_models_that_take_references(self, gateway: str) -> None:
        section = self.section(gateway, "Takes reference files")
        for spec in CATALOGS[gateway]:
            takes = "file" in spec.inputs or "url" in spec.inputs
            assert (f"[{spec.id}]" in section) == takes, spec.id

    @pytest.mark.parametrize("meaning", ["resolution", "output format", "duration"])
    def test_models_with_a_choice(self, gateway: str, meaning: str) -> None:
        section = self.section(gateway, f"Choice of {meaning}")
        for spec in CATALOGS[gateway]:
            has = any(
                meaning_of(param) == meaning
                and (param.options or param.choices or param.min is not None or param.max is not None)
                for param in spec.params
            )
            assert (f"[{spec.id}]" in section) == has, spec.id

    def test_prices_ascend_and_unknown_ones_come_last(self, gateway: str) -> None:
        lines = self.section(gateway, "By price").splitlines()[3:]
        rows = [line.split("|")[1].strip() for line in lines if line]
        assert len(rows) == len(CATALOGS[gateway])
        known = [float(price.lstrip("~")) for price in rows if price != "?"]
        assert known == sorted(known)
        assert rows[len(known) :] == ["?"] * (len(rows) - len(known))


def test_check_is_made_with_the_files_of_the_snippets() -> None:
    """The look-alike facts are what the real files would give, so a wrong kind would be refused."""
    spec = CATALOGS["rivya"].get("nano-banana-2")
    assert spec is not None
    verdict = check_request(spec, model=spec.id, prompt="x", references=[facts_of("/data/clip.mp4", 0)])
    assert not verdict.ok
