"""Requests that go out although the catalogue would refuse them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.catalog.lenient import as_far_as_known, as_given


def test_the_authors_own_values_are_kept() -> None:
    verdict = as_given("brand-new-model", "a cat", {"steps": 30, "tags": ["x"], "unset": None})
    assert verdict.ok
    assert verdict.spec is None
    assert verdict.normalised.model == "brand-new-model"
    assert verdict.normalised.prompt == "a cat"
    assert verdict.normalised.params == {"steps": 30, "tags": ["x"]}


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("", "a cat", None), "model"),
        ((5, "a cat", None), "model"),
        (("m", 5, None), "prompt"),
        (("m", "\ud800", None), "prompt"),
        (("m", None, [1]), "model_params"),
        (("m", None, {"x": float("nan")}), "model_params.x"),
        (("m", None, {"x": object()}), "model_params.x"),
    ],
)
def test_what_cannot_be_sent_is_refused(arguments: tuple[Any, ...], path: str) -> None:
    assert [fault.path for fault in as_given(*arguments).faults] == [path]


def test_what_is_known_takes_its_form_on_the_wire() -> None:
    arguments: dict[str, Any] = {
        "model": "nano-banana-2",
        "prompt": "a cat",
        "model_params": {"google_search": True, "resolution": "8K", "new_key": 1},
    }
    strict = check_request(load_catalog(), **arguments)
    assert not strict.ok
    combined = as_far_as_known(strict, as_given(**arguments))
    assert combined.params == {"google_search": "true", "resolution": "8K", "new_key": 1}


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.floats() | st.text(), st.lists)))
def test_what_passes_is_json(params: dict[str, Any]) -> None:
    verdict = as_given("m", None, params)
    if verdict.ok:
        json.dumps(verdict.normalised.params, allow_nan=False)


def test_an_alias_is_understood_as_far_as_the_model_is_known() -> None:
    request = {"model": "nano_banana_2", "prompt": "a cat", "model_params": {"n": "2", "resolution": "4k"}}
    strict = check_request(load_catalog("toapis"), **request)  # type: ignore[arg-type]
    combined = as_far_as_known(strict, as_given(*request.values()))
    assert combined.model == "gemini-3.1-flash-image-preview"
    assert combined.params == {"n": "2", "resolution": "4K"}
