"""The bundled data make sense in themselves."""

from __future__ import annotations

from collections import Counter

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec

MODELS = list(load_catalog())
PARAMS = [(spec, param) for spec in MODELS for param in spec.params]


def test_all_models_are_there() -> None:
    assert Counter(spec.category for spec in MODELS) == {"image": 25, "video": 24, "audio": 6}
    assert len({spec.id for spec in MODELS}) == 55


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_model(spec: ModelSpec) -> None:
    assert spec.id == spec.id.lower().replace("_", "-")
    assert spec.source == f"https://rivya.ai/docs/api/models/{spec.id}"
    assert spec.api_status in ("available", "coming_soon", "studio_only")
    assert spec.billing in ("FIXED", "METERED")
    assert spec.credits is not None
    assert spec.credits > 0
    assert spec.prompt.max_length is None or spec.prompt.max_length > 0
    assert set(spec.inputs) <= {"text", "file", "url"}
    assert set(spec.price_sensitive_params) <= set(spec.param_by_key)
    assert ("text" in spec.inputs) == (spec.api_input_status != "available_url_input")
    # A file input and a complete documentation go with a rule; a rule goes with a file input.
    assert ("file" in spec.inputs) == (spec.reference is not None or not spec.reference_complete)


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
def test_gaps_are_marked(spec: ModelSpec) -> None:
    marks = {mark.partition(".")[0].partition(" ")[0] for mark in spec.unknown}
    assert ("params" in marks) == (not spec.params_complete)
    assert ("reference" in marks) == (not spec.reference_complete)


@pytest.mark.parametrize(("spec", "param"), PARAMS, ids=lambda part: getattr(part, "id", None) or part.key)
def test_param(spec: ModelSpec, param: ParamSpec) -> None:
    assert len(param.option_set) == len(param.options)
    if param.type == "select":
        assert param.default is None or param.default in param.option_set
        # Converting a number to an option is safe only while no two options are the same number.
        numbers = [float(option) for option in param.options if option.replace(".", "", 1).isdigit()]
        assert len(set(numbers)) == len(numbers)
        assert (param.min, param.max, param.step) == (None, None, None)
    elif param.type == "number":
        assert not isinstance(param.default, str)
        assert param.min is None or param.max is None or param.min < param.max
        if param.default is not None:
            assert param.min is None or param.default >= param.min
            assert param.max is None or param.default <= param.max
        assert param.step is None or param.step > 0
    else:
        assert param.default is None


@pytest.mark.parametrize("spec", [spec for spec in MODELS if spec.reference], ids=lambda spec: spec.id)
def test_reference(spec: ModelSpec) -> None:
    rule = spec.reference
    assert rule is not None
    assert rule.kinds
    assert set(rule.duration_token_kinds) <= set(rule.by_kind)
    assert all(mime.startswith(f"{kind.kind}/") for kind in rule.kinds for mime in kind.mime_types)
    if spec.reference_complete:
        assert rule.max_files
        assert all(kind.max_size_mb and kind.mime_types for kind in rule.kinds)
    for mode in rule.per_mode:
        assert {kind for kind, _ in mode.at_most + mode.at_least} <= set(rule.by_kind)
        most = dict(mode.at_most)
        assert all(least <= most.get(kind, least) for kind, least in mode.at_least)
