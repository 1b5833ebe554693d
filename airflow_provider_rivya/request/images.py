"""
A picture brought into a format and below a size that somebody takes.

What to convert to is decided by :func:`encodings` and :func:`smaller`, on plain values; :func:`convert` does
it, with Pillow (the extra ``images``).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.media.types import HEIC, JPEG, PNG, WEBP, MediaType
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference

if TYPE_CHECKING:
    from PIL import Image

MAX_DECODED_BYTES: Final = 256 * 1024 * 1024
"""Pictures that take more memory are not decoded, however many pixels they are."""

QUALITY: Final = 90
LEAST_SIDE: Final = 16

_LONGEST_SIDE: Final = {JPEG: 65_500, WEBP: 16_383, PNG: 2**31 - 1}
_READABLE: Final = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "TIFF", "WEBP")
_MODES: Final = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr")
"""Of 8 bits a sample, and with colours of a screen: nothing has to be guessed of these."""
_BY_HAND: Final = "a PNG or JPEG (convert it yourself)"
_NEW_SUBFILE_TYPE: Final = 254
_REDUCED: Final = 1
_OPAQUE: Final = 255

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    What images somebody takes.

    :param mime_types: lower case; empty takes every format.
    :param max_bytes: ``None`` takes every size.
    """

    mime_types: tuple[str, ...]
    max_bytes: float | None

    def format(self, mime_type: str | None) -> bool:
        """Whether the format is taken."""
        return not self.mime_types or (mime_type or "").lower() in self.mime_types

    def fits(self, size_bytes: int) -> bool:
        """Whether the size is taken."""
        return self.max_bytes is None or size_bytes <= self.max_bytes


@dataclass(frozen=True, slots=True)
class Encoding:
    """
    One way to write a picture.

    :param may_shrink: whether it is scaled down until it fits; without, it is tried at full size alone.
    """

    media_type: MediaType
    may_shrink: bool = True


def is_picture(kind: str, mime_type: str | None) -> bool:
    """Tell whether a file is worth being opened as a picture. HEIC is not: Pillow does not read it."""
    return kind == "image" and mime_type != HEIC.mime_type


def encodings(transparent: bool, accepted: Accepted) -> tuple[Encoding, ...]:
    """
    Return what to try, in order: the first that fits is used. Pure.

    Transparency is worth a PNG of the full size. What does not fit so is written lossily, and made smaller
    as far as it must: as JPEG, on white, or in whatever else is taken.
    """
    taken = [media_type for media_type in (JPEG, WEBP, PNG) if accepted.format(media_type.mime_type)]
    if not taken:
        return ()
    if transparent and PNG in taken[1:]:
        return Encoding(PNG, may_shrink=False), Encoding(taken[0])
    return (Encoding(taken[0]),)


def smaller(size: Size, size_bytes: int, max_bytes: float) -> Size | None:
    """
    Return the next size to try. Pure.

    :param size_bytes: what ``size`` came to; bytes grow about as the number of pixels.
    :return: at most nine tenths of ``size``; ``None`` when nothing would be left to be seen.
    """
    scale = min(0.9, 0.97 * math.sqrt(max_bytes / size_bytes))
    width, height = (max(1, int(side * scale)) for side in size)
    return None if max(width, height) < LEAST_SIDE else (width, height)


