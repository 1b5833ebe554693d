"""Draws a film's frames: lights over a drifting gradient or the reference picture, the prompt before it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from airflow_provider_rivya.sandbox.drawing.lettering import prompt_panel, write_caption
from airflow_provider_rivya.sandbox.drawing.photographs import MAX_PHOTOS_SHOWN, Box, card, cells
from airflow_provider_rivya.sandbox.drawing.picture import background, centred, layout, seed_of, tilt_of
from airflow_provider_rivya.sandbox.models.films import Film

OVERSIZE = 1.12
"""How much larger the ground is than the frame: the room the camera has to move in."""
LIGHTS = 4
CROSSING_FROM, CROSSING_TO = 0.45, 0.95
BAR_PAPER, BAR_FILLED = (0, 0, 0, 70), (255, 255, 255, 235)


@dataclass(frozen=True)
class Script:
    """
    What a film shows.

    :param opening: the picture it begins with; ``closing`` the one it ends with.
    :param cast: further pictures, shown as photographs; ``None`` for one that cannot be opened.
    """

    film: Film
    prompt: str
    caption: str
    opening: Image.Image | None = None
    closing: Image.Image | None = None
    cast: tuple[Image.Image | None, ...] = ()


@dataclass(frozen=True)
class _Layer:
    """A picture with clear parts that sways about its place."""

    picture: Image.Image
    place: tuple[int, int]
    sway: tuple[float, float]
    phase: float
    turns: int = 1

    def put(self, canvas: Image.Image, at: float) -> None:
        angle = math.tau * (self.turns * at + self.phase)
        left = round(self.place[0] + self.sway[0] * math.cos(angle))
        top = round(self.place[1] + self.sway[1] * math.sin(angle))
        canvas.paste(self.picture, (left, top), self.picture)


class Scene:
    """All that stays the same from frame to frame, drawn once."""

    def __init__(self, script: Script) -> None:
        film = script.film
        self._size = (film.width, film.height)
        self._film = film
        self._unit = math.sqrt(film.width * film.height) / 100
        self._seed = seed_of(0, script.prompt)
        large = (round(film.width * OVERSIZE), round(film.height * OVERSIZE))
        self._ground = _filling(script.opening, large) or background(large, self._seed)
        self._closing = _filling(script.closing, large)
        self._layers = [] if script.opening else self._lights()
        self._layers += self._photographs_and_prompt(script)
        self._caption = self._caption_strip(script.caption)

    def frames(self) -> Iterator[Image.Image]:
        count = self._film.frames
        for number in range(count):
            yield self.frame(number / max(1, count - 1))

    def frame(self, at: float) -> Image.Image:
        """Return the picture at a share of the playing time, 0 to 1."""
        canvas = self._view(self._ground, at)
        if self._closing is not None and at > CROSSING_FROM:
            weight = min(1.0, (at - CROSSING_FROM) / (CROSSING_TO - CROSSING_FROM))
            canvas = Image.blend(canvas, self._view(self._closing, at), weight * weight * (3 - 2 * weight))
        for layer in self._layers:
            layer.put(canvas, at)
        canvas.paste(self._caption, (0, canvas.height - self._caption.height), self._caption)
        self._progress(canvas, at)
        return canvas

    def _view(self, ground: Image.Image, at: float) -> Image.Image:
        """The camera pans across the ground, slowly at both ends."""
        eased = 0.5 - 0.5 * math.cos(math.pi * at)
        left = round((ground.width - self._size[0]) * eased)
        top = round((ground.height - self._size[1]) * (0.5 - 0.5 * math.sin(math.tau * eased)))
        return ground.crop((left, top, left + self._size[0], top + self._size[1]))

    def _lights(self) -> list[_Layer]:
        layers = []
        for number in range(LIGHTS):
            side = round(self._unit * (14 + 18 * self._seed[8 + number] / 255))
            light = Image.new("RGBA", (side, side), (255, 250, 235, 0))
            # Blurred small: a glow has no detail, and the blur of a large disc is dear.
            disc = Image.new("L", (64, 64), 0)
            ImageDraw.Draw(disc).ellipse((17, 17, 47, 47), fill=120)
            light.putalpha(disc.filter(ImageFilter.GaussianBlur(7)).resize((side, side)))
            spot = (self._seed[12 + number] / 255, (number + 0.5) / LIGHTS)
            place = (round(self._size[0] * spot[1] - side / 2), round(self._size[1] * spot[0] - side / 2))
            sway = (self._size[0] * 0.14, self._size[1] * 0.22)
            layers.append(_Layer(light, place, sway, number / LIGHTS, 1 if number % 2 else -1))
        return layers

    def _photographs_and_prompt(self, script: Script) -> list[_Layer]:
        unit = self._unit
        margin = min(6 * unit, min(self._size) * 0.08)
        photo_box, text_box = layout(self._size, margin, bool(script.cast))
        if script.opening is not None and not script.cast:
            lower = self._size[1] * 0.3
            text_box = Box(margin, self._size[1] - margin - lower, self._size[0] - 2 * margin, lower)
        shown = script.cast[:MAX_PHOTOS_SHOWN]
        layers = []
        for number, (photo, cell) in enumerate(zip(shown, cells(len(shown), photo_box), strict=True)):
            hung = card(photo, cell, unit, tilt_of(self._seed, number))
            layers.append(_Layer(hung, centred(hung, cell), (0.8 * unit, 1.1 * unit), number * 0.37))
        if panel := prompt_panel(script.prompt, text_box.width, text_box.height, unit):
            place = centred(panel, text_box, lift=2 * unit)
            layers.append(_Layer(panel, place, (0.0, 0.7 * unit), 0.25))
        return layers

    def _caption_strip(self, text: str) -> Image.Image:
        unit = self._unit
        margin = min(6 * unit, min(self._size) * 0.08)
        strip = Image.new("RGBA", (self._size[0], round(margin)), (20, 22, 30, 0))
        write_caption(strip, text, margin, unit)
        return strip

    def _progress(self, canvas: Image.Image, at: float) -> None:
        height = max(2, round(0.5 * self._unit))
        pen = ImageDraw.Draw(canvas, "RGBA")
        pen.rectangle((0, canvas.height - height, canvas.width, canvas.height), fill=BAR_PAPER)
        pen.rectangle((0, canvas.height - height, canvas.width * at, canvas.height), fill=BAR_FILLED)


def _filling(picture: Image.Image | None, size: tuple[int, int]) -> Image.Image | None:
    if picture is None:
        return None
    return ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.BICUBIC)
