"""Words on a picture: the prompt on its panel, the small line in the corner."""

from __future__ import annotations

import textwrap
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER, INK = (253, 252, 249), (24, 27, 38)
PANEL_OPACITY = 226
LINE_HEIGHT = 1.35
LONGEST_TEXT = 4000
"""A prompt may have 20,000 characters; what is far beyond any picture is not measured."""


def write_prompt(canvas: Image.Image, prompt: str, top: float, unit: float) -> None:
    """
    Write the prompt on a light panel, as large as it fits; what does not fit is cut off.

    :param top: where its room begins, as a share of the height. The caption's line below stays free.
    :param unit: a hundredth of the picture's mean side, which all sizes follow.
    """
    text = " ".join(prompt[:LONGEST_TEXT].split())
    if not text:
        return
    pad = 2 * unit
    upper, lower = top * canvas.height + pad, canvas.height - 5 * unit
    size, least = 5.4 * unit, max(9.0, 1.7 * unit)
    while True:
        font = _font(round(size))
        lines = _wrapped(text, font, canvas.width * 0.9 - 2 * pad)
        rows = max(1, int((lower - upper - 2 * pad) / (size * LINE_HEIGHT)))
        if len(lines) <= rows or size <= least:
            break
        size = max(least, size * 0.82)
    if len(lines) > rows:
        lines = [*lines[: rows - 1], lines[rows - 1][:-1] + "…"]
    x, y = canvas.width / 2, (upper + lower) / 2
    wide = max(font.getlength(line) for line in lines) / 2 + pad
    high = len(lines) * size * LINE_HEIGHT / 2
    pen = ImageDraw.Draw(canvas, "RGBA")
    panel = (x - wide, y - high - pad, x + wide, y + high + pad)
    pen.rounded_rectangle(panel, radius=1.6 * unit, fill=(*PAPER, PANEL_OPACITY))
    for number, line in enumerate(lines):
        pen.text((x, y - high + (number + 0.5) * size * LINE_HEIGHT), line, INK, font, "mm")


def write_caption(canvas: Image.Image, text: str, unit: float) -> None:
    """Write one small line into the lower right corner."""
    size = max(9.0, 1.55 * unit)
    while _font(round(size)).getlength(text) > canvas.width - 6 * unit and size > 6:
        size -= 1
    place = (canvas.width - 3 * unit, canvas.height - 2 * unit)
    ImageDraw.Draw(canvas).text(place, text, PAPER, _font(round(size)), "rs", stroke_width=1, stroke_fill=INK)


@lru_cache(maxsize=64)
def _font(size: int) -> Font:
    return ImageFont.load_default(max(6, size))


def _wrapped(text: str, font: Font, width: float) -> list[str]:
    columns = max(1, int(len(text) * width / max(1.0, font.getlength(text))))
    while True:
        lines = textwrap.wrap(text, columns)
        if columns == 1 or all(font.getlength(line) <= width for line in lines):
            return lines
        columns = columns * 19 // 20
