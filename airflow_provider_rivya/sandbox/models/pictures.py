"""From a model's parameters to the pictures to be made: how many, how large, in which format."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_rivya.sandbox.models.catalog import defaults_of

ASPECT_KEYS = ("aspect_ratio", "aspectRatio", "image_size", "imageSize", "size")
RESOLUTION_KEYS = ("resolution", "image_resolution")
FORMAT_KEYS = ("output_format", "outputFormat")

NAMED_ASPECTS = {"square": (1, 1), "square_hd": (1, 1)}
NAMED_ORIENTED = re.compile(r"(portrait|landscape)_(\d+)_(\d+)")
RATIO = re.compile(r"(\d+):(\d+)")
PIXELS = re.compile(r"(\d{2,4})x(\d{2,4})")
THOUSANDS = re.compile(r"([1-4])[kK]")
SIDE = re.compile(r"\d{3,4}")
SIDE_OF_ONE_K = 1024
COUNT_KEYS = ("max_images", "n")
MOST_PICTURES = 100
LONGEST_SIDE = 4096
MULTIPLE = 8
LONGEST_RATIO = 8.0

Format = Literal["JPEG", "PNG", "WEBP"]
EXTENSION: Mapping[Format, str] = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MIME_TYPE: Mapping[Format, str] = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
NAMED_FORMATS: Mapping[str, Format] = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP"}


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
    the aspect ratio and are multiples of 8. The real gateways' pixel sizes are documented in part only.

    :param first_reference: width and height of the first reference picture, for ``auto``.
    """
    settings = defaults_of(model) | dict(params)
    aspect = next((str(settings[key]) for key in ASPECT_KEYS if key in settings), "1:1")
    wanted = next((str(settings[key]) for key in FORMAT_KEYS if key in settings), "png")
    count = next((settings[key] for key in COUNT_KEYS if key in settings), 1)
    if match := PIXELS.fullmatch(aspect):
        width, height = (_rounded(min(int(side), LONGEST_SIDE)) for side in match.groups())
    else:
        side = _side(next((str(settings[key]) for key in RESOLUTION_KEYS if key in settings), "1K"))
        width, height = _sides(_ratio(aspect, first_reference), side // 2 if aspect == "square" else side)
    return Frame(
        width,
        height,
        NAMED_FORMATS.get(wanted, "PNG"),
        min(int(count), MOST_PICTURES) if isinstance(count, int | float) else 1,
    )


def _side(resolution: str) -> int:
    if match := THOUSANDS.fullmatch(resolution):
        return int(match[1]) * SIDE_OF_ONE_K
    return min(int(resolution), LONGEST_SIDE) if SIDE.fullmatch(resolution) else SIDE_OF_ONE_K


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
