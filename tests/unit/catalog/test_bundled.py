from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources
from typing import Any

import pytest

from airflow_provider_rivya.api.dialect import CHOICES
from airflow_provider_rivya.catalog.bundled import category_of, load_catalog, parse_catalog
from airflow_provider_rivya.catalog.conditions import REFERENCES
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec
from airflow_provider_rivya.catalog.price import Price, estimate_credits


def raw(gateway: str) -> dict[str, Any]:
    file = resources.files("airflow_provider_rivya.catalog").joinpath(f"{gateway}.json")
    data: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return data


RAW = raw("rivya")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_loaded_once(catalog: Catalog) -> None:
    assert load_catalog() is catalog


@pytest.mark.parametrize("gateway", ["nope", "../rivya", "", "rivya.json"])
def test_no_such_gateway(gateway: str) -> None:
    with pytest.raises(ValueError, match="no model catalogue is bundled"):
        load_catalog(gateway)


def test_look_up(catalog: Catalog) -> None:
    spec = catalog.get("nano-banana-2")
    assert spec is not None
    assert spec.param_by_key["resolution"].options == ("1K", "2K", "4K")
    assert catalog.get("Nano-Banana-2") is None
    assert "nano-banana-2" in catalog
    assert 5 not in catalog
    assert [spec.id for spec in catalog] == list(catalog.ids)


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("Nano_Banana 2", "nano-banana-2"),
        ("NANO-BANANA-2", "nano-banana-2"),
        ("seedream-5.0-lite", "seedream-5-lite"),
        ("Seedream 5.0 Lite", "seedream-5-lite"),
        ("Veo3.1 Fast", "veo3-1-fast"),
        ("GPT Image 1.5", "gpt-image-1-5"),
        ("wan_2.6", "wan-2-6"),
        ("zimage", "z-image"),
        ("google/nano-banana-pro", "nano-banana-pro"),
        ("qwen", "qwen-image"),
    ],
)
def test_nearest(catalog: Catalog, written: str, first: str) -> None:
    assert catalog.nearest(written)[0] == first


@pytest.mark.parametrize("written", ["", "x", "quite another thing", "a" * 100_000])
def test_nothing_near(catalog: Catalog, written: str) -> None:
    assert catalog.nearest(written) == ()


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("nano-banana-2", Price(5, True)),
        ("grok-imagine", Price(4, False)),
        ("wan-2-2-animate-replace", Price(20, False)),
        ("elevenlabs-turbo-2-5", Price(6, False)),
        ("suno-music", Price(12, False)),
    ],
)
def test_price(catalog: Catalog, model: str, price: Price) -> None:
    spec = catalog.get(model)
    assert spec is not None
    assert estimate_credits(spec) == price


def test_file_rules_fall_back_to_the_gateways_defaults(catalog: Catalog) -> None:
    def rule(model: str, kind: str) -> tuple[float | None, tuple[str, ...]]:
        spec = catalog.get(model)
        assert spec is not None
        found = spec.file_rule(kind)
        assert found is not None
        return found.max_size_mb, found.mime_types

    images = ("image/jpeg", "image/png", "image/webp")
    assert rule("nano-banana-2", "image") == (30, images)
    assert rule("seedream-4-5", "image") == (10, images)
    assert rule("happyhorse-1-0", "video") == (95, ("video/mp4", "video/quicktime"))
    assert rule("wan-2-7-video", "video") == (50, ("video/mp4", "video/quicktime", "video/webm"))


