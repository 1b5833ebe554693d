"""
Writes films and sounds, and measures those that are uploaded.

The one module that uses PyAV. Without it the sandbox still serves images: nothing here is imported
before :func:`can_play` has said yes.
"""

from __future__ import annotations

import importlib.util
import io
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import OutputContainer
    from PIL import Image

    from airflow_provider_rivya.sandbox.models.films import Film, Sound

SAMPLE_BYTES = 2
FILM_SOUND_RATE = 24_000
H264, FALLBACK = "libx264", "mpeg4"
NEEDS = "which this sandbox makes only with PyAV: pip install 'airflow-provider-rivya[sandbox]'"


def can_play() -> bool:
    """Whether PyAV is there."""
    return importlib.util.find_spec("av") is not None


def film_file(film: Film, pictures: Iterable[Image.Image], samples: bytes | None) -> bytes:
    """
    Return an MP4 file.

    :param pictures: as many as the film has frames, of its size.
    :param samples: its sound, 16-bit mono at 24 kHz, or ``None`` for a silent film.
    """
    import av

    # The index goes to the front in a second pass over the file, for which it needs a name.
    with tempfile.TemporaryDirectory(prefix="rivya-sandbox-") as folder:
        path = Path(folder) / "film.mp4"
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with av.open(str(path), "w", format="mp4", options=options) as container:
            video = _video_stream(container, film)
            audio = None if samples is None else _audio_stream(container, "aac", FILM_SOUND_RATE, 64)
            for picture in pictures:
                frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # has no hints
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            if audio is not None and samples is not None:
                _write_sound(container, audio, samples, FILM_SOUND_RATE)
        return path.read_bytes()


def sound_file(sound: Sound, samples: bytes) -> bytes:
    """
    Return an audio file.

    :param samples: 16-bit mono at the sound's own rate.
    """
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=sound.container, options={"fflags": "+bitexact"}) as container:
        stream = _audio_stream(container, sound.codec, sound.rate, sound.kbps)
        _write_sound(container, stream, samples, sound.rate)
    return out.getvalue()


def _video_stream(container: OutputContainer, film: Film) -> VideoStream:
    import av

    codec = H264 if H264 in av.codecs_available else FALLBACK
    quick = {"preset": "ultrafast", "crf": "25"} if codec == H264 else {}
    stream = cast("VideoStream", container.add_stream(codec, rate=film.frame_rate, options=quick))
    stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
    stream.codec_context.thread_count = 1
    if not quick:
        stream.bit_rate = film.width * film.height * 2
    return stream


def _audio_stream(container: OutputContainer, codec: str, rate: int, kbps: int | None) -> AudioStream:
    stream = cast("AudioStream", container.add_stream(codec, rate=rate, layout="mono"))
    if kbps is not None:
        stream.bit_rate = kbps * 1000
    return stream


def _write_sound(container: OutputContainer, stream: AudioStream, samples: bytes, rate: int) -> None:
    import av

    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // SAMPLE_BYTES)
    frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _decodable(stream: Any) -> bool:
    """Whether something decodes a stream. PyAV 17 ends the process where one is read that nothing does."""
    return stream.codec_context is not None


def playing_time(content: bytes) -> float | None:
    """Return the seconds that an uploaded video or audio file plays; ``None`` if it cannot be read."""
    import av

    try:
        with av.open(io.BytesIO(content), "r") as container:
            streams = [*filter(_decodable, (*container.streams.video, *container.streams.audio))]
            if not streams:
                return None
            if container.duration is not None and container.duration > 0:
                return round(container.duration / av.time_base, 3)
            # Some files (raw AAC, streamed WebM) do not tell: their packets do.
            ends = [
                float((packet.pts + (packet.duration or 0)) * packet.time_base)
                for packet in container.demux(streams)
                if packet.pts is not None and packet.time_base is not None
            ]
    except (av.FFmpegError, ValueError, EOFError):
        return None
    return round(max(ends), 3) if ends and max(ends) > 0 else None


def first_picture(content: bytes) -> Image.Image | None:
    """Return the first frame of an uploaded video; ``None`` if it cannot be read."""
    import av

    try:
        with av.open(io.BytesIO(content), "r") as container:
            if not all(map(_decodable, container.streams.video)):
                return None
            frame = next(container.decode(video=0), None)
            return None if frame is None else frame.to_image()  # type: ignore[no-untyped-call]  # has no hints
    except (av.FFmpegError, ValueError, EOFError, IndexError):
        return None
