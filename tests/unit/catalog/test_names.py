from __future__ import annotations

from collections import defaultdict

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec
from airflow_provider_rivya.catalog.names import alias_for, canonical, meaning_of, near_key, reserved

CATALOG = load_catalog()
PARAMS = [(spec, param) for spec in CATALOG for param in spec.params]


def spec_of(model: str) -> ModelSpec:
    spec = CATALOG.get(model)
    assert spec is not None
    return spec


def spellings() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for _, param in PARAMS:
        if meaning := meaning_of(param):
            found[meaning].add(param.key)
    return found


def test_the_groups_hold_what_the_catalogue_spells_in_several_ways() -> None:
    several = {meaning: keys for meaning, keys in spellings().items() if len(keys) > 1}
    assert several == {
        "aspect ratio": {"aspect_ratio", "aspectRatio", "size", "imageSize", "image_size"},
        "resolution": {"resolution", "image_resolution", "quality", "size"},
        "output format": {"output_format", "outputFormat"},
        "duration": {"duration", "duration_seconds", "n_frames"},
        "seed": {"seed", "seeds"},
        "prompt expansion": {
            "expand_prompt",
            "enable_prompt_expansion",
            "promptUpsampling",
            "prompt_extend",
            "prompt_optimizer",
        },
        "rendering speed": {"rendering_speed", "speed"},
        "guidance": {"cfg_scale", "guidance_scale"},
        "watermark": {"watermark", "waterMark"},
        "web search": {"web_search", "google_search"},
        "content check": {"nsfw_checker", "enable_safety_checker"},
        "sound": {"sound", "generate_audio"},
        "fixed camera": {"camera_fixed", "fixed_lens"},
        "loop": {"loop", "soundLoop"},
        "voice": {"voice", "default_voice"},
    }


def test_no_two_keys_differ_in_case_only_without_sharing_a_meaning() -> None:
    by_word: dict[str, set[str]] = defaultdict(set)
    for _, param in PARAMS:
        by_word[canonical(param.key)].add(param.key)
    for keys in by_word.values():
        assert len(keys) == 1 or any(keys <= group for group in spellings().values()), keys


def test_no_model_has_two_parameters_of_one_meaning() -> None:
    for spec in CATALOG:
        meanings = [meaning for param in spec.params if (meaning := meaning_of(param))]
        assert len(meanings) == len(set(meanings)), spec.id


@pytest.mark.parametrize("meaning", sorted(spellings()))
def test_every_spelling_leads_to_the_key_of_every_model(meaning: str) -> None:
    checked = 0
    for spec, param in PARAMS:
        if meaning_of(param) != meaning:
            continue
        value = param.options[0] if param.options else None
        for key in spellings()[meaning] - set(spec.param_by_key):
            assert alias_for(key, value, spec) == param.key, (spec.id, key)
            checked += 1
        assert alias_for(param.key.upper(), value, spec) == param.key
        checked += 1
    assert checked


@pytest.mark.parametrize(
    ("model", "key", "value", "own"),
    [
        ("nano-banana-2", "size", "2K", "resolution"),
        ("nano-banana-2", "size", "16:9", "aspect_ratio"),
        ("nano-banana-2", "size", "huge", "aspect_ratio"),
        ("sora-2-pro", "quality", "high", "size"),
        ("sora-2-pro", "image_size", "portrait", "aspect_ratio"),
        ("4o-image", "resolution", "2K", None),
        ("elevenlabs-turbo-2-5", "rendering_speed", "TURBO", None),
        ("ideogram-v3", "speed", "TURBO", "rendering_speed"),
        ("sora-2", "watermark", "true", None),
        ("nano-banana-2", "Aspect Ratio", "1:1", "aspect_ratio"),
        ("nano-banana-2", "", "1:1", None),
    ],
)
def test_alias(model: str, key: str, value: str, own: str | None) -> None:
    assert alias_for(key, value, spec_of(model)) == own


@pytest.mark.parametrize(
    ("model", "key", "own"),
    [
        ("nano-banana-2", "resoluton", "resolution"),
        ("nano-banana-2", "googlesearsh", "google_search"),
        ("nano-banana-2", "images", "reference_media"),
        ("z-image", "images", ""),
        ("nano-banana-2", "???", ""),
        ("nano-banana-2", "r" * 10_000, ""),
    ],
)
def test_near_key(model: str, key: str, own: str) -> None:
    assert near_key(key, spec_of(model)) == own


def test_reserved_unless_the_model_has_it() -> None:
    assert reserved("model", spec_of("suno-music")) is None
    assert reserved("model", spec_of("z-image")) == "model"
    assert reserved("reference_media_items", spec_of("z-image")) == "reference_media"
    assert reserved("clientRequestId", None) == "client_request_id"
    assert reserved("size", None) is None


def test_meaning_by_value() -> None:
    assert meaning_of(ParamSpec("size", "select", options=("1:1", "auto"))) == "aspect ratio"
    assert meaning_of(ParamSpec("size", "select", options=("standard", "high"))) == "resolution"
    assert meaning_of(ParamSpec("speed", "number")) == "speaking speed"
    assert meaning_of(ParamSpec("soundKey", "select", options=("C",))) == "musical key"
    assert meaning_of(ParamSpec("mode", "select", options=("std",))) is None
