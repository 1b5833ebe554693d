"""Reference pictures: opened safely, measured, and framed as photographs with a soft shadow."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache

from PIL import ExifTags, Image, ImageFilter, ImageOps

from airflow_provider_rivya.sandbox.drawing.lettering import PAPER

LARGEST_SOURCE_SIDE = 2048
MAX_PHOTOS_SHOWN = 16
TURNED_ORIENTATIONS = (5, 6, 7, 8)
UNREADABLE = (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    width: float
    height: float


def size_of(content: bytes) -> tuple[int, int] | None:
    """Return width and height as a viewer shows the picture, from its header; ``None`` if there is none."""
    try:
        with Image.open(io.BytesIO(content)) as source:
            turned = source.getexif().get(ExifTags.Base.Orientation, 1) in TURNED_ORIENTATIONS
            return (source.height, source.width) if turned else (source.width, source.height)
    except UNREADABLE:
        return None


@lru_cache(maxsize=8)
def opened(content: bytes) -> Image.Image | None:
    """Return the picture as it is meant to be seen, at most 2048 pixels a side; ``None`` if it is none."""
    try:
        with Image.open(io.BytesIO(content)) as source:
            source.draft("RGB", (LARGEST_SOURCE_SIDE, LARGEST_SOURCE_SIDE))
            photo = ImageOps.exif_transpose(source)
            photo.thumbnail((LARGEST_SOURCE_SIDE, LARGEST_SOURCE_SIDE))
            return photo.convert("RGB")
    except UNREADABLE:
        return None


def cells(count: int, box: Box) -> list[Box]:
    """Share a box among ``count`` photographs, in the rows that leave them largest."""
    if count == 0:
        return []

    def side(columns: int) -> float:
        return min(box.width / columns / 1.25, box.height / math.ceil(count / columns))

    columns = max(range(1, count + 1), key=side)
    rows = math.ceil(count / columns)
    cells = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = columns if row < rows - 1 else count - columns * (rows - 1)
        width, height = box.width / columns, box.height / rows
        left = box.left + (box.width - in_row * width) / 2 + column * width
        cells.append(Box(left, box.top + row * height, width, height))
    return cells


def card(photo: Image.Image | None, cell: Box, unit: float, tilt: float) -> Image.Image:
    """
    Return a photograph with its frame and shadow on a clear ground, to be centred on ``cell``.

    :param photo: ``None`` gives an empty frame.
    :param tilt: in degrees.
    """
    frame = max(2, round(min(1.3 * unit, min(cell.width, cell.height) * 0.045)))
    room_width, room_height = cell.width * 0.88, cell.height * 0.88
    ratio = 1.25 if photo is None else min(max(photo.width / photo.height, 0.62), 1.7)
    width = max(8, round(min(room_width, room_height * ratio)) - 2 * frame)
    height = max(8, round(width / ratio))
    if photo is None:
        inner = Image.new("RGB", (width, height), (214, 214, 210))
    else:
        inner = ImageOps.fit(photo, (width, height), Image.Resampling.BICUBIC)
    # The clear rim lets the rotation smooth the edge.
    sheet = ImageOps.expand(ImageOps.expand(inner, frame, PAPER).convert("RGBA"), 2, (*PAPER, 0))
    sheet = sheet.rotate(tilt, Image.Resampling.BICUBIC, expand=True)
    return _with_shadow(sheet, unit)


def _with_shadow(sheet: Image.Image, unit: float) -> Image.Image:
    # Blurred at a quarter of the size: a soft shadow shows no pixels, and 4K stays cheap.
    reach, drop = max(4, round(2.2 * unit)), round(0.8 * unit)
    small = sheet.getchannel("A").resize((max(1, sheet.width // 4), max(1, sheet.height // 4)))
    small = ImageOps.expand(small, max(1, reach // 4), 0).filter(
        ImageFilter.GaussianBlur(max(1.0, unit * 0.25))
    )
    size = (sheet.width + 2 * reach, sheet.height + 2 * reach)
    shadow = Image.new("RGBA", (size[0], size[1] + 2 * drop), (12, 14, 24, 0))
    mask = small.resize(size).point(lambda value: value * 0.42)
    alpha = Image.new("L", shadow.size, 0)
    alpha.paste(mask, (0, 2 * drop))
    shadow.putalpha(alpha)
    shadow.alpha_composite(sheet, (reach, reach + drop))
    return shadow
