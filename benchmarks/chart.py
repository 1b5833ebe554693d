"""Draws requests a second over time: a bar for each second, with those of a kind before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 900, 360, 60, 50, 70
COLOURS = ("#3b6fb6", "#c8452f")
GREY = "#777777"


class Series(NamedTuple):
    """What is drawn in one colour, second by second."""

    name: str
    counts: Sequence[int]


def draw(path: Path, title: str, series: Sequence[Series], level: tuple[float, str] | None = None) -> None:
    """
    Draw bars.

    :param series: the first is all of them, the next one a part, drawn before it.
    :param level: a line at this height, and what it is.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=14)
    highest = max(max(series[0].counts, default=1), level[0] if level else 0)
    most = max(10, -(-int(highest) // 10) * 10)
    right, floor = WIDTH - 20, HEIGHT - BOTTOM

    def height(value: float) -> float:
        return floor - (floor - TOP) * value / most

    for step in range(5):
        value = most * step / 4
        pen.line((LEFT, height(value), right, height(value)), fill="#dddddd")
        pen.text((LEFT - 8, height(value)), f"{value:g}", fill=GREY, font=font, anchor="rm")
    count = max(len(each.counts) for each in series)
    wide = (right - LEFT) / max(1, count)
    for second in range(count):
        x0, x1 = LEFT + second * wide, LEFT + (second + 1) * wide - (1 if wide > 3 else 0)
        for each, colour in zip(series, COLOURS, strict=False):
            if second < len(each.counts) and each.counts[second]:
                pen.rectangle((x0, height(each.counts[second]), x1, floor), fill=colour)
        if second % (5 if count <= 90 else 20) == 0:
            pen.text(((x0 + x1) / 2, floor + 8), str(second), fill=GREY, font=font, anchor="ma")
    pen.text((LEFT, 10), title, fill="black", font=font)
    across = float(LEFT)
    for each, colour in zip(series, COLOURS, strict=False):
        pen.rectangle((across, 37, across + 12, 49), fill=colour)
        pen.text((across + 18, 43), each.name, fill="black", font=font, anchor="lm")
        across += pen.textlength(each.name, font=font) + 48
    if level is not None:
        for x in range(LEFT, right, 12):
            pen.line((x, height(level[0]), x + 6, height(level[0])), fill="black", width=2)
        pen.text((right, 43), f"- - {level[1]}", fill="black", font=font, anchor="rm")
    pen.text((right, HEIGHT - 18), "seconds", fill=GREY, font=font, anchor="rm")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
