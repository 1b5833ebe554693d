"""From a model's parameters to the pictures to be made: how many, how large, in which format."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ASPECT_KEYS = ("aspect_ratio", "aspectRatio", "image_size", "imageSize", "size")
RESOLUTION_KEYS = ("resolution", "image_resolution")
FORMAT_KEYS = ("output_format", "outputFormat")

NAMED_ASPECTS = {"square": (1, 1), "square_hd": (1, 1)}
NAMED_ORIENTED = re.compile(r"(portrait|landscape)_(\d+)_(\d+)")
RATIO = re.compile(r"(\d+):(\d+)")
SIDE_OF_RESOLUTION = {"1K": 1024, "2K": 2048, "4K": 4096}
SMALL_SQUARE = 512
MULTIPLE = 8
LONGEST_RATIO = 8.0

Format = Literal["JPEG", "PNG"]
EXTENSION: Mapping[Format, str] = {"JPEG": "jpg", "PNG": "png"}
MIME_TYPE: Mapping[Format, str] = {"JPEG": "image/jpeg", "PNG": "image/png"}


@dataclass(frozen=True)
class Frame:
    """What every picture of one generation has in common; sizes in pixels."""

    width: int
    height: int
    format: Format
    count: int


def frame(
    model: Mapping[str, Any], params: Mapping[str, Any], first_reference: tuple[int, int] | None
) -> Frame:
    """
    Decide format, size and number of the pictures.

    A resolution of nK stands for the area of a square with n x 1024 pixels a side; the sides follow
    the aspect ratio and are multiples of 8. The real gateway's pixel sizes are not documented.

    :param first_reference: width and height of the first reference picture, for ``auto``.
    """
    settings = {rule["key"]: rule["default"] for rule in model["params"] if "default" in rule} | dict(params)
    aspect = next((str(settings[key]) for key in ASPECT_KEYS if key in settings), "1:1")
    resolution = next((str(settings[key]) for key in RESOLUTION_KEYS if key in settings), "1K")
    wanted = next((str(settings[key]) for key in FORMAT_KEYS if key in settings), "png")
    side = SIDE_OF_RESOLUTION.get(resolution, SIDE_OF_RESOLUTION["1K"])
    if aspect == "square":
        side = side * SMALL_SQUARE // SIDE_OF_RESOLUTION["1K"]
    width, height = _sides(_ratio(aspect, first_reference), side)
    count = settings.get("max_images", 1)
    return Frame(
        width,
        height,
        "JPEG" if wanted in ("jpg", "jpeg") else "PNG",
        int(count) if isinstance(count, int | float) else 1,
    )


def _ratio(aspect: str, first_reference: tuple[int, int] | None) -> float:
    if aspect in NAMED_ASPECTS:
        width, height = NAMED_ASPECTS[aspect]
    elif match := NAMED_ORIENTED.fullmatch(aspect):
        # The name gives the ratio in one order for both: portrait_4_3 is 3:4.
        long, short = sorted((int(match[2]), int(match[3])), reverse=True)
        width, height = (short, long) if match[1] == "portrait" else (long, short)
    elif match := RATIO.fullmatch(aspect):
        width, height = int(match[1]), int(match[2])
    else:
        width, height = first_reference or (1, 1)
    return min(max(width / height, 1 / LONGEST_RATIO), LONGEST_RATIO) if width and height else 1.0


def _sides(ratio: float, side: int) -> tuple[int, int]:
    return _rounded(side * math.sqrt(ratio)), _rounded(side / math.sqrt(ratio))


def _rounded(pixels: float) -> int:
    return max(MULTIPLE, round(pixels / MULTIPLE) * MULTIPLE)
