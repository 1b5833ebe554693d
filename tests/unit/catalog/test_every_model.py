"""Each rule of the catalogue, kept once and broken once, for every model and parameter."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import ReferenceFacts, Verdict, check_request
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec, ParamSpec

CATALOGS = {gateway: load_catalog(gateway) for gateway in ("rivya", "toapis")}
MODELS = [spec for catalog in CATALOGS.values() for spec in catalog]

# A value that is right beside another one only.
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("gpt-image-1.5-official", "4k"): {"size": "auto"},
    ("happyhorse-1.1", "video-edit"): {"url": "https://example.org/film"},
    ("kling-v2-6", "True"): {"mode": "pro"},
    ("seedance-2-5", "edit"): {"duration": -1},
}


def right_value(param: ParamSpec) -> Any:
    if param.type == "select":
        return param.options[0]
    if param.choices:
        return param.choices[0]
    if param.type == "number":
        return param.min if param.min is not None else 1
    if param.type == "boolean":
        return True
    if param.type in ("object", "json"):
        return {"a": [1, "b"]}
    if param.items is not None:
        return [{field.key: "words" for field in param.items.fields}]
    return "https://example.org/file" if param.is_url else "words"


def wrong_value(param: ParamSpec) -> Any:
    if param.type == "select":
        return "no such option " if param.open else "no such option"
    if param.choices:
        return max(param.choices) + 1
    if param.type == "number":
        return "many" if param.max is None else param.max + 1
    if param.type in ("object", "json"):
        return object()
    return {"not": "right"}


def catalog_of(spec: ModelSpec) -> Catalog:
    return CATALOGS["toapis" if spec.dialect else "rivya"]


def check(spec: ModelSpec, request: dict[str, Any], **more: Any) -> Verdict:
    return check_request(catalog_of(spec), **request, **more)


def minimal(spec: ModelSpec) -> dict[str, Any]:
    return {
        "model": spec.id,
        "prompt": "a cat" if spec.prompt.required else None,
        "model_params": {param.key: right_value(param) for param in spec.required_params},
    }


def needed(spec: ModelSpec) -> list[ReferenceFacts]:
    """As few files as the model takes."""
    least = spec.reference.min_files if spec.reference else 0
    return [ReferenceFacts(f"reference_media[{i}]", "a.png", "image", "image/png", 9) for i in range(least)]


def with_param(spec: ModelSpec, key: str, value: object) -> dict[str, Any]:
    request = minimal(spec)
    request["model_params"][key] = value
    return request


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
class TestEveryModel:
    def test_minimal_request_passes_and_nothing_is_added(self, spec: ModelSpec) -> None:
        request = minimal(spec)
        for source in (catalog_of(spec), spec):
            verdict = check_request(source, references=needed(spec), **request)
            assert verdict.ok, verdict.faults
            assert verdict.spec is spec
            assert dataclasses.asdict(verdict.normalised) == {
                "model": request["model"],
                "prompt": request["prompt"],
                "params": request["model_params"],
            }

    def test_each_required_part_is_missed(self, spec: ModelSpec) -> None:
        expected = ["prompt"] * spec.prompt.required
        expected += [f"model_params.{param.key}" for param in spec.required_params]
        assert [fault.path for fault in check_request(catalog_of(spec), model=spec.id).faults] == expected

    def test_prompt_length_boundary(self, spec: ModelSpec) -> None:
        request = minimal(spec)
        limit = spec.prompt.max_length
        assert check(spec, {**request, "prompt": "x" * (limit or 1_000_000)}).ok
        if limit is not None:
            verdict = check(spec, {**request, "prompt": "x" * (limit + 1)})
            assert [fault.path for fault in verdict.faults] == ["prompt"]
            assert f"{limit + 1:,}" in verdict.faults[0].problem
            assert f"{limit:,}" in verdict.faults[0].allowed

    def test_unknown_key(self, spec: ModelSpec) -> None:
        verdict = check(spec, with_param(spec, "zzz_unheard_of", "x"))
        if spec.params_complete:
            assert [fault.path for fault in verdict.faults] == ["model_params.zzz_unheard_of"]
        else:
            assert verdict.ok
            assert verdict.normalised.params["zzz_unheard_of"] == "x"
            assert any("zzz_unheard_of" in warning for warning in verdict.warnings)

    def test_one_file_too_many_or_any(self, spec: ModelSpec) -> None:
        if spec.reference is None and not spec.reference_complete:
            count = 50
        else:
            count = (spec.reference.max_files or 50) if spec.reference else 0
        refs = [
            ReferenceFacts(f"reference_media[{i}]", "a.png", "image", "image/png", 9)
            for i in range(count + 1)
        ]
        verdict = check(spec, minimal(spec), references=refs)
        limited = spec.reference_complete or (
            spec.reference is not None and spec.reference.max_files is not None
        )
        assert [fault.path for fault in verdict.faults] == ["reference_media"] * limited
        assert limited or any(warning.startswith("reference_media") for warning in verdict.warnings)


@pytest.mark.parametrize("spec", [spec for spec in MODELS if spec.params], ids=lambda spec: spec.id)
class TestEveryParam:
    def test_right_values_pass_unchanged(self, spec: ModelSpec) -> None:
        right = [
            (param, value)
            for param in spec.params
            for value in param.options or param.choices or (right_value(param),)
        ]
        for param, value in right:
            request = with_param(spec, param.key, value)
            request["model_params"] |= BESIDE.get((spec.id, str(value)), {})
            verdict = check(spec, request)
            assert verdict.ok, (param.key, verdict.faults)
            assert verdict.normalised.params[param.key] == value
            whole = isinstance(value, float) and value.is_integer()
            assert type(verdict.normalised.params[param.key]) is (int if whole else type(value))

    def test_a_wrong_value_fails_at_its_path(self, spec: ModelSpec) -> None:
        for param in spec.params:
            verdict = check(spec, with_param(spec, param.key, wrong_value(param)))
            assert [fault.path for fault in verdict.faults] == [f"model_params.{param.key}"]
            assert verdict.faults[0].allowed
            assert param.key not in verdict.normalised.params

    def test_bounds_are_inclusive(self, spec: ModelSpec) -> None:
        for param in spec.params:
            step = param.step or 1
            for bound, beyond in ((param.min, -step), (param.max, step)):
                if bound is not None:
                    assert check(spec, with_param(spec, param.key, bound)).ok, param.key
                    assert not check(spec, with_param(spec, param.key, bound + beyond)).ok, param.key

    def test_every_grid_point_passes_however_it_was_computed(self, spec: ModelSpec) -> None:
        for param in spec.params:
            if param.step is None or param.min is None or param.max is None:
                continue
            start, step = Decimal(str(param.min)), Decimal(str(param.step))
            count = min(int((Decimal(str(param.max)) - start) / step), 500)
            for number in range(count + 1):
                computed = param.min + number * param.step
                verdict = check(spec, with_param(spec, param.key, computed))
                assert verdict.ok, (param.key, computed, verdict.faults)
                assert Decimal(repr(verdict.normalised.params[param.key])) == start + number * step

    def test_none_means_not_set(self, spec: ModelSpec) -> None:
        for param in spec.params:
            verdict = check(spec, with_param(spec, param.key, None))
            assert param.key not in verdict.normalised.params
            assert [fault.path for fault in verdict.faults] == [f"model_params.{param.key}"] * param.required
