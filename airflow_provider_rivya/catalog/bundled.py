"""
The bundled catalogues: what the gateways' public model pages say, read from ``<gateway>.json``.

Source: https://rivya.ai/docs/api/models and https://docs.toapis.com. A catalogue is read when it is first
asked for: a DAG file that imports an operator does not pay for it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter

from airflow_provider_rivya.api.gateways import facts_of
from airflow_provider_rivya.catalog.model import Catalog

_GIVEN: Final = {"given": True, "absent": False}
# The per-mode limits are spelled max_images, required_videos, ...
_PLURALS: Final = {"image": "images", "video": "videos", "audio": "audios"}


@cache
def load_catalog(gateway: str = "rivya") -> Catalog:
    """
    Return the bundled catalogue of a gateway; it is read once per process.

    :param gateway: its name.
    :raises ValueError: there is no such gateway, or its file is not what this version reads.
    """
    try:
        text = facts_of(gateway).catalog_path.read_text(encoding="utf-8")
    except (KeyError, FileNotFoundError):
        raise ValueError(f"no model catalogue is bundled for the gateway {gateway!r}") from None
    return parse_catalog(json.loads(text))


def category_of(gateway: str, model_id: str) -> str:
    """Return the category of a model; ``image`` for one that the catalogue does not know."""
    spec = load_catalog(gateway).get(model_id)
    return spec.category if spec else "image"


def outputs_of(gateway: str, model_id: str) -> int | None:
    """Return how many results a generation of a model can have, whatever was asked for."""
    from airflow_provider_rivya.catalog.price import most_outputs

    return most_outputs(load_catalog(gateway).get(model_id), None)


def parse_catalog(data: dict[str, Any]) -> Catalog:
    """
    Build a catalogue from the decoded JSON of a bundled file.

    :raises ValueError: a field is missing, unknown or of another type, with its place.
    """
    price_note = data.get("price_note", "")
    defaults = _kinds(data["file_defaults"])
    models = [
        {**_model(entry), "file_defaults": defaults, "price_note": price_note} for entry in data["models"]
    ]
    known = {name: value for name, value in data.items() if name not in ("file_defaults", "price_note")}
    titled = {"title": data["gateway"].capitalize(), **known, "models": models}
    # JSON has no tuples, so that only its text can be read strictly.
    return _adapter().validate_json(json.dumps([titled]))[0]


@cache
def _adapter() -> TypeAdapter[list[Catalog]]:
    # The data classes take the configuration over from a list around them; it has no place on themselves.
    return TypeAdapter(list[Catalog], config=ConfigDict(strict=True, extra="forbid"))


# -- from the shapes that are good to write to those that are good to read ------------------------------


def _model(entry: dict[str, Any]) -> dict[str, Any]:
    made = dict(entry)
    if made.get("reference"):
        reference = made["reference"]
        made["reference"] = {
            **reference,
            "kinds": _kinds(reference["kinds"]),
            "per_mode": [_mode(mode) for mode in reference.get("per_mode", [])],
        }
    if "rules" in made:
        made["rules"] = [_rule(rule) for rule in made["rules"]]
    if "price_by" in made:
        ((key, prices),) = made["price_by"].items()
        made["price_by"] = (key, list(prices.items()))
    return made


def _kinds(by_kind: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"kind": kind, **rule} for kind, rule in by_kind.items()]


def _mode(mode: dict[str, Any]) -> dict[str, Any]:
    left = dict(mode)
    limits = {
        name: [
            (kind, left.pop(f"{prefix}_{plural}"))
            for kind, plural in _PLURALS.items()
            if f"{prefix}_{plural}" in left
        ]
        for name, prefix in (("at_most", "max"), ("at_least", "required"))
    }
    return {**left, **limits}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    made = {**rule, "when": _conditions(rule["when"])}
    if "require" in rule:
        (made["require"],) = _conditions(rule["require"])
    return made


def _conditions(by_subject: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"subject": subject, "values": told}
        if isinstance(told, list)
        else {"subject": subject, "given": _GIVEN.get(told, told)}
        for subject, told in by_subject.items()
    ]
