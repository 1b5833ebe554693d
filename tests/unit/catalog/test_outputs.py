"""How many results a generation can have, from its request and the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog, outputs_of
from airflow_provider_rivya.catalog.price import FEW, most_outputs


@pytest.mark.parametrize(
    ("gateway", "model", "params", "most"),
    [
        ("toapis", "grok-imagine-1.0", {}, 1),
        ("toapis", "grok-imagine-1.0", {"n": 7}, 7),
        ("toapis", "grok-imagine-1.0", None, 10),
        ("toapis", "grok-4-1-image", None, 4),
        ("toapis", "gpt-image-2", {"n": 20}, 20),
        ("toapis", "gpt-image-2", None, None),
        ("toapis", "grok-imagine-1.0-edit", {}, FEW),
        ("toapis", "seedance-2", {"return_last_frame": True}, FEW + 1),
        ("toapis", "sora-2", {}, FEW),
        ("rivya", "suno-music", {}, FEW),
        ("rivya", "suno-music", None, FEW),
        ("rivya", "seedream-4-0", {"max_images": 6}, 6),
        ("rivya", "brand-new", {"n": 3}, 3),
        ("rivya", "brand-new", {}, None),
        ("rivya", "brand-new", None, None),
    ],
)
def test_how_many(gateway: str, model: str, params: dict[str, Any] | None, most: int | None) -> None:
    assert most_outputs(load_catalog(gateway).get(model), params) == most
    if params is None:
        assert outputs_of(gateway, model) == most
