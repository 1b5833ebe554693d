"""Draws requests a second over time, with the faulty ones among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 900, 360, 60, 50, 50
BLUE, RED, GREY = "#3b6fb6", "#c8452f", "#777777"


def draw(path: Path, requests: Sequence[int], faulty: Sequence[int]) -> None:
    """
    Draw one bar for each second.

    :param faulty: how many of a second's requests met a fault.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=14)
    most = max(10, -(-max(requests, default=1) // 10) * 10)
    right, floor = WIDTH - 20, HEIGHT - BOTTOM
    for step in range(5):
        value = most * step // 4
        height = floor - (floor - TOP) * value / most
        pen.line((LEFT, height, right, height), fill="#dddddd")
        pen.text((LEFT - 8, height), str(value), fill=GREY, font=font, anchor="rm")
    wide = (right - LEFT) / max(1, len(requests))
    for second, (count, bad) in enumerate(zip(requests, faulty, strict=True)):
        x0, x1 = LEFT + second * wide + 1, LEFT + (second + 1) * wide - 1
        for value, colour in ((count, BLUE), (bad, RED)):
            if value:
                pen.rectangle((x0, floor - (floor - TOP) * value / most, x1, floor), fill=colour)
        if second % 5 == 0:
            pen.text(((x0 + x1) / 2, floor + 8), str(second), fill=GREY, font=font, anchor="ma")
    pen.text((LEFT, 12), "Requests a second while 400 generations are waited for", fill="black", font=font)
    pen.text((LEFT, 30), "red: answered with 429 or 5xx, cut off, or trickling", fill=RED, font=font)
    pen.text((right, HEIGHT - 18), "seconds", fill=GREY, font=font, anchor="rm")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