def convert(
    file: ReferenceFile, accepted: Accepted, folder: str, *, where: str, label: str
) -> ReferenceFile | Fault:
    """
    Write a picture again, into ``folder``, so that it is accepted.

    Its EXIF orientation is applied; all other metadata is left behind but a colour profile that still fits.
    Of an animation or a file of several pages the first is taken.

    :param file: any picture that Pillow reads without guessing at its colours, up to
        :data:`MAX_DECODED_BYTES` of memory.
    :param where: the path of a fault, e.g. ``reference_media[0]``; its own for each file.
    :param label: how messages call the file.
    :return: the new file, with the name of the old one but for its extension, or what is wrong.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        return Fault(
            where,
            f"{label!r} has to be converted, which needs Pillow",
            "the extra 'images': pip install 'airflow-provider-rivya[images]'",
        )
    too_large = Fault(
        where, f"{label!r} is not decoded: too many pixels", f"at most {MAX_DECODED_BYTES >> 20} MiB of them"
    )
    try:
        with _quietly(), file.open() as stream:
            Image.init()
            with Image.open(stream, formats=[name for name in _READABLE if name in Image.OPEN]) as image:
                if reason := _unfit(image):
                    return Fault(where, f"{label!r} is not converted: {reason}", _BY_HAND)
                if _decoded_bytes(image) > MAX_DECODED_BYTES:
                    return too_large
                picture = _decoded(image)
            written = _written(picture, accepted, Path(folder) / f"converted-{_plain(where)}")
    except Image.DecompressionBombError:
        return too_large
    except UnidentifiedImageError:
        return Fault(where, f"{label!r} cannot be converted: this Pillow does not read its format")
    except Exception as error:
        # Pillow's readers raise whatever a broken file leads them to.
        return Fault(where, f"{label!r} cannot be converted: {clean(error, 200) or type(error).__name__}")
    if written is None:
        limit = "" if accepted.max_bytes is None else f"at most {accepted.max_bytes:,.0f} bytes"
        return Fault(where, f"{label!r} cannot be converted so that it is accepted", limit)
    found = open_reference(str(written), where=where)
    if isinstance(found, Fault):
        return found
    return replace(found, name=f"{PurePosixPath(file.name).stem or 'image'}{written.suffix}")


@contextmanager
def _quietly() -> Iterator[None]:
    """
    Drop what Pillow has to say of odd metadata.

    So is its warning of many pixels: what counts is how many bytes they are, and it comes for half as many.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _plain(where: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in where)


def _unfit(image: Image.Image) -> str:
    """Say why a picture is better converted by somebody who sees it; empty: nothing speaks against it."""
    if int(getattr(image, "tag_v2", {}).get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED:
        return "it is a camera's raw file, of which only the preview could be read"
    if image.mode not in _MODES:
        return f"the colours or brightness of its pixels ({image.mode}) would have to be guessed"
    return ""


def _decoded_bytes(image: Image.Image) -> int:
    """Return the size of what :func:`_decoded` makes of it; each of :data:`_MODES` has a byte a sample."""
    bands = 4 if image.has_transparency_data else 1 if image.mode in ("1", "L") else 3
    return image.width * image.height * bands


def _decoded(image: Image.Image) -> Image.Image:
    """Return it upright, in mode ``RGBA`` if anything shows through, else ``RGB`` or ``L``."""
    from PIL import ImageOps

    profile = image.info.get("icc_profile") or b""
    picture = _in_plain_mode(ImageOps.exif_transpose(image))
    # A profile describes the numbers of one colour space, as its header says (ICC.1:2022, 7.2.6).
    fits = profile[16:20] == (b"GRAY" if picture.mode == "L" else b"RGB ")
    picture.info = {"icc_profile": profile} if fits else {}
    return picture


def _in_plain_mode(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        darkest, _ = layered.getchannel("A").getextrema()
        if darkest != _OPAQUE:
            return layered
    return image.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB")


def _written(picture: Image.Image, accepted: Accepted, stem: Path) -> Path | None:
    """Try one encoding after the other, ever smaller; ``None``: nothing fits."""
    for encoding in encodings(picture.mode == "RGBA", accepted):
        media_type = encoding.media_type
        target = stem.with_suffix(f".{media_type.extension}")
        factor = min(1.0, _LONGEST_SIDE[media_type] / max(picture.size))
        size: Size | None = (max(1, int(picture.width * factor)), max(1, int(picture.height * factor)))
        while size is not None:
            _save(picture, size, media_type, target)
            written = target.stat().st_size
            if accepted.fits(written):
                return target
            size = smaller(size, written, accepted.max_bytes or 0) if encoding.may_shrink else None
    return None


def _save(picture: Image.Image, size: Size, media_type: MediaType, target: Path) -> None:
    from PIL import Image

    profile = picture.info.get("icc_profile")
    scaled = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
    if media_type is JPEG and scaled.mode == "RGBA":
        ground = Image.new("RGB", size, "white")
        ground.paste(scaled, mask=scaled.getchannel("A"))
        scaled = ground
    if media_type is PNG:
        scaled.save(target, "PNG", icc_profile=profile)
    else:
        scaled.save(target, "JPEG" if media_type is JPEG else "WEBP", quality=QUALITY, icc_profile=profile)
