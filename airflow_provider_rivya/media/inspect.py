"""Check a media file while it streams by: format, wholeness, dimensions, size and hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from airflow_provider_rivya.exceptions import DownloadError, NotMediaError
from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.formats.iso import walk_iso
from airflow_provider_rivya.media.formats.pictures import walk_gif, walk_jpeg, walk_png
from airflow_provider_rivya.media.formats.riff import walk_wav, walk_webp
from airflow_provider_rivya.media.scanner import CorruptError, Rest, Scanner, Size, Walk
from airflow_provider_rivya.media.sniff import (
    HEAD_BYTES,
    SIGNATURE_BYTES,
    describe,
    detect,
    may_be_synced_audio,
)
from airflow_provider_rivya.media.types import MediaFacts, MediaType


def _walk_anything(size: Size) -> Walk:
    """
    For formats that are made to be cut anywhere or whose end cannot be told: only the head is checked.

    Those are WebM, Matroska, Ogg, FLAC, MP3 and ADTS; a cut shows only by a declared length.
    """
    yield Rest()


_WALKS: dict[MediaType, Callable[[Size], Walk]] = {
    types.PNG: walk_png,
    types.JPEG: walk_jpeg,
    types.GIF: walk_gif,
    types.WEBP: walk_webp,
    types.AVIF: partial(walk_iso, image=True),
    types.HEIC: partial(walk_iso, image=True),
    types.MP4: partial(walk_iso, image=False),
    types.QUICKTIME: partial(walk_iso, image=False),
    types.M4A: partial(walk_iso, image=False),
    types.WAV: walk_wav,
}


class StreamInspector:
    """
    Check one file, fed in chunks of any size, in constant memory.

    What is found: bytes that are no media at all; a PNG with any bit wrong; a JPEG, GIF, WebP, AVIF,
    HEIC, MP4, MOV, M4A or WAV that was cut (the walks' docstrings name the exceptions). For WebM,
    Matroska, Ogg, FLAC, MP3 and ADTS only the head is looked at.

    :param subject: how messages call the file.
    """

    def __init__(self, subject: str = "The file") -> None:
        self._subject = subject
        self._hash = hashlib.sha256()
        self._count = 0
        self._head = bytearray()
        self._media_type: MediaType | None = None
        self._scanner: Scanner | None = None
        self._size = Size()

    @property
    def media_type(self) -> MediaType | None:
        """The format, as soon as enough bytes have come to tell it."""
        return self._media_type

    def feed(self, chunk: bytes) -> None:
        """
        Take in the next bytes.

        :raises NotMediaError: as soon as it is clear that this is no media file; ``retryable``, since
            an error page in place of a file is often gone a moment later.
        :raises DownloadError: as soon as the file is seen to be damaged; ``retryable``.
        """
        self._hash.update(chunk)
        self._count += len(chunk)
        if self._scanner is not None:
            self._scan(self._scanner, chunk)
            return
        held = len(self._head)
        self._head += chunk[: HEAD_BYTES - held]
        self._decide(whole=False)
        if self._scanner is not None:
            self._scan(self._scanner, chunk[HEAD_BYTES - held :])

    def finish(self) -> MediaFacts:
        """
        Tell that the file ends here.

        :return: what it is.
        :raises NotMediaError: as in :meth:`feed`.
        :raises DownloadError: when it is empty, cut or damaged.
        """
        if not self._count:
            raise DownloadError(f"{self._subject} is empty.", retryable=True)
        if self._scanner is None:
            self._decide(whole=True)
        if self._scanner is None or self._media_type is None:
            raise self._not_media()
        try:
            self._scanner.finish()
        except CorruptError as error:
            raise self._damaged(error) from None
        return MediaFacts(
            media_type=self._media_type,
            width=self._size.width,
            height=self._size.height,
            size_bytes=self._count,
            sha256=self._hash.hexdigest(),
        )

    def _decide(self, *, whole: bool) -> None:
        head = bytes(self._head)
        media_type = detect(head, whole=whole)
        if media_type is None:
            enough = HEAD_BYTES if may_be_synced_audio(head) else SIGNATURE_BYTES
            if len(head) >= enough:
                raise self._not_media()
            return
        self._media_type = media_type
        self._scanner = Scanner(_WALKS.get(media_type, _walk_anything)(self._size))
        self._head.clear()
        self._scan(self._scanner, head)

    def _scan(self, scanner: Scanner, chunk: bytes) -> None:
        try:
            scanner.feed(chunk)
        except CorruptError as error:
            raise self._damaged(error) from None

    def _not_media(self) -> NotMediaError:
        return NotMediaError(
            f"{self._subject} is not an image, video or audio file: it {describe(bytes(self._head))}.",
            retryable=True,
        )

    def _damaged(self, error: CorruptError) -> DownloadError:
        name = self._media_type.mime_type if self._media_type else "media"
        return DownloadError(f"{self._subject} is a damaged {name} file: {error}.", retryable=True)
