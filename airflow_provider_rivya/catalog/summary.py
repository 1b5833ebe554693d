"""A model in a few words, for tables: the documentation's and the command line's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow_provider_rivya.catalog.model import ModelSpec
from airflow_provider_rivya.catalog.price import estimate_credits

UNKNOWN_PRICE = "?"


def price(spec: ModelSpec) -> str:
    """The base price in credits; ``~`` marks one that depends on more than the model, ``?`` is not known."""
    estimate = estimate_credits(spec)
    if estimate.credits is None:
        return UNKNOWN_PRICE
    return f"{'' if estimate.exact else '~'}{estimate.credits}"


def price_in_words(spec: ModelSpec) -> str:
    """The price, with what it may depend on."""
    if spec.credits is None:
        return "not documented"
    text = f"{spec.credits} credits"
    if spec.price_by is not None:
        key, prices = spec.price_by
        amounts = ", ".join(f"{value} {credits}" for value, credits in prices)
        text = f"{text} as a base; by {key}: {amounts}"
    if spec.billing == "PER_IMAGE":
        text = f"{text}, per image"
    elif spec.billing != "FIXED":
        return f"from {text}, metered: the amount depends on the request"
    elif spec.price_sensitive_params:
        return f"{text} as a base; {', '.join(spec.price_sensitive_params)} may change it"
    else:
        text = f"{text} per generation"
    return f"{text} ({spec.price_note})" if spec.price_note else text


def document(spec: ModelSpec) -> dict[str, Any]:
    """All that the catalogue knows of a model, as plain JSON with the fields of its classes."""
    fields = asdict(spec)
    if spec.dialect is not None:
        fields["dialect"]["in_metadata"] = sorted(spec.dialect.in_metadata)
    return fields


def references(spec: ModelSpec) -> str:
    """What files a model takes; empty for one that takes none."""
    if spec.reference is None:
        return "" if spec.reference_complete else "not documented"
    kinds = ", ".join(kind.kind for kind in spec.reference.kinds)
    limit = spec.reference.max_files
    return f"{kinds}: {f'up to {limit}' if limit else 'number not documented'}"


def prompt(spec: ModelSpec) -> str:
    """Whether a prompt is needed, and how long it may be."""
    state = "required" if spec.prompt.required else "optional"
    limit = spec.prompt.max_length
    return f"{state}, {f'up to {limit:,} characters' if limit else 'no limit is documented'}"


def inputs(spec: ModelSpec) -> str:
    """What a request may be made of."""
    names = {"text": "text", "file": "reference files", "url": "public URLs in the parameters"}
    return ", ".join(names.get(name, name) for name in spec.inputs)
