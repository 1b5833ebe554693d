"""The pixel sizes that pages of ToAPIs give; of other models' results the sandbox makes its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Size = tuple[int, int]

GPT_IMAGE_2: Mapping[str, Mapping[str, Size]] = {
    "1K": {"1:1": (1024, 1024), "3:2": (1536, 1024), "2:3": (1024, 1536)},
    "2K": {
        "1:1": (2048, 2048),
        "3:2": (2048, 1360),
        "2:3": (1360, 2048),
        "4:3": (2048, 1536),
        "3:4": (1536, 2048),
        "5:4": (2560, 2048),
        "4:5": (2048, 2560),
        "16:9": (2048, 1152),
        "9:16": (1152, 2048),
        "2:1": (2688, 1344),
        "1:2": (1344, 2688),
        "21:9": (2688, 1152),
        "9:21": (1152, 2688),
    },
    "4K": {
        "16:9": (3840, 2160),
        "9:16": (2160, 3840),
        "2:1": (3840, 1920),
        "1:2": (1920, 3840),
        "21:9": (3840, 1648),
        "9:21": (1648, 3840),
    },
}
"""https://docs.toapis.com/docs/en/api-reference/images/gpt-image-2/generation, the edition with ratios."""

GPT_IMAGE_OFFICIAL: Mapping[str, Mapping[str, Size]] = {
    "1K": {
        **GPT_IMAGE_2["1K"],
        "4:3": (1024, 768),
        "3:4": (768, 1024),
        "5:4": (1280, 1024),
        "4:5": (1024, 1280),
        "16:9": (1536, 864),
        "9:16": (864, 1536),
        "2:1": (2048, 1024),
        "1:2": (1024, 2048),
    },
    "2K": GPT_IMAGE_2["2K"],
    "4K": GPT_IMAGE_2["4K"],
}
"""https://docs.toapis.com/docs/en/api-reference/images/gpt-image-2/official."""

NANO_BANANA: Mapping[str, Mapping[str, Size]] = {
    "1K": {
        "1:1": (1024, 1024),
        "16:9": (1792, 1024),
        "9:16": (1024, 1792),
        "4:3": (1365, 1024),
        "3:4": (1024, 1365),
        "3:2": (1536, 1024),
        "2:3": (1024, 1536),
    }
}
"""https://docs.toapis.com/docs/en/api-reference/images/gemini-2.5-flash/generation."""

OF_MODEL: Mapping[str, Mapping[str, Mapping[str, Size]]] = {
    "gpt-image-2": GPT_IMAGE_2,
    "gpt-image-2-vip": GPT_IMAGE_2,
    "gpt-image-1.5-official": GPT_IMAGE_OFFICIAL,
    "gemini-2.5-flash-image-preview": NANO_BANANA,
}


def documented_pixels(model_id: str, settings: Mapping[str, Any]) -> Size | None:
    """
    Return width and height of a result, where a page gives them.

    :param settings: the parameters, with the defaults of those that the request leaves out.
    """
    resolution = str(settings.get("resolution", "1K")).upper()
    return OF_MODEL.get(model_id, {}).get(resolution, {}).get(str(settings.get("size", "1:1")))
