"""Decodes one file and tells how that went, as JSON: ``python -m airflow_provider_rivya.media.decoder``."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

Told = dict[str, Any]


def decode_picture(path: str) -> Told:
    """Decode every frame of a picture, with Pillow."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # this process has a bound on its memory
    try:
        with Image.open(path) as image:
            width, height = image.size
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
    except UnidentifiedImageError:
        return decode_film(path, odd=False)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a broken file leads them to
        return {"damage": _in_words(error)}
    return {"width": width, "height": height}


def decode_film(path: str, *, odd: bool) -> Told:
    """
    Decode all film and sound, with PyAV.

    :param odd: whether something follows the end, which a decoder may stumble over when all is decoded.
    """
    import av

    damage, facts = "", Told()
    try:
        # Titles that are no UTF-8 do no harm; from PyAV 19 on they never do.
        lenient: dict[str, Any] = (
            {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "ignore"}
        )
        with av.open(path, **lenient) as container:
            streams = [stream for stream in container.streams if stream.type in ("video", "audio")]
            if not streams:
                return {"doubt": "its decoder finds neither film nor sound in it"}
            if container.duration:
                facts["duration_s"] = round(container.duration / av.time_base, 3)
            for video in container.streams.video:
                facts["width"], facts["height"] = video.width, video.height
            for packet in container.demux(streams):
                try:
                    frames = packet.decode()
                    damaged = packet.is_corrupt or any(
                        getattr(frame, "is_corrupt", False) for frame in frames
                    )
                except av.error.InvalidDataError as error:
                    frames, damaged = [], True
                    damage = damage or _in_words(error)
                if damage and frames:  # it was not the last packet
                    return {"damage": damage}
                if damaged:
                    damage = damage or "a part of it is corrupt"
    except av.error.InvalidDataError as error:
        return {"damage": damage or _in_words(error)}
    except (av.error.DecoderNotFoundError, av.error.PatchWelcomeError, NotImplementedError):
        return {"doubt": "no installed decoder can read it"}
    return {"damage": damage} if damage and not odd else facts


def _in_words(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def main(path: str, kind: str, memory_bytes: str, odd: str) -> None:
    """Bound this process, decode, and print what was found."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes),) * 2)
    told = decode_picture(path) if kind == "image" else decode_film(path, odd=odd == "1")
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
