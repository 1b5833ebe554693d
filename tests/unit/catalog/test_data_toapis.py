"""ToAPIs' bundled data make sense in themselves, and hold every model of its documentation."""

from __future__ import annotations

from collections import Counter

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.conditions import REFERENCES, Dispute
from airflow_provider_rivya.catalog.model import ModelSpec, normalised_id
from airflow_provider_rivya.catalog.names import meaning_of
from airflow_provider_rivya.catalog.price import estimate_credits

CATALOG = load_catalog("toapis")
MODELS = list(CATALOG)
HOSTS = (
    "https://docs.toapis.com/docs/",
    "https://docs.toapis.com/llms.txt",
    "https://toapis.com/",
    "https://dashlyai.mintlify.app/docs/",
    "https://docs.dashlyai.cc/docs/",
    "https://www.hikari-seek.com/",
)
# Every id that a page shows; an id that is an alias stands behind the catalogue's own.
IDS = """
gemini-3.1-flash-image-preview nano-banana-2 nano_banana_2 gemini-3-1-flash-image-preview
gemini-3.1-flash-image-preview-official gemini-2.5-flash-image-preview nano-banana
gemini-2.5-flash-image-official gemini-3-pro-image-preview nano-banana-pro gemini-3-pro-image-preview-4k
gpt-4o-image gpt-image-2 gpt-image-2-vip gpt-image-1.5-official grok-4-1-image grok-4-2-image
grok-imagine-1.0
grok-imagine-1.0-edit doubao-seedream-4-0 doubao-seedream-4-5 doubao-seedance-4-5 doubao-seedream-5-0
flux-kontext-pro flux-kontext-max sora-2 sora-2-pro sora-2-vip sora-2-official veo3.1-fast veo3.1-quality
Veo3.1-quality-official Veo3.1-fast-official kling-v3 gemini_omni
gpt-image-2-official gpt-image-2.5-flare-vip gpt-image-2.5-flare-official gpt-image-2.5-flare
gpt-image-2.5-sunburst-vip gpt-image-2.5-sunburst-official gpt-image-2.5-sunburst
gemini-3-pro-image-official gemini-3-pro-image-preview-official gemini-3-pro-image-preview-vip
gemini-3.1-flash-image-official gemini-3.1-flash-image-preview-vip
qwen-image-3.0 qwen-image-3.0-pro doubao-seedream-5-0-pro flux-2-flex flux-2-pro sora-2-vvip veo3.1-lite
gemini-omni-flash gemini_omni_flash gemini-omni-flash-preview-official seedance-2 seedance-2-fast
seedance-2-mini seedance-2-5 doubao-seedance-2-5-260628 doubao-seedance-1-0-pro-fast
doubao-seedance-1-0-pro-quality doubao-seedance-1-5-pro happyhorse-1.1 MiniMax-Hailuo-02 MiniMax-Hailuo-2.3
MiniMax-Hailuo-2.3-Fast MiniMax-H3 wan3.0-video wan2.6 wan2.6-flash kling-v2-6 kling-2-6 kling-3.0-turbo
kling-v3-omni kling-video-o1 viduq3-pro viduq3-turbo viduq3 grok-video-1.0 grok-video-1.5
"""


def test_every_documented_id_is_known() -> None:
    known = [name for spec in CATALOG for name in (spec.id, *spec.aliases)]
    assert known == IDS.split()
    assert all(name in CATALOG for name in known)
    assert Counter(spec.category for spec in CATALOG) == {"image": 35, "video": 38}


