"""The gateways' models, from the data files; Rivya's as ``GET /api/v1/models`` lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions

PARAM_FIELDS = ("key", "type", "required", "default", "options", "min", "max", "step", "items")
MODES = {
    "image": ("text-to-image", "image-to-image"),
    "video": ("text-to-video", "image-to-video"),
    "audio": ("text-to-speech", "audio-to-audio"),
}


@dataclass(frozen=True)
class Catalog:
    models: Mapping[str, Mapping[str, Any]]
    file_defaults: Mapping[str, Mapping[str, Any]]


@cache
def catalog(gateway: str = "rivya") -> Catalog:
    """Read the data file of a gateway's models, once."""
    file = files("airflow_provider_rivya").joinpath("catalog", f"{gateway}.json")
    text = file.read_text(encoding="utf-8")
    data = json.loads(text)
    return Catalog({model["id"]: model for model in data["models"]}, data["file_defaults"])


def defaults_of(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the parameters that a request leaves out; the only allowed value is one too."""
    defaults = {
        rule["key"]: rule["choices"][0] for rule in model["params"] if len(rule.get("choices", ())) == 1
    }
    return defaults | {rule["key"]: rule["default"] for rule in model["params"] if "default" in rule}


def kinds_of(model: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return the kinds of reference media a model is documented to take.

    :return: empty where the documentation does not tell them; what it does not forbid is not refused.
    """
    if model["reference"] is None or "reference.accepted_kinds" in model.get("unknown", ()):
        return ()
    return tuple(model["reference"]["kinds"])


def listing(assumptions: Assumptions) -> dict[str, Any] | list[dict[str, Any]]:
    """Return the answer of ``GET /api/v1/models``."""
    entries = [_entry(model, assumptions) for model in catalog().models.values()]
    return entries if assumptions.text("models_envelope") == "bare" else {"object": "list", "data": entries}


def _entry(model: Mapping[str, Any], assumptions: Assumptions) -> dict[str, Any]:
    reference = model["reference"]
    kinds = sorted(reference["kinds"]) if reference else []
    modes = list(MODES[model["category"]][: 2 if reference else 1])
    rows = [
        {"required": False, **{name: param[name] for name in PARAM_FIELDS if name in param}}
        for param in model["params"]
    ]
    params: list[dict[str, Any]] | dict[str, dict[str, Any]] = rows
    if assumptions.text("models_params_shape") == "map":
        params = {param["key"]: {k: v for k, v in param.items() if k != "key"} for param in rows}
    return {
        "id": model["id"],
        "display_name": model["name"],
        "category": model["category"],
        "runtime": "async_task",
        "base_credits": model["credits"],
        "billing_type": model["billing"],
        "supported_modes": modes,
        "max_prompt_length": model["prompt"].get("max_length"),
        "reference_media": reference,
        "params": params,
        "api_status": model["api_status"],
        "api_input_status": model["api_input_status"],
        "supported_api_inputs": model["inputs"],
        "requires_files_api": model["api_input_status"] == "requires_files_api",
        "requires_upload_for_modes": modes[1:],
        "url_input_supported": "url" in model["inputs"],
        "file_kinds": kinds,
        "chat_capabilities": None,
        "notices": [],
    }
