"""Words on a picture: the prompt on its panel, the small line in the corner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER = (253, 252, 249)
INK = (24, 27, 38)
PANEL_OPACITY = 226


def prompt_panel(prompt: str, width: float, height: float, unit: float) -> Image.Image | None:
    """
    Return the prompt on a light panel, as large as its text needs; ``None`` for an empty prompt.

    :param width: of the room it may take, in pixels; ``height`` likewise.
    :param unit: a hundredth of the picture's mean side, which all sizes follow.
    """
    text = " ".join(prompt.split())
    if not text:
        return None
    pad = 2.2 * unit
    lines, font, size = _fitted(text, width - 2 * pad, height - 2 * pad - 2 * unit, unit)
    line_height = size * 1.32
    needed = (max(font.getlength(line) for line in lines) + 2 * pad, line_height * len(lines) + 2 * pad)
    panel = Image.new("RGBA", (max(1, round(needed[0])), max(1, round(needed[1]))), (*PAPER, 0))
    pen = ImageDraw.Draw(panel)
    corners = (0, 0, panel.width - 1, panel.height - 1)
    pen.rounded_rectangle(corners, radius=1.6 * unit, fill=(*PAPER, PANEL_OPACITY))
    for number, line in enumerate(lines):
        middle = pad + (number + 0.5) * line_height
        pen.text((needed[0] / 2, middle), line, fill=(*INK, 255), font=font, anchor="mm")
    return panel


def write_caption(canvas: Image.Image, text: str, margin: float, unit: float) -> None:
    """Write one small line into the lower right corner."""
    size = max(9.0, 1.55 * unit)
    font = _font(round(size))
    while font.getlength(text) > canvas.width - margin and size > 6:
        size -= 1
        font = _font(round(size))
    pen = ImageDraw.Draw(canvas)
    place = (canvas.width - margin * 0.5, canvas.height - margin * 0.42)
    pen.text((place[0] + 1, place[1] + 1), text, fill=(20, 22, 30), font=font, anchor="rs")
    pen.text(place, text, fill=(244, 244, 240), font=font, anchor="rs")


def _fitted(text: str, width: float, height: float, unit: float) -> tuple[list[str], Font, float]:
    """Return the lines and font of the largest size at which the text fits, shortened if none does."""
    size = 5.4 * unit
    least = max(9.0, 1.7 * unit)
    while True:
        font = _font(round(size))
        lines = _wrapped(text, font, width)
        room = max(1, int(height / (size * 1.32)))
        if len(lines) <= room and all(font.getlength(line) <= width for line in lines):
            return _balanced(text, font, width, lines), font, size
        if size <= least:
            return (
                ([*lines[: room - 1], lines[room - 1][:-1] + "…"] if len(lines) > room else lines),
                font,
                size,
            )
        size = max(least, size * 0.82)


def _balanced(text: str, font: Font, width: float, lines: list[str]) -> list[str]:
    """Make the lines about equally long, so that no word is left alone on the last."""
    best = lines
    for share in (0.9, 0.8, 0.7, 0.6):
        narrower = _wrapped(text, font, width * share)
        if len(narrower) > len(lines):
            break
        best = narrower
    return best


@lru_cache(maxsize=64)
def _font(size: int) -> Font:
    return ImageFont.load_default(max(6, size))


def _wrapped(text: str, font: Font, width: float) -> list[str]:
    # A prompt may have 20,000 characters; what is far beyond any picture is not measured.
    lines: list[str] = []
    line = ""
    for word in _pieces(text[:4000].split(" "), font, width):
        longer = f"{line} {word}" if line else word
        if not line or font.getlength(longer) <= width:
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line]


def _pieces(words: Sequence[str], font: Font, width: float) -> list[str]:
    """Cut what is wider than a line, as a long URL or a text without spaces is."""
    pieces: list[str] = []
    for word in words:
        rest = word
        while font.getlength(rest) > width and len(rest) > 1:
            fits = max(1, int(len(rest) * width / font.getlength(rest)))
            pieces.append(rest[:fits])
            rest = rest[fits:]
        pieces.append(rest)
    return pieces
