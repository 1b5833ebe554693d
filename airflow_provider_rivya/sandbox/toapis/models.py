"""ToAPIs' models: their ids in all spellings, and the list of ``GET /v1/models``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.models.catalog import catalog

GUIDE_ONLY = frozenset(
    {"nano-banana-2", "nano_banana_2", "gemini-3-1-flash-image-preview", "gemini-3-pro-image-preview-4k"}
)
"""Ids that no reference page shows, but a page under https://toapis.com/model-guide/."""

RENAMED = {
    "gemini_omni": "gemini-omni-flash",
    "gpt-image-1.5-official": "gpt-image-2-official",
    "gemini-3.1-flash-image-preview-official": "gemini-3.1-flash-image-official",
    "gemini-3-pro-image-preview-official": "gemini-3-pro-image-official",
    "gemini_omni_flash": "gemini-omni-flash",
    "kling-2-6": "kling-v2-6",
}
"""Ids that a newer page, or a channel, has in another form."""

MEDIA_TYPES = ("image", "video")
TYPES = ("text", "chat", "audio", "all", *MEDIA_TYPES)
LISTED_SINCE = 1626777600


@cache
def _by_id() -> Mapping[str, Mapping[str, Any]]:
    models = catalog("toapis").models.values()
    aliases = {alias: model for model in models for alias in model.get("aliases", ())}
    return aliases | {model["id"]: model for model in models}


def find_model(name: str, assumptions: Assumptions) -> Mapping[str, Any] | None:
    """Return the model of an id in a spelling that the switch lets through."""
    model = _by_id().get(name)
    return model if model is not None and _usable(name, model, assumptions) else None


def _usable(name: str, model: Mapping[str, Any], assumptions: Assumptions) -> bool:
    wanted = assumptions.text("toapis_model_ids")
    if wanted == "all":
        return True
    if wanted == "newer":
        return name not in RENAMED
    if wanted == "earlier":
        return name not in RENAMED.values()
    guide_only = name in GUIDE_ONLY
    if wanted == "reference":
        return not guide_only
    # A model that the guides do not spell otherwise has one spelling for both.
    return guide_only or not GUIDE_ONLY.intersection((model["id"], *model.get("aliases", ())))


def _usable_ids(category: str, assumptions: Assumptions) -> Iterator[str]:
    for name, model in _by_id().items():
        if model["category"] == category and _usable(name, model, assumptions):
            yield name


def listing(kind: str, assumptions: Assumptions) -> dict[str, Any]:
    """
    Return the answer of ``GET /v1/models``, https://docs.toapis.com/docs/en/api-reference/chat/list-models.

    :param kind: one of :data:`TYPES`; the sandbox has no models but those of images and videos.
    """
    categories = MEDIA_TYPES if kind == "all" else tuple(name for name in MEDIA_TYPES if name == kind)
    entries = [
        {
            "id": name,
            "object": "model",
            "created": LISTED_SINCE,
            "owned_by": "toapis-sandbox",
            "supported_endpoint_types": [f"{category}_generation"],
        }
        for category in categories
        for name in sorted(_usable_ids(category, assumptions))
    ]
    return {"success": True, "object": "list", "data": entries}
