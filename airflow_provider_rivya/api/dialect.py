"""How a request is spelled where pages of one gateway's documentation disagree. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    The spelling of one model's requests. ToAPIs needs it (https://docs.toapis.com); Rivya has one spelling.

    :param model: the id that is sent; ``None``: the catalogue's.
    :param references: the field that takes the URLs of reference media.
    :param resolution: where the parameter ``resolution`` goes: ``metadata``, or ``top`` beside the prompt.
    :param resolution_case: how its value is written: ``as_is``, ``upper`` (``2K``) or ``lower`` (``2k``).
    :param in_metadata: further parameters that go into ``metadata``; the catalogue knows them.
    :param endpoint: whose endpoint is used: that of ``image`` or ``video``, or of an ``edit`` of images;
        ``None``: the model's category.
    """

    model: str | None = None
    references: str = "image_urls"
    resolution: str = "metadata"
    resolution_case: str = "as_is"
    in_metadata: frozenset[str] = frozenset()
    endpoint: str | None = None


CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "references": ("image_urls", "reference_images", "images"),
        "resolution": ("metadata", "top"),
        "resolution_case": ("as_is", "upper", "lower"),
        "endpoint": ("image", "video", "edit"),
    }
)
"""The values of those fields of a :class:`Dialect` that take no others; ``endpoint`` may also be ``None``."""
