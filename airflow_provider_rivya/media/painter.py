"""Draws small pictures of files: ``python -m airflow_provider_rivya.media.painter``."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from array import array
from typing import Any, BinaryIO, Final

MOST_PIXELS: Final = 64 * 1024 * 1024
"""Of a picture that is looked at: some of a few kilobytes would unfold into gigabytes."""
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
_QUALITIES: Final = (80, 45, 15)
_BARS: Final = 96
_RATE: Final = 8_000
_MOST_SECONDS: Final = 1_200
_INK: Final = (124, 92, 224)


def paint(path: str, kind: str, side: int, most_bytes: int) -> bytes:
    """
    Return a WebP that shows a file.

    :param kind: ``image``, ``video`` or ``audio``.
    :param side: of the square that it fits into.
    :param most_bytes: of the WebP, which is drawn worse, then smaller, until it is no larger; 0: whatever.
    :raises Exception: it cannot be shown.
    """
    picture = {"image": _picture, "video": _still, "audio": _wave}[kind](path, side)
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=quality, method=2)
            if not most_bytes or out.tell() <= most_bytes:
                return out.getvalue()
        picture.thumbnail((max(8, picture.width // 2), max(8, picture.height // 2)))


def _picture(path: str, side: int) -> Any:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the bound is the one below, and this process's memory
    with Image.open(path, formats=_FORMATS) as image:
        _bounded(*image.size)
        image.draft("RGB", (side, side))
        turned = ImageOps.exif_transpose(image)
        seen = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    seen.thumbnail((side, side), reducing_gap=2.0)
    return seen


def _still(path: str, side: int) -> Any:
    """A frame some way into a film: the first one is often black."""
    import av

    with av.open(path) as film:
        video = film.streams.video[0]
        _bounded(video.width, video.height)
        video.codec_context.thread_count = 1
        if film.duration:
            with contextlib.suppress(av.error.FFmpegError):
                film.seek(min(film.duration // 4, 5 * av.time_base))
        frame = next(film.decode(video))
        scale = min(1.0, side / max(frame.width, frame.height))
        width, height = (max(2, round(length * scale)) for length in (frame.width, frame.height))
        small: Any = frame.reformat(width=width, height=height, format="rgb24")
        return small.to_image()


def _wave(path: str, side: int) -> Any:
    """How loud a sound is from its beginning to its end."""
    import av
    from PIL import Image, ImageDraw

    peaks: list[int] = []
    with av.open(path) as sound:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
        for frame in sound.decode(sound.streams.audio[0]):
            for piece in resampler.resample(frame):
                samples = array("h", bytes(piece.planes[0])[: piece.samples * 2])
                peaks += [
                    max(map(abs, samples[at : at + _RATE // 20]), default=0)
                    for at in range(0, len(samples), _RATE // 20)
                ]
            if len(peaks) > 40 * _MOST_SECONDS:
                break
    height = max(16, side // 2)
    picture = Image.new("RGBA", (side, height))
    drawing = ImageDraw.Draw(picture)
    loudest = max(peaks, default=0) or 1
    for bar in range(_BARS):
        part = peaks[len(peaks) * bar // _BARS : max(1, len(peaks) * (bar + 1) // _BARS)]
        half = max(1, round(max(part, default=0) / loudest * (height / 2 - 2)))
        left, wide = side * bar / _BARS, max(1, round(side / _BARS * 0.6))
        drawing.rectangle((left, height / 2 - half, left + wide, height / 2 + half), fill=_INK)
    return picture


def _bounded(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise ValueError(f"{width}x{height} pixels are too many")


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of JSON: why there is no picture, or how many bytes it has and then these."""
    for line in requests:
        drawn = b""
        try:
            drawn = paint(**json.loads(line))
            told: dict[str, Any] = {"bytes": len(drawn)}
        except Exception as error:  # decoders raise whatever a broken file leads them to
            told = {"error": " ".join(str(error).split())[:120] or type(error).__name__}
        answers.write(json.dumps(told).encode() + b"\n" + drawn)
        answers.flush()


def main(memory_bytes: str) -> None:
    """Bound this process, and serve."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes),) * 2)
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main(*sys.argv[1:])
