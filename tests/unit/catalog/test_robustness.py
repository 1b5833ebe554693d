"""No input makes the check raise, and what it lets through can be sent."""

from __future__ import annotations

import dataclasses
import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import ReferenceFacts, check_request
from airflow_provider_rivya.catalog.model import Catalog

CATALOG = load_catalog()
TOAPIS = load_catalog("toapis")


def holding_itself() -> list[object]:
    loop: list[object] = []
    loop.extend([loop] * 50)
    return loop


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def laughing() -> object:
    value: object = "ha"
    for _ in range(12):
        value = [value] * 20
    return value


REFUSED_EVERYWHERE: list[Any] = [
    nested(2000),
    holding_itself(),
    laughing(),
    object(),
    b"bytes",
    {1, 2},
    range(3),
    10**400,
    -(10**5000),
    1e308,
    math.nan,
    math.inf,
    Decimal("sNaN"),
    Decimal("1e999999"),
    Decimal("-Infinity"),
    "\ud800",
    1j,
    lambda: 1,
    int,
    {1: 2},
    {None: 1},
    {"\udfff": 1},
    NotImplemented,
    ...,
]
ODD = [*REFUSED_EVERYWHERE, 5e-324, -0.0, Decimal("1e-999999"), "\x00"]

# Not sampled_from: it would call repr() on what holds itself.
odd = st.integers(0, len(ODD) - 1).map(lambda index: ODD[index])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5)
)
anything = st.recursive(
    scalars | odd | st.decimals(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def keys_of(catalog: Catalog) -> st.SearchStrategy[str]:
    known = {param.key for spec in catalog for param in spec.params}
    others = {"files", "prompt", "zzz", "rvya", "image_urls", "client_business_id"}
    return st.sampled_from(sorted(known | others)) | st.text()


def params_of(catalog: Catalog) -> st.SearchStrategy[object]:
    """Anything under the keys of the catalogue, and now and then a value that is right."""
    right = [value for spec in catalog for param in spec.params for value in (*param.options, *param.choices)]
    values = anything | st.sampled_from(right) | st.dictionaries(keys_of(catalog), anything, max_size=2)
    entries: st.SearchStrategy[object] = st.dictionaries(keys_of(catalog), values, max_size=6)
    return entries | st.dictionaries(st.integers(), anything) | anything


facts = st.builds(
    ReferenceFacts,
    path=st.just("reference_media[0]"),
    label=st.text(max_size=99),
    kind=st.sampled_from(["image", "video", "audio", "unknown", ""]),
    mime_type=st.none() | st.sampled_from(["image/png", "video/mp4", ""]),
    size_bytes=st.none() | st.integers(-1, 10**12),
    duration_seconds=st.none() | st.floats(),
    external_url=st.booleans(),
)


@pytest.mark.parametrize("catalog", [CATALOG, TOAPIS], ids=lambda catalog: catalog.gateway)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_input_makes_the_check_raise(catalog: Catalog, data: st.DataObject) -> None:
    aliases = [alias for spec in catalog for alias in spec.aliases]
    model = data.draw(st.sampled_from([*catalog.ids, *aliases]) | anything)
    prompt = data.draw(st.text(max_size=30) | anything)
    params = data.draw(params_of(catalog))
    references = data.draw(st.none() | st.lists(facts, max_size=20))
    verdict = check_request(catalog, model=model, prompt=prompt, model_params=params, references=references)
    for fault in verdict.faults:
        str(fault).encode("utf-8")
        assert fault.path
    for warning in verdict.warnings:
        warning.encode("utf-8")
    if verdict.ok:
        body = json.dumps(
            dataclasses.asdict(verdict.normalised), allow_nan=False, ensure_ascii=False
        ).encode()
        # A second pass over what would be sent finds it valid and leaves it as it is.
        sent = json.loads(body)
        again = check_request(
            catalog,
            model=sent["model"],
            prompt=sent["prompt"],
            model_params=sent["params"],
            references=references,
        )
        assert again.ok
        assert again.normalised == verdict.normalised


@pytest.mark.parametrize("value", REFUSED_EVERYWHERE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("key", ["safetyTolerance", "aspectRatio", "watermark", "unlisted"])
def test_odd_values_are_one_fault_at_their_parameter(key: str, value: object) -> None:
    verdict = check_request(CATALOG, model="flux-kontext-pro", prompt="a", model_params={key: value})
    assert verdict.faults
    assert all(fault.path.startswith(f"model_params.{key}") for fault in verdict.faults)
    assert key not in verdict.normalised.params


@pytest.mark.parametrize("value", REFUSED_EVERYWHERE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("place", ["model", "prompt", "model_params"])
def test_odd_arguments_are_one_fault(place: str, value: object) -> None:
    request: dict[str, Any] = {"model": "flux-kontext-pro", "prompt": "a", "model_params": {}}
    request[place] = value
    assert [fault.path for fault in check_request(CATALOG, **request).faults] == [place]


ODD_PARAMS = [("gpt-image-1.5-official", key) for key in ("size", "n", "mask_url", "background", "metadata")]
ODD_PARAMS += [("gemini-2.5-flash-image-official", key) for key in ("temperature", "safetySettings")]
ODD_PARAMS += [("veo3.1-fast", "enable_gif")]


@pytest.mark.parametrize("value", REFUSED_EVERYWHERE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(("model", "key"), ODD_PARAMS)
def test_odd_values_of_toapis(model: str, key: str, value: object) -> None:
    verdict = check_request(TOAPIS, model=model, prompt="a", model_params={key: value})
    assert verdict.faults
    assert all(fault.path.startswith(f"model_params.{key}") for fault in verdict.faults)
    assert key not in verdict.normalised.params
