"""A model in a few words."""

from __future__ import annotations

import json

import pytest

from airflow_provider_rivya.catalog import summary
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import ModelSpec

ALL = [spec for gateway in ("rivya", "toapis") for spec in load_catalog(gateway)]
LIST = "(a list price of the guides, at 200 credits per USD; the account's own price decides)"


def spec_of(gateway: str, model: str) -> ModelSpec:
    spec = load_catalog(gateway).get(model)
    assert spec is not None
    return spec


@pytest.mark.parametrize(
    ("gateway", "model", "short", "words"),
    [
        ("rivya", "nano-banana-2", "5", "5 credits per generation"),
        ("rivya", "grok-imagine", "~4", "4 credits as a base; enable_pro may change it"),
        (
            "rivya",
            "elevenlabs-turbo-2-5",
            "~6",
            "from 6 credits, metered: the amount depends on the request",
        ),
        ("toapis", "nano-banana-pro", "~10", f"10 credits per generation {LIST}"),
        (
            "toapis",
            "gpt-image-2",
            "~3",
            f"3 credits as a base; by resolution: 1k 3, 2k 4, 4k 5, per image {LIST}",
        ),
        ("toapis", "kling-v3", "?", "not documented"),
    ],
)
def test_price(gateway: str, model: str, short: str, words: str) -> None:
    spec = spec_of(gateway, model)
    assert summary.price(spec) == short
    assert summary.price_in_words(spec) == words


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.id)
def test_a_model_as_json(spec: ModelSpec) -> None:
    document = json.loads(json.dumps(summary.document(spec)))
    assert document["id"] == spec.id
    assert [param["key"] for param in document["params"]] == list(spec.param_by_key)
    inside = sorted(spec.dialect.in_metadata) if spec.dialect else None
    assert (document["dialect"] or {}).get("in_metadata") == inside


def test_files_and_prompt() -> None:
    kling = spec_of("toapis", "kling-v3")
    assert summary.references(kling) == "image: up to 2"
    assert summary.prompt(kling) == "required, no limit is documented"
    assert summary.inputs(kling) == "text, reference files"
    assert summary.references(spec_of("toapis", "grok-imagine-1.0")) == ""
