from __future__ import annotations

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.request.file_format import name_warning


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("a.png", {"output_format": "jpg"}),
        ("a.JPG", {"outputFormat": "png"}),
        ("a.mp3", {"output_format": "pcm_24000"}),
    ],
)
def test_a_name_of_another_format_is_told_before_anything_is_paid(name: str, params: dict[str, str]) -> None:
    told = name_warning(name, params, None)
    assert told is not None
    assert name in told
    assert next(iter(params.values())) in told


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("a.jpeg", {"output_format": "jpg"}),
        ("a.png", {"output_format": "png"}),
        ("a.png", {}),
        ("a.png", {"output_format": "b64_json"}),
        ("a.png", {"output_format": 5}),
        ("a.mp3", {"output_format": "mp3_44100_128"}),
        ("a.wav", {"output_format": "pcm_24000"}),
        ("a.ulaw", {"output_format": "ulaw_8000"}),
        ("a.opus", {"output_format": "opus_48000_32"}),
    ],
)
def test_a_name_that_fits(name: str, params: dict[str, object]) -> None:
    assert name_warning(name, params, None) is None


def test_the_models_default_counts() -> None:
    spec = next(spec for spec in load_catalog("rivya") if "outputFormat" in spec.param_by_key)
    assert name_warning("a.png", {}, spec) is not None
    assert name_warning("a.png", {"outputFormat": "png"}, spec) is None
