"""What it costs to check a request against its model's rules."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from airflow_provider_rivya.catalog.spec import ModelSpec, ParamSpec, load_catalog
from airflow_provider_rivya.catalog.validation import check_request
from benchmarks.figure import Figure

ONE: dict[str, Any] = {
    "model": "nano-banana-2",
    "prompt": "A red bicycle leaning on a brick wall",
    "model_params": {"aspect_ratio": "16:9", "resolution": "2K", "output_format": "png"},
}
REPEATS = 20_000
MIXED = 10_000


def measure() -> Iterator[Figure]:
    """Check one right request many times, and many that differ once."""
    begun = time.perf_counter()
    catalog = load_catalog("rivya")
    yield Figure("reading the catalogue, once a process", (time.perf_counter() - begun) * 1e3, "ms")
    begun = time.perf_counter()
    for _ in range(REPEATS):
        check_request(catalog, **ONE)
    yield Figure("validation of one request", (time.perf_counter() - begun) / REPEATS * 1e6, "µs")
    requests = mixed(list(catalog), MIXED)
    begun = time.perf_counter()
    refused = sum(bool(check_request(catalog, **request).faults) for request in requests)
    spent = time.perf_counter() - begun
    detail = {"refused": refused, "each_us": round(spent / MIXED * 1e6, 1)}
    yield Figure(f"validation of {MIXED:,} mixed requests", spent * 1e3, "ms", detail=detail)


def mixed(models: list[ModelSpec], count: int) -> list[dict[str, Any]]:
    """Make requests for all models, about half of them with something wrong; the same every time."""
    dice = random.Random(7)  # noqa: S311 - no secret depends on it
    made = []
    for _ in range(count):
        spec = dice.choice(models)
        params = {param.key: _value(param, dice) for param in spec.params if dice.random() < 0.7}
        if dice.random() < 0.1:
            params["aspectRatio"] = "16:9"
        prompt = "A red bicycle " * dice.randint(1, 60) if dice.random() < 0.95 else None
        made.append({"model": spec.id, "prompt": prompt, "model_params": params})
    return made


def _value(param: ParamSpec, dice: random.Random) -> Any:
    if dice.random() < 0.05:
        return "no such value"
    if param.type == "select":
        return dice.choice(param.options)
    if param.type == "number":
        return param.min if param.min is not None else 1
    return "https://example.org/file" if param.is_url else "words"
