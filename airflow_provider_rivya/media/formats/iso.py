"""The walk over ISO base media files (ISO/IEC 14496-12): MP4, MOV, M4A, and the images AVIF and HEIC."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from airflow_provider_rivya.media.scanner import (
    TRAILING_LIMIT,
    CorruptError,
    Pass,
    Rest,
    Size,
    Step,
    Take,
    TruncatedError,
    Walk,
)

#: Which boxes are looked into, by the box they stand in. Only the way to the dimensions is followed.
_INSIDE: dict[bytes, frozenset[bytes]] = {
    b"moov": frozenset({b"trak"}),
    b"trak": frozenset({b"mdia"}),
    b"meta": frozenset({b"iprp"}),
    b"iprp": frozenset({b"ipco"}),
}
#: Payload of a track header, version 0 to 1; its last eight bytes are width and height (16.16).
_TKHD_BYTES = range(84, 97)


def walk_iso(size: Size, *, image: bool) -> Walk:
    """
    From box to box: they must add up to the end, and the necessary ones must be there.

    A cut is found except where a whole file could end as well: between two fragments of a fragmented
    film, behind the last necessary box, and inside a last box that says "up to the end" (size 0).
    There is no checksum, so a flipped bit inside the media data is not found.

    :param image: AVIF/HEIC, which need ``meta`` (dimensions: its largest ``ispe``; thumbnails and
        tiles are smaller); else a film or sound, which need ``moov`` (dimensions: the ``tkhd`` of the
        largest video track).
    """
    found = _Found(size)
    seen: set[bytes] = set()
    while True:
        kind, length, _ = yield from _box_header(short_ok=True)
        if not kind.strip(b"\0"):
            # The end of the file, or NULs that somebody padded it with.
            yield Rest(TRAILING_LIMIT)
            break
        seen.add(kind)
        if length is None:
            yield Rest()
            break
        if (kind == b"moov" and not image) or (kind == b"meta" and image):
            yield from _walk_inside(kind, length, found)
        else:
            yield Pass(length)
    _check_complete(seen, found, image=image)


@dataclass
class _Found:
    """What has turned up inside the boxes."""

    size: Size
    data_inside: bool = False
    is_video_track: bool = False
    track: tuple[int, int] = (0, 0)

    def offer(self, width: int, height: int) -> None:
        if width * height > (self.size.width or 0) * (self.size.height or 0):
            self.size.width, self.size.height = width, height


def _check_complete(seen: set[bytes], found: _Found, *, image: bool) -> None:
    if image:
        whole = b"meta" in seen and (found.data_inside or b"mdat" in seen)
    else:
        whole = b"moov" in seen and bool(seen & {b"mdat", b"moof"})
    if not whole:
        raise TruncatedError("a part of it that its format needs is missing")
    if image and found.size.width is None:
        raise CorruptError("it is an image file without dimensions")


def _box_header(*, short_ok: bool = False) -> Generator[Step, bytes, tuple[bytes, int | None, int]]:
    """Read kind, payload length (``None``: up to the end) and header length; kind ``b""`` at the end."""
    head = yield Take(8, short_ok=short_ok)
    if len(head) < 8 and not head.strip(b"\0"):
        return b"", None, 0
    if len(head) < 8:
        raise TruncatedError("it ends inside a box header")
    length, kind, used = int.from_bytes(head[:4], "big"), head[4:], 8
    if length == 0:
        return kind, None, used
    if length == 1:
        length, used = int.from_bytes((yield Take(8)), "big"), 16
    if length < used:
        raise CorruptError("a box has an impossible length")
    return kind, length - used, used


def _walk_inside(parent: bytes, left: int, found: _Found) -> Walk:
    """Walk over the boxes in a box of ``left`` bytes. The depth is that of :data:`_INSIDE`."""
    if parent == b"meta":
        if left < 4:
            raise CorruptError("a box has an impossible length")
        yield Pass(4)
        left -= 4
    while left >= 8:
        kind, length, used = yield from _box_header()
        if length is None or used + length > left:
            raise CorruptError("a box is longer than the one it stands in")
        left -= used + length
        if kind == b"trak":
            found.is_video_track, found.track = False, (0, 0)
        if kind in _INSIDE.get(parent, ()):
            yield from _walk_inside(kind, length, found)
            if kind == b"trak" and found.is_video_track:
                found.offer(*found.track)
        else:
            yield from _walk_leaf(parent, kind, length, found)
    yield Pass(left)


def _walk_leaf(parent: bytes, kind: bytes, length: int, found: _Found) -> Walk:
    if (parent, kind) == (b"trak", b"tkhd") and length in _TKHD_BYTES:
        fields = (yield Take(length))[-8:]
        found.track = int.from_bytes(fields[:2], "big"), int.from_bytes(fields[4:6], "big")
    elif (parent, kind) == (b"mdia", b"hdlr") and length >= 12:
        found.is_video_track = (yield Take(12))[8:] == b"vide"
        yield Pass(length - 12)
    elif (parent, kind) == (b"ipco", b"ispe") and length == 12:
        fields = yield Take(12)
        found.offer(int.from_bytes(fields[4:8], "big"), int.from_bytes(fields[8:], "big"))
    else:
        found.data_inside = found.data_inside or (parent, kind) == (b"meta", b"idat")
        yield Pass(length)
