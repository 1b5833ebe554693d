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


@dataclass(frozen=True)
class MediaFacts:
    """
    What reading a whole file has shown.

    :param media_type: the format, taken from the bytes.
    :param width: in pixels as coded (before any rotation the file asks for); ``None`` if not known.
    :param height: as ``width``.
    :param size_bytes: number of bytes read.
    :param sha256: hexadecimal SHA-256 of these bytes.
    """

    media_type: MediaType
    width: int | None
    height: int | None
    size_bytes: int
    sha256: str


PNG = MediaType("image/png", "png", "image")
JPEG = MediaType("image/jpeg", "jpg", "image")
GIF = MediaType("image/gif", "gif", "image")
WEBP = MediaType("image/webp", "webp", "image")
AVIF = MediaType("image/avif", "avif", "image")
HEIC = MediaType("image/heic", "heic", "image")
MP4 = MediaType("video/mp4", "mp4", "video")
QUICKTIME = MediaType("video/quicktime", "mov", "video")
WEBM = MediaType("video/webm", "webm", "video")
MATROSKA = MediaType("video/x-matroska", "mkv", "video")
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
    M4A, MP3, WAV, OGG_AUDIO, FLAC, AAC,
)  # fmt: skip

_OTHER_SPELLINGS = frozenset({"jpeg", "jpe", "heif", "m4v", "m4b", "oga", "opus", "wave", "qt"})

#: File name endings that a fixed output name may have.
KNOWN_EXTENSIONS = frozenset({media_type.extension for media_type in ALL_TYPES}) | _OTHER_SPELLINGS
