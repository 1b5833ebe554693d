"""Draws a result: a quiet gradient, the reference photographs framed on it, the prompt below."""

from __future__ import annotations

import colorsys
import hashlib
import io
import math
from dataclasses import dataclass

from PIL import Image

from airflow_provider_rivya.sandbox.drawing.lettering import prompt_panel, write_caption
from airflow_provider_rivya.sandbox.drawing.photographs import MAX_PHOTOS_SHOWN, Box, card, cells, opened
from airflow_provider_rivya.sandbox.models.pictures import Frame

MESH = 4


@dataclass(frozen=True)
class Picture:
    """
    One picture to draw.

    :param photos: the reference pictures' bytes; what cannot be opened is shown as an empty frame.
    :param caption: the small line in the corner.
    """

    frame: Frame
    index: int
    prompt: str
    caption: str
    photos: tuple[bytes, ...] = ()


def draw(picture: Picture) -> bytes:
    """Return the finished file. The same picture always gives the same bytes."""
    size = (picture.frame.width, picture.frame.height)
    seed = seed_of(picture.index, picture.prompt)
    canvas = background(size, seed)
    unit = math.sqrt(size[0] * size[1]) / 100
    margin = min(6 * unit, min(size) * 0.08)
    photo_box, text_box = layout(size, margin, bool(picture.photos))
    photos = picture.photos[:MAX_PHOTOS_SHOWN]
    for number, (content, box) in enumerate(zip(photos, cells(len(photos), photo_box), strict=True)):
        hung = card(opened(content), box, unit, tilt_of(seed, number))
        canvas.paste(hung, centred(hung, box), hung)
    if panel := prompt_panel(picture.prompt, text_box.width, text_box.height, unit):
        canvas.paste(panel, centred(panel, text_box, lift=2 * unit), panel)
    count = picture.frame.count
    number_text = f"  ·  {picture.index + 1} of {count}" if count > 1 else ""
    write_caption(canvas, picture.caption + number_text, margin, unit)
    out = io.BytesIO()
    if picture.frame.format == "JPEG":
        canvas.save(out, "JPEG", quality=88)
    elif picture.frame.format == "WEBP":
        canvas.save(out, "WEBP", quality=88, method=2)
    else:
        canvas.save(out, "PNG", compress_level=1)
    return out.getvalue()


def seed_of(index: int, prompt: str) -> bytes:
    """Return the bytes that decide colours and tilts: the same for the same prompt."""
    return hashlib.sha256(f"{index}\n{prompt}".encode("utf-8", "replace")).digest()


def centred(layer: Image.Image, box: Box, lift: float = 0.0) -> tuple[int, int]:
    """Return where a layer's left upper corner goes so that it stands in the middle of a box."""
    left = box.left + (box.width - layer.width) / 2
    return round(left), round(box.top + max(0.0, (box.height - layer.height - lift) / 2))


def background(size: tuple[int, int], seed: bytes) -> Image.Image:
    """Return a soft gradient in one hue."""
    hue = seed[0] / 255
    # In floating point up to a quarter of the size: eight bits from so few pixels would show stripes.
    mesh = [Image.new("F", (MESH, MESH)) for _ in range(3)]
    for index in range(MESH * MESH):
        x, y = index % MESH, index // MESH
        drift = seed[1 + index] / 255 - 0.5
        turn = 0.12 * (x + y) / (2 * MESH - 2) + 0.04 * drift
        light = 0.36 + 0.32 * (1 - y / (MESH - 1)) + 0.07 * drift
        tone = colorsys.hls_to_rgb((hue + turn) % 1, light, 0.36)
        for channel, part in zip(mesh, tone, strict=True):
            channel.putpixel((x, y), 255 * part)
    quarter = (max(MESH, size[0] // 4), max(MESH, size[1] // 4))
    smooth = [channel.resize(quarter, Image.Resampling.BICUBIC).convert("L") for channel in mesh]
    return Image.merge("RGB", smooth).resize(size, Image.Resampling.BICUBIC)


def tilt_of(seed: bytes, number: int) -> float:
    """Degrees: enough to look hung by hand."""
    return (seed[(number + 20) % len(seed)] / 255 - 0.5) * 5


def layout(size: tuple[int, int], margin: float, with_photos: bool) -> tuple[Box, Box]:
    """Return the room for the photographs and that for the prompt."""
    width, height = size[0] - 2 * margin, size[1] - 2 * margin
    whole = Box(margin, margin, width, height)
    if not with_photos:
        return whole, whole
    if size[0] > 2.2 * size[1]:
        part = width * 0.5
        return Box(margin, margin, part, height * 0.92), Box(
            margin * 2 + part, margin, width - part - margin, height * 0.88
        )
    part = height * 0.7
    return Box(margin, margin, width, part), Box(
        margin, margin * 1.3 + part, width, height - part - margin * 1.1
    )
