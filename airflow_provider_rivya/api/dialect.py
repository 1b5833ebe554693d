"""How a request is spelled where pages of a gateway's documentation differ. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    The spelling of one model's requests at ToAPIs; Rivya needs none.

    :param model: id that is sent; ``None``: the catalogue's.
    :param references: key of the list of reference URLs.
    :param resolution: where ``resolution`` goes: ``metadata``, or ``top`` of the body.
    :param resolution_case: ``as_is``, ``upper`` (``2K``) or ``lower`` (``2k``).
    :param in_metadata: further parameters that go into ``metadata``.
    :param endpoint: ``image`` or ``video``, for models that the catalogue does not know.
    """

    model: str | None = None
    references: str = "image_urls"
    resolution: str = "metadata"
    resolution_case: str = "as_is"
    in_metadata: frozenset[str] = frozenset()
    endpoint: str | None = None


CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "references": ("image_urls", "reference_images", "images"),
    "resolution": ("metadata", "top"),
    "resolution_case": ("as_is", "upper", "lower"),
    "endpoint": ("image", "video"),
}
"""What the fields take that a user may set, beside ``model``, which takes any id."""
