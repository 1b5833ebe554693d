"""No input makes the check raise, and what it lets through can be sent."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_rivya.catalog.spec import load_catalog
from airflow_provider_rivya.catalog.validation import ReferenceFacts, check_request

CATALOG = load_catalog()


class Hostile:
    """Everything that a check might call raises."""

    def _fail(self, *_: object) -> Any:
        raise RuntimeError("hostile")

    __repr__ = __str__ = __eq__ = __len__ = __iter__ = __getitem__ = __bool__ = __float__ = __index__ = _fail
    __hash__ = object.__hash__


class HostileMapping(Mapping[str, object]):
    def __getitem__(self, key: str) -> object:
        raise RuntimeError("hostile")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("hostile")

    def __len__(self) -> int:
        raise RuntimeError("hostile")


class Pretender:
    """Says it is a text, as proxies and mocks do."""

    def __getattribute__(self, name: str) -> Any:
        return str if name == "__class__" else object.__getattribute__(self, name)


def holding_itself() -> list[object]:
    loop: list[object] = []
    loop.extend([loop] * 50)
    return loop


def laughing() -> object:
    value: object = "ha"
    for _ in range(12):
        value = [value] * 20
    return value


REFUSED_EVERYWHERE: list[Any] = [
    Hostile(),
    HostileMapping(),
    Pretender(),
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

# Not sampled_from: it would call repr() on the hostile ones.
odd = st.integers(0, len(ODD) - 1).map(lambda index: ODD[index])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5)
)
anything = st.recursive(
    scalars | odd | st.decimals(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
known = {param.key for spec in CATALOG for param in spec.params}
keys = st.sampled_from(sorted(known | {"files", "prompt", "zzz", "rvya"})) | st.text()
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


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    model=st.sampled_from(CATALOG.ids) | anything,
    prompt=st.text(max_size=30) | anything,
    params=st.dictionaries(keys, anything, max_size=6) | st.dictionaries(st.integers(), anything) | anything,
    references=st.none() | st.lists(facts, max_size=20),
)
def test_no_input_makes_the_check_raise(
    model: object, prompt: object, params: object, references: list[ReferenceFacts] | None
) -> None:
    verdict = check_request(CATALOG, model=model, prompt=prompt, model_params=params, references=references)
    for fault in verdict.faults:
        str(fault).encode("utf-8")
        assert fault.path
    if verdict.ok:
        body = json.dumps(
            dataclasses.asdict(verdict.normalised), allow_nan=False, ensure_ascii=False
        ).encode()
        # A second pass over what would be sent finds it valid and leaves it as it is.
        again = check_request(CATALOG, model=model, prompt=prompt, model_params=json.loads(body)["params"])
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
