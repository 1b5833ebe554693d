"""Reference pictures: opened safely, measured, and pasted side by side."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import ExifTags, Image, ImageOps

from airflow_provider_rivya.sandbox.drawing.lettering import PAPER

LARGEST_SOURCE_SIDE = 2048
MAX_PHOTOS_SHOWN = 16
LONGEST_RATIO = 3.0
TURNED_ORIENTATIONS = (5, 6, 7, 8)
UNREADABLE = (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError)


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


def paste_photos(
    canvas: Image.Image, photos: Sequence[Image.Image | None], share: float, unit: float
) -> None:
    """
    Paste photographs with a white edge, in as many columns as leave them large.

    :param photos: ``None`` for one that cannot be opened, which leaves an empty frame.
    :param share: of the canvas's height, the upper part that they fill.
    """
    count = min(len(photos), MAX_PHOTOS_SHOWN)
    width, height = max(1.0, canvas.width - 4 * unit), max(1.0, canvas.height * share - 4 * unit)
    for number, photo in enumerate(photos[:count]):
        columns = min(count, max(1, round(math.sqrt(count * width / height))))
        cell = (width / columns, height / math.ceil(count / columns))
        edge = round(min(unit, *cell) * 0.8)
        row, column = divmod(number, columns)
        image = photo or Image.new("RGB", (5, 4), (214, 214, 210))
        ratio = min(max(image.width / image.height, 1 / LONGEST_RATIO), LONGEST_RATIO)
        wide = min(cell[0], cell[1] * ratio) * 0.94 - 2 * edge
        fitted = ImageOps.fit(image, (max(1, round(wide)), max(1, round(wide / ratio))))
        framed = ImageOps.expand(fitted, edge, PAPER)
        left = 2 * unit + (column + 0.5) * cell[0] - framed.width / 2
        top = 3 * unit + (row + 0.5) * cell[1] - framed.height / 2
        canvas.paste(framed, (round(left), round(top)))
