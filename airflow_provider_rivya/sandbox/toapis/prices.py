"""What a task costs, in credits: 200 of them are one USD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions

CREDITS_PER_USD = 200
FLAT = "flat"

NANO_BANANA_2 = {"1K": 0.025, "2K": 0.030, "4K": 0.040}
LISTED: Mapping[str, Mapping[str, float]] = {
    "gemini-3.1-flash-image-preview": NANO_BANANA_2,
    "gemini-3-pro-image-preview": {FLAT: 0.050},
    "qwen-image-3.0": {FLAT: 0.030},
    "qwen-image-3.0-pro": {FLAT: 0.030},
    "doubao-seedream-5-0": {FLAT: 0.0315},
    "gpt-image-2": {"1K": 0.015, "2K": 0.020, "4K": 0.025},
}
"""USD for one image. Other models show no price. From https://toapis.com/ru/model-guide/nano_banana_2,
https://toapis.com/en/pricing#doubao-seedream-5-0,
https://toapis.com/ko/model-guide/nano-banana-pro, https://toapis.com/ja/model-guide/gpt-image-2 and the page
of qwen-image-3.0, whose references cost $0.003 more."""


def credits_of(model: Mapping[str, Any], resolution: object, results: int, assumptions: Assumptions) -> float:
    """
    Return the credits that a task takes.

    :param resolution: as it was asked for, in any case; without one the lowest counts.
    :param results: how many images were asked for: all are charged, also those that are not made.
    """
    usd = _usd(model, str(resolution).upper(), assumptions)
    credits = round(usd * CREDITS_PER_USD * results, 6)
    return int(credits) if credits.is_integer() else credits


def _usd(model: Mapping[str, Any], resolution: str, assumptions: Assumptions) -> float:
    prices = LISTED.get(model["id"])
    if prices is None:
        return assumptions.limit(f"toapis_unlisted_{model['category']}_usd") or 0.0
    if prices is NANO_BANANA_2 and assumptions.text("toapis_nano_banana_2_price") == FLAT:
        return NANO_BANANA_2["1K"]
    return prices.get(resolution, next(iter(prices.values())))