def objects(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all JSON objects with fixed fields."""
    found: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        if not {"file_defaults", "kinds"} & {*path[-1:]} and "price_by" not in path[-2:-1]:
            found.append(path)
        for key, part in value.items():
            found += objects(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            found += objects(part, (*path, index))
    return found


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("gateway", ["rivya", "toapis"])
def test_every_object_is_read_in_full(gateway: str) -> None:
    """A field that the reader does not know is refused in each of the objects of the bundled file."""
    whole = raw(gateway)
    refused = 0
    for model in whole["models"]:
        data = {**whole, "models": [model]}
        for path in objects(data):
            at(data, path)["surprise"] = 1
            with pytest.raises(ValueError, match=r"surprise|unpack|given"):
                parse_catalog(data)
            del at(data, path)["surprise"]
            refused += 1
    assert refused > 300
    assert parse_catalog(whole) == load_catalog(gateway)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("models", 0, "id"), 5),
        (("models", 0, "credits"), "3"),
        (("models", 0, "credits"), True),
        (("models", 0, "prompt", "required"), 1),
        (("models", 0, "prompt", "max_length"), 1.5),
        (("models", 0, "inputs"), [1]),
        (("models", 0, "params", 0, "type"), "colour"),
        (("models", 0, "reference"), 5),
        (("models", 0, "rules"), [{"when": {"size": ["1:1"]}, "why": "", "level": "error"}]),
        (("models", 0, "rules"), [{"when": {"size": [None]}, "why": ""}]),
        (("models", 0, "params", 0, "disputed"), [{"values": ["1:1"], "pages": []}]),
        (("models", 0, "prompt", "disputed"), [{"why": "x", "above": "1000", "pages": []}]),
    ],
)
def test_data_of_another_type_are_refused(path: tuple[Any, ...], value: object) -> None:
    data = copy.deepcopy(RAW)
    at(data, path[:-1])[path[-1]] = value
    with pytest.raises((ValueError, TypeError)):
        parse_catalog(data)


@pytest.mark.parametrize("gateway", ["rivya", "toapis"])
def test_the_bundled_data_fit_together(gateway: str) -> None:
    """What a rule or a price speaks of is there, with that value, and no name is there twice."""
    catalog = load_catalog(gateway)
    names = [name for spec in catalog for name in (spec.id, *spec.aliases)]
    assert len(set(names)) == len(names)
    for spec in catalog:
        assert len(spec.param_by_key) == len(spec.params), spec.id
        for kind in (*spec.file_defaults, *(spec.reference.kinds if spec.reference else ())):
            assert kind.kind in ("image", "video", "audio"), spec.id
        for param in spec.params:
            where = f"{spec.id}.{param.key}"
            assert (param.type == "select") == bool(param.options), where
            assert (param.type == "array") == (param.items is not None), where
            assert param.type == "number" or not (param.choices or param.unquoted), where
            assert param.type == "select" or not (param.any_case or param.open), where
        for rule in spec.rules:
            assert rule.when, spec.id
            for condition in (*rule.when, *((rule.require,) if rule.require else ())):
                assert bool(condition.values) == (condition.given is None), spec.id
                if condition.subject != REFERENCES or condition.values:
                    assert_known(spec, condition.subject, condition.values)
        if spec.price_by is not None:
            assert_known(spec, spec.price_by[0], tuple(value for value, _ in spec.price_by[1]))
        if spec.dialect is not None:
            for name, choices in CHOICES.items():
                assert getattr(spec.dialect, name) in (*choices, None), spec.id


def assert_known(spec: ModelSpec, key: str, values: Sequence[object]) -> None:
    param = spec.param_by_key[key]
    listed = param.options or param.choices
    assert [value for value in values if listed and value not in listed] == [], f"{spec.id}.{key}"


def test_aliases() -> None:
    catalog = load_catalog("toapis")
    spec = catalog.get("nano_banana_2")
    assert spec is catalog.get("gemini-3.1-flash-image-preview")
    assert spec is not None
    assert "nano_banana_2" in catalog
    assert "nano_banana_2" not in catalog.ids
    assert len(catalog) == len(catalog.ids) == 73
    assert category_of("toapis", "nano_banana_2") == "image"
    assert category_of("toapis", "kling-v3") == "video"


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Nano Banana 2", ("gemini-3.1-flash-image-preview",)),
        ("NANO_BANANA_2", ("gemini-3.1-flash-image-preview",)),
        ("nano banana pro", ("gemini-3-pro-image-preview",)),
        ("veo3.1-quality-official", ("Veo3.1-quality-official",)),
        ("gemini-omni", ("gemini_omni",)),
        ("seedream 4.5", ("doubao-seedream-4-5",)),
    ],
)
def test_nearest_by_alias(written: str, nearest: tuple[str, ...]) -> None:
    assert load_catalog("toapis").nearest(written) == nearest


@pytest.mark.parametrize("key", ["id", "category", "params_complete", "reference", "source"])
def test_missing_data_are_refused(key: str) -> None:
    data = copy.deepcopy(RAW)
    del data["models"][0][key]
    with pytest.raises(ValueError, match=rf"{key}\n  Field required"):
        parse_catalog(data)


def test_importing_the_catalogue_is_cheap() -> None:
    code = (
        "import sys\n"
        "import airflow_provider_rivya.catalog.bundled as bundled, airflow_provider_rivya.catalog.check\n"
        "heavy = {'httpx', 'airflow', 'PIL', 'tenacity'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert bundled.load_catalog.cache_info().currsize == 0\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