def test_no_spelling_leads_to_two_models() -> None:
    spelled: dict[str, str] = {}
    for spec in CATALOG:
        for name in (spec.id, *spec.aliases, spec.name):
            assert spelled.setdefault(normalised_id(name), spec.id) == spec.id, name


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_model(spec: ModelSpec) -> None:
    assert spec.dialect is not None
    assert all(page.startswith(HOSTS) for page in (spec.source, *spec.pages))
    assert spec.billing in ("FIXED", "PER_IMAGE", "PER_SECOND", "PER_TOKEN", "UNKNOWN")
    assert (spec.credits is None) == ("price" in spec.unknown)
    assert not estimate_credits(spec).exact
    assert bool(spec.aliases) == bool(spec.alias_note)
    assert ("file" in spec.inputs) == (spec.reference is not None)
    marks = {mark.partition(".")[0] for mark in spec.unknown}
    assert ("params" in marks) or spec.params_complete
    assert ("reference" in marks) == (not spec.reference_complete)
    assert spec.reference is None or spec.reference.urls
    assert spec.dialect.in_metadata <= set(spec.param_by_key)
    meanings = [meaning for param in spec.params if (meaning := meaning_of(param))]
    assert len(meanings) == len(set(meanings))


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_params(spec: ModelSpec) -> None:
    for param in spec.params:
        assert len(param.option_set) == len(param.options)
        assert len(param.option_by_lower) == len(param.options)
        if param.type == "select":
            assert param.default is None or param.default in param.option_set
        if param.choices:
            assert param.default is None or param.default in param.choices
            assert (param.min, param.max, param.step) == (None, None, None)
        assert param.any_case == (param.key == "resolution" and param.type == "select")
        assert param.unquoted == (param.key == "n")
        listed = {*param.options, *param.choices}
        for dispute in param.disputed:
            assert set(dispute.values) <= listed, param.key
            assert "b64_json" not in dispute.values
        for refusal in param.refused:
            assert not set(refusal.values) & listed
            assert refusal.use in listed


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_every_dispute_names_its_pages(spec: ModelSpec) -> None:
    disputes: list[Dispute] = [*spec.prompt.disputed]
    disputes += [dispute for param in spec.params for dispute in param.disputed]
    disputes += [
        dispute for kind in (spec.reference.kinds if spec.reference else ()) for dispute in kind.disputed
    ]
    for dispute in disputes:
        assert dispute.why
        assert dispute.pages
        assert all(page.startswith(HOSTS) for page in dispute.pages)
        assert all(page in (spec.source, *spec.pages) for page in dispute.pages if "/uploads/" not in page)


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_rules(spec: ModelSpec) -> None:
    for rule in spec.rules:
        assert rule.why or rule.require is not None
        assert rule.require is not None or rule.level == "warning"
        if rule.require is not None and rule.require.subject != REFERENCES:
            param = spec.param_by_key[rule.require.subject]
            assert rule.require.given is not None or set(rule.require.values) < {
                *param.options,
                *param.choices,
            }


def test_prices() -> None:
    priced = {spec.id: spec.credits for spec in CATALOG if spec.credits is not None}
    assert priced == {
        "gemini-3.1-flash-image-preview": 5,
        "gemini-3-pro-image-preview": 10,
        "gpt-image-2": 3,
        "doubao-seedream-5-0": 6.3,
        "qwen-image-3.0": 6,
        "qwen-image-3.0-pro": 6,
    }


@pytest.mark.parametrize(
    ("model", "params", "credits"),
    [
        ("nano_banana_2", None, 5),
        ("nano_banana_2", {}, 5),
        ("nano_banana_2", {"resolution": "2K"}, 6),
        ("nano_banana_2", {"resolution": "4K", "n": 3}, 24),
        ("nano_banana_2", {"resolution": ["4K"]}, 8),
        ("gpt-image-2", None, 3),
        ("gpt-image-2", {}, 3),
        ("gpt-image-2", {"resolution": "1k", "n": 2}, 6),
        ("gpt-image-2", {"resolution": "2048"}, 5),
        ("nano-banana-pro", {"n": 3}, 10),
        ("doubao-seedream-5-0", {"n": 10}, 63),
        ("kling-v3", {"n": 3}, None),
    ],
)
def test_estimates(model: str, params: dict[str, object] | None, credits: float | None) -> None:
    spec = CATALOG.get(model)
    assert spec is not None
    assert estimate_credits(spec, params) == (credits, False)
