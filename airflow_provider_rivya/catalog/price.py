"""What a generation costs by the public documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.model import ModelSpec

_COUNTS = ("n", "max_images")

FEW: Final = 4
"""Results of a request that cannot ask for a number: some models make two or four all the same."""


class Price(NamedTuple):
    """
    What a generation costs.

    :param credits: ``None``: no page shows a price.
    :param exact: false where the documentation says the price depends on more than the model, or gives none.
    """

    credits: int | float | None
    exact: bool


def estimate_credits(spec: ModelSpec, params: Mapping[str, Any] | None = None) -> Price:
    """
    Tell the price of one generation.

    Without ``params`` this is the base price, and exact only for a model with ``FIXED`` billing and no
    parameter that is documented to change the price.

    :param params: of the request, in the form of the wire. Where the price by a parameter's value is
        documented, or billing is by image, they raise the estimate; what is not set and has no documented
        default counts as the dearest.
    """
    exact = spec.billing == "FIXED" and not spec.price_sensitive_params and not spec.price_note
    if spec.credits is None:
        return Price(None, False)
    credits = spec.credits
    if params is not None and spec.price_by is not None:
        key, by_value = spec.price_by
        prices = dict(by_value)
        value = params.get(key, spec.param_by_key[key].default)
        dearest = max(prices.values())
        credits = prices.get(value, dearest) if isinstance(value, str) else dearest
    return Price(credits * image_count(params or {}) if spec.billing == "PER_IMAGE" else credits, exact)


def output_count(params: Mapping[str, Any]) -> int:
    """How many files a request asks for: a video's last frame is one of its own."""
    return image_count(params) + (params.get("return_last_frame") in (True, "true"))


def most_outputs(spec: ModelSpec | None, params: Mapping[str, Any] | None) -> int | None:
    """
    How many results a generation can have; what an answer lists beyond that is none of it.

    :param spec: of the model; ``None``: the catalogue does not know it.
    :param params: of the request; ``None``: it is not known, so that it may have asked for any number that
        the model takes.
    :return: ``None`` where nothing tells.
    """
    asked = next((params[key] for key in _COUNTS if key in params), None) if params is not None else None
    if asked is not None:
        return output_count(params or {})
    if spec is None:
        return None
    count = next((param for param in spec.params if param.key in _COUNTS), None)
    frame = "return_last_frame" in spec.param_by_key
    if count is None or params is not None:
        default = count.default if count is not None else None
        return (default if type(default) is int else FEW) + frame
    most = max(count.choices, default=count.max)
    return None if most is None else int(most) + frame


def image_count(params: Mapping[str, Any]) -> int:
    """How many outputs a request is charged for; 1 where it does not say."""
    count = next((params[key] for key in _COUNTS if key in params), 1)
    return count if type(count) is int and count > 0 else 1
