"""What it costs to check a request against its model's rules."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec, ParamSpec
from benchmarks.figure import Figure

ONE: dict[str, Any] = {
    "model": "nano-banana-2",
    "prompt": "A red bicycle leaning on a brick wall",
    "model_params": {"aspect_ratio": "16:9", "resolution": "2K", "output_format": "png"},
}
REPEATS = 5_000
ROUNDS = 5
MIXED = 10_000
GOAL_US = 1000
GOAL_READING_MS = 100


def measure() -> Iterator[Figure]:
    """Check a small request and the largest one many times, and many that differ once."""
    begun = time.perf_counter()
    catalog = load_catalog("rivya")
    spent = (time.perf_counter() - begun) * 1e3
    yield Figure("reading the catalogue, once a process", spent, "ms", goal=GOAL_READING_MS)
    yield _one("validation of one request", ONE, catalog)
    yield _one("validation of one request, the model with the most parameters", fullest(catalog), catalog)
    requests = mixed(list(catalog), MIXED)
    begun = time.perf_counter()
    refused = sum(bool(check_request(catalog, **request).faults) for request in requests)
    spent = time.perf_counter() - begun
    yield Figure(
        f"validation of one of {MIXED:,} mixed requests",
        spent / MIXED * 1e6,
        "µs",
        goal=GOAL_US,
        detail={"refused": refused, "all_ms": round(spent * 1e3, 1)},
    )


def _one(name: str, request: dict[str, Any], catalog: Catalog) -> Figure:
    runs = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(REPEATS):
            check_request(catalog, **request)
        runs.append((time.perf_counter() - begun) / REPEATS * 1e6)
    detail = {
        "model": request["model"],
        "parameters": len(request["model_params"]),
        "faults": len(check_request(catalog, **request).faults),
        "runs": [round(run, 1) for run in runs],
    }
    return Figure(name, statistics.median(runs), "µs", goal=GOAL_US, detail=detail)


def fullest(catalog: Catalog) -> dict[str, Any]:
    """Make a request to the model with the most parameters, every one of them set."""
    spec = max(catalog, key=lambda spec: len(spec.params))
    dice = random.Random(7)  # noqa: S311 - no secret depends on it
    params = {param.key: _right_value(param, dice) for param in spec.params}
    return {"model": spec.id, "prompt": "A red bicycle leaning on a brick wall", "model_params": params}


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
    return "no such value" if dice.random() < 0.05 else _right_value(param, dice)


def _right_value(param: ParamSpec, dice: random.Random) -> Any:
    if param.type == "select":
        return dice.choice(param.options)
    if param.type == "number":
        return param.min if param.min is not None else 1
    return "https://example.org/file" if param.is_url else "words"
