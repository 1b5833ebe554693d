"""Draws a film's frames: one picture that may become another, and a bar that fills as it plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageOps

from airflow_provider_rivya.sandbox.drawing.picture import PHOTOS_SHARE, compose, gradient, seed_of
from airflow_provider_rivya.sandbox.models.films import Film

BAR_SHARE = 1 / 60
BAR_PAPER, BAR_FILLED = (24, 27, 38), (253, 252, 249)


class Scene:
    """
    What a film shows: its first and last picture are drawn once, the frames lie between them.

    :param opening: the picture it begins with; ``closing`` the one it ends with.
    :param cast: further pictures, shown as photographs; ``None`` for one that cannot be opened.
    """

    def __init__(
        self,
        film: Film,
        prompt: str,
        caption: str,
        opening: Image.Image | None = None,
        closing: Image.Image | None = None,
        cast: Sequence[Image.Image | None] = (),
    ) -> None:
        def composed(ground: Image.Image | None) -> Image.Image:
            size = (film.width, film.height)
            canvas = ImageOps.fit(ground, size) if ground else gradient(size, seed_of(0, prompt))
            compose(canvas, cast, prompt, caption, PHOTOS_SHARE if ground or cast else 0.0)
            return canvas

        self._count = film.frames
        self._first = composed(opening)
        self._last = composed(closing) if closing else None

    def frames(self) -> Iterator[Image.Image]:
        for number in range(self._count):
            yield self.frame(number / max(1, self._count - 1))

    def frame(self, at: float) -> Image.Image:
        """Return the picture at a share of the playing time, 0 to 1."""
        canvas = Image.blend(self._first, self._last, at) if self._last else self._first.copy()
        top = canvas.height - max(2, round(canvas.height * BAR_SHARE))
        pen = ImageDraw.Draw(canvas)
        pen.rectangle((0, top, canvas.width, canvas.height), fill=BAR_PAPER)
        pen.rectangle((0, top, canvas.width * at, canvas.height), fill=BAR_FILLED)
        return canvas
