"""Draws a result: a gradient of two colours, the reference photographs on it, the prompt below."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence

from PIL import Image

from airflow_provider_rivya.sandbox.drawing.lettering import write_caption, write_prompt
from airflow_provider_rivya.sandbox.drawing.photographs import opened, paste_photos
from airflow_provider_rivya.sandbox.models.pictures import Format, Frame

PHOTOS_SHARE = 0.7
SAVING: dict[Format, dict[str, int]] = {
    "JPEG": {"quality": 88},
    "WEBP": {"quality": 88, "method": 2},
    "PNG": {"compress_level": 1},
}


def draw(frame: Frame, index: int, prompt: str, caption: str, photos: Sequence[bytes] = ()) -> bytes:
    """
    Return a finished file. The same picture always gives the same bytes.

    :param caption: the small line in the corner.
    :param photos: the reference pictures; what cannot be opened is shown as an empty frame.
    """
    canvas = gradient((frame.width, frame.height), seed_of(index, prompt))
    number_text = f"  ·  {index + 1} of {frame.count}" if frame.count > 1 else ""
    top = PHOTOS_SHARE if photos else 0.0
    compose(canvas, [opened(content) for content in photos], prompt, caption + number_text, top)
    out = io.BytesIO()
    canvas.save(out, frame.format, **SAVING[frame.format])
    return out.getvalue()


def seed_of(index: int, prompt: str) -> bytes:
    """Return the bytes that decide colours and notes: the same for the same prompt."""
    return hashlib.sha256(f"{index}\n{prompt}".encode("utf-8", "replace")).digest()


def gradient(size: tuple[int, int], seed: bytes) -> Image.Image:
    """Return a quiet ground, dark enough below for the caption."""
    hue = seed[0] * 360 // 256
    column = (1, size[1])
    light = Image.new("RGB", column, f"hsl({hue}, 38%, 66%)")
    dark = Image.new("RGB", column, f"hsl({hue + 50}, 38%, 34%)")
    shades = Image.composite(dark, light, Image.linear_gradient("L").resize(column))
    return shades.resize(size, Image.Resampling.NEAREST)


def compose(
    canvas: Image.Image, photos: Sequence[Image.Image | None], prompt: str, caption: str, top: float
) -> None:
    """
    Put photographs, prompt and caption on a canvas.

    :param top: the share of the height above the prompt's room, which the photographs fill.
    """
    unit = math.sqrt(canvas.width * canvas.height) / 100
    paste_photos(canvas, photos, top, unit)
    write_prompt(canvas, prompt, top, unit)
    write_caption(canvas, caption, unit)
