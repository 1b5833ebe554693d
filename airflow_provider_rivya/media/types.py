"""What a media file can be, and the facts that are kept about one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["image", "video", "audio"]


@dataclass(frozen=True)
class MediaType:
    """
    A file format.

    :param mime_type: e.g. ``image/png``.
    :param extension: without the dot, e.g. ``png``.
    :param kind: ``image``, ``video`` or ``audio``.
    """

    mime_type: str
    extension: str
    kind: Kind

    def may_be_called(self, name: str) -> bool:
        """Whether a file's name ends as one of this format may."""
        return self.extension in spellings(name.rpartition(".")[2])


@dataclass(frozen=True)
class MediaFacts:
    """
    What reading a whole file has shown.

    :param media_type: the format, taken from the bytes.
    :param width: in pixels, ``None`` if not known. Of HEIC and AVIF as it is to be shown; of JPEG and film
        as coded, before a rotation that EXIF or a track's matrix asks for.
    :param height: as ``width``.
    :param size_bytes: number of bytes read.
    :param sha256: hexadecimal SHA-256 of these bytes.
    :param duration_s: of film and sound, in seconds; ``None`` if not known.
    :param doubts: what is odd about the file although it is whole, in words.
    :param c2pa: whether it has a C2PA manifest: who made it, signed. The signature is not checked.
    :param xmp: whether it has XMP metadata.
    """

    media_type: MediaType
    width: int | None
    height: int | None
    size_bytes: int
    sha256: str
    duration_s: float | None = None
    doubts: tuple[str, ...] = ()
    c2pa: bool = False
    xmp: bool = False


PNG = MediaType("image/png", "png", "image")
JPEG = MediaType("image/jpeg", "jpg", "image")
GIF = MediaType("image/gif", "gif", "image")
WEBP = MediaType("image/webp", "webp", "image")
AVIF = MediaType("image/avif", "avif", "image")
HEIC = MediaType("image/heic", "heic", "image")
MP4 = MediaType("video/mp4", "mp4", "video")
QUICKTIME = MediaType("video/quicktime", "mov", "video")
QUICKTIME_AUDIO = MediaType("audio/quicktime", "mov", "audio")
WEBM = MediaType("video/webm", "webm", "video")
WEBM_AUDIO = MediaType("audio/webm", "webm", "audio")
MATROSKA = MediaType("video/x-matroska", "mkv", "video")
MATROSKA_AUDIO = MediaType("audio/x-matroska", "mka", "audio")
OGG_VIDEO = MediaType("video/ogg", "ogv", "video")
M4A = MediaType("audio/mp4", "m4a", "audio")
MP3 = MediaType("audio/mpeg", "mp3", "audio")
WAV = MediaType("audio/wav", "wav", "audio")
OGG_AUDIO = MediaType("audio/ogg", "ogg", "audio")
FLAC = MediaType("audio/flac", "flac", "audio")
AAC = MediaType("audio/aac", "aac", "audio")

ALL_TYPES: tuple[MediaType, ...] = (
    PNG, JPEG, GIF, WEBP, AVIF, HEIC,
    MP4, QUICKTIME, WEBM, MATROSKA, OGG_VIDEO,
    M4A, QUICKTIME_AUDIO, WEBM_AUDIO, MATROSKA_AUDIO, MP3, WAV, OGG_AUDIO, FLAC, AAC,
)  # fmt: skip

_RAW = ("pcm", "ulaw", "alaw")
_OTHER_SPELLINGS = {
    "jpg": ("jpeg", "jpe"),
    "heic": ("heif",),
    "mp4": ("m4v",),
    "m4a": ("m4b", "mp4"),
    "mov": ("qt",),
    "ogg": ("oga", "opus"),
    "wav": ("wave",),
    "mka": ("mkv",),
}

#: File name endings that a fixed output name may have.
KNOWN_EXTENSIONS = (
    frozenset({media_type.extension for media_type in ALL_TYPES})
    .union(*_OTHER_SPELLINGS.values())
    .union(_RAW)
)


def spellings(extension: str) -> frozenset[str]:
    """Return an ending of a file name in all its spellings."""
    extension = extension.lower()
    groups = [(own, *others) for own, others in _OTHER_SPELLINGS.items()]
    return frozenset((extension,)).union(*(group for group in groups if extension in group))
