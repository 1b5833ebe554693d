"""Sound and film as the encoders of libav write them."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from PIL import Image, ImageDraw

RATE = 48_000


class _Pipe(io.BytesIO):
    """A file that cannot be sought in, so that no size can be filled in later."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise OSError("a pipe")


def _samples(seconds: float, rate: int) -> array[int]:
    return array(
        "h", (int(8000 * math.sin(at / 11) + 4000 * math.sin(at / 3.7)) for at in range(int(seconds * rate)))
    )


def _sound_frames(seconds: float, rate: int) -> Iterator[av.AudioFrame]:
    samples = _samples(seconds, rate)
    for start in range(0, len(samples), 1024):
        piece = samples[start : start + 1024]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece))
        frame.planes[0].update(piece.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        yield frame


def _pictures(count: int, size: tuple[int, int]) -> Iterator[av.VideoFrame]:
    for number in range(count):
        image = Image.new("RGB", size, (200, 60, 20))
        ImageDraw.Draw(image).ellipse((number, 0, number + size[1] - 1, size[1] - 1), fill=(20, 90, 200))
        of_image: Any = av.VideoFrame.from_image
        frame = of_image(image)
        frame.pts, frame.time_base = number, Fraction(1, 25)
        yield frame


def recorded(
    format_name: str,
    sound: str | None = None,
    film: str | None = None,
    *,
    seconds: float = 1.0,
    rate: int = RATE,
    size: tuple[int, int] = (64, 48),
    aspect: Fraction | None = None,
    piped: bool = False,
    bit_rate: int | None = None,
    **options: str,
) -> bytes:
    """
    Encode some seconds.

    :param format_name: of the container, as libav calls it.
    :param sound: the codec of its sound; ``film`` that of its pictures.
    :param piped: whether the writer cannot go back to fill sizes in.
    :param options: of the container.
    """
    buffer = _Pipe() if piped else io.BytesIO()
    with av.open(buffer, "w", format=format_name, options=options) as container:
        streams: list[tuple[Any, Iterator[Any]]] = []
        if film is not None:
            pictures: Any = container.add_stream(film, rate=25)
            pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
            if aspect is not None:
                pictures.sample_aspect_ratio = aspect
            streams.append((pictures, _pictures(int(seconds * 25), size)))
        if sound is not None:
            heard: Any = container.add_stream(sound, rate=rate, layout="mono")
            if bit_rate:
                heard.bit_rate = bit_rate
            streams.append((heard, _sound_frames(seconds, rate)))
        for stream, frames in streams:
            for frame in frames:
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return buffer.getvalue()
