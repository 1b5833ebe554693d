"""Check a media file while it streams by: format, wholeness, dimensions, duration, size and hash."""

from __future__ import annotations

import hashlib
from typing import Final

from airflow_provider_rivya.exceptions import DamagedError, DownloadError, NotMediaError
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.raw import RawSound
from airflow_provider_rivya.media.scanner import CorruptError, Scanner
from airflow_provider_rivya.media.sniff import SIGNATURE_BYTES, describe
from airflow_provider_rivya.media.types import MediaFacts, MediaType
from airflow_provider_rivya.media.walks import UnknownError, walk_media

_MOST_SECONDS: Final = 1e9
_MOST_PIXELS: Final = 1 << 31


class StreamInspector:
    """
    Check one file, fed in chunks of any size, in constant memory.

    What is found: bytes that are no media at all; a file that was cut, or whose checksums do not fit (the
    walks' docstrings name the exceptions). What is only odd is told in :attr:`.MediaFacts.doubts`.

    :param subject: how messages call the file.
    :param raw: the sound without a header that was asked for, if any.
    """

    def __init__(self, subject: str = "The file", raw: RawSound | None = None) -> None:
        self._subject = subject
        self._hash = hashlib.sha256()
        self._count = 0
        self._head = b""
        self._notes = Notes()
        self._scanner: Scanner | None = Scanner(walk_media(self._notes, raw), self._notes)
        self._damage: CorruptError | None = None

    @property
    def media_type(self) -> MediaType | None:
        """
        The format, as soon as enough bytes have come to tell it.

        Of a damaged file it is what the file was taken for.
        """
        return self._notes.media_type or (self._notes.likely if self._damage else None)

    @property
    def looks_like(self) -> MediaType | None:
        """What the bytes so far look like; how it goes on may tell otherwise."""
        return self._notes.media_type or self._notes.likely

    def feed(self, chunk: bytes) -> None:
        """
        Take in the next bytes. Damage is told at the end only: a damaged file is worth being had whole.

        :raises NotMediaError: as soon as it is clear that this is no media file; ``retryable``, since
            an error page in place of a file is often gone a moment later.
        """
        self._hash.update(chunk)
        self._count += len(chunk)
        if len(self._head) < SIGNATURE_BYTES:
            self._head += chunk[: SIGNATURE_BYTES - len(self._head)]
        if self._scanner is None:
            return
        try:
            self._scanner.feed(chunk)
        except CorruptError as error:
            self._stop_at(error)

    def finish(self) -> MediaFacts:
        """
        Tell that the file ends here.

        :return: what it is.
        :raises NotMediaError: as in :meth:`feed`.
        :raises DamagedError: when it is cut or damaged.
        :raises DownloadError: when it is empty.
        """
        if not self._count:
            raise DownloadError(f"{self._subject} is empty.", retryable=True)
        if self._scanner is not None:
            try:
                self._scanner.finish()
            except CorruptError as error:
                self._stop_at(error)
        notes, digest = self._notes, self._hash.hexdigest()
        if self._damage is not None or notes.media_type is None:
            name = self.media_type.mime_type if self.media_type else "media"
            raise DamagedError(f"{self._subject} is a damaged {name} file: {self._damage}.", sha256=digest)
        return MediaFacts(
            media_type=notes.media_type,
            width=_pixels(notes.width),
            height=_pixels(notes.height),
            size_bytes=self._count,
            sha256=digest,
            duration_s=_seconds(notes.duration_s),
            doubts=tuple(notes.doubts),
            c2pa="c2pa" in notes.provenance,
            xmp="xmp" in notes.provenance,
        )

    def _stop_at(self, error: CorruptError) -> None:
        """Stop looking: it is damaged, or no media at all."""
        self._scanner = None
        if isinstance(error, UnknownError) or (self._notes.media_type or self._notes.likely) is None:
            raise NotMediaError(
                f"{self._subject} is not an image, video or audio file: it {describe(self._head)}.",
                retryable=True,
            )
        self._damage = error


def _pixels(told: int | None) -> int | None:
    """Return a width or height that a picture can have; a file may tell any number."""
    return told if told is not None and 0 < told < _MOST_PIXELS else None


def _seconds(told: float | None) -> float | None:
    """Return a duration that film or sound can have: not one that is no number, or has no end."""
    return round(told, 3) if told is not None and 0 < told < _MOST_SECONDS else None
