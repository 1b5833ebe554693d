"""Walks over PNG, JPEG and GIF: where the dimensions stand and how to know that the file is whole."""

from __future__ import annotations

import zlib

from airflow_provider_rivya.media.scanner import (
    TRAILING_LIMIT,
    CorruptError,
    Find,
    Pass,
    Rest,
    Size,
    Take,
    Walk,
)
from airflow_provider_rivya.media.sniff import PNG_SIGNATURE


def walk_png(size: Size) -> Walk:
    """
    PNG (W3C PNG 5.3): every chunk's CRC-32 is verified and ``IEND`` must be there.

    A cut or a flipped bit anywhere is found, up to what a 32 bit checksum can tell.
    """
    if (yield Take(8)) != PNG_SIGNATURE:
        raise CorruptError("it has no PNG signature")
    kind = b""
    seen_data = False
    while kind != b"IEND":
        head = yield Take(8)
        first, length, kind = not kind, int.from_bytes(head[:4], "big"), head[4:]
        if length >= 1 << 31 or not kind.isalpha():
            raise CorruptError("a PNG chunk has an impossible header")
        if first != (kind == b"IHDR") or (first and length != 13) or (kind == b"IEND" and length):
            raise CorruptError("its PNG chunks are out of order")
        running = _Crc32(kind)
        if first:
            header = yield Take(13)
            running.update(header)
            size.width, size.height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
        else:
            yield Pass(length, running.update)
        if (yield Take(4)) != running.value.to_bytes(4, "big"):
            raise CorruptError(f"the checksum of its PNG chunk {kind.decode('ascii')} does not fit")
        seen_data = seen_data or kind == b"IDAT"
    if not size.width or not size.height or not seen_data:
        raise CorruptError("it is a PNG file without a picture")
    yield Rest(TRAILING_LIMIT)


class _Crc32:
    def __init__(self, start: bytes) -> None:
        self.value = zlib.crc32(start)

    def update(self, data: bytes | memoryview) -> None:
        self.value = zlib.crc32(data, self.value)


_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def walk_jpeg(size: Size) -> Walk:
    """
    JPEG (ITU-T T.81 B.1): from marker to marker to ``EOI``; a frame and a scan must be there.

    JPEG has no checksum, so a cut is found, a flipped bit inside the picture is not. Another JPEG
    right behind the first (multi-picture files, CIPA DC-007) is walked in the same way.
    """
    yield Take(2)
    yield from _walk_one_jpeg(size)
    while (yield Take(2, short_ok=True)) == b"\xff\xd8":
        yield from _walk_one_jpeg(Size())
    yield Rest(TRAILING_LIMIT)


def _walk_one_jpeg(size: Size) -> Walk:
    frame = scan = in_scan = False
    while True:
        if in_scan:
            yield Find(0xFF)
        elif (yield Take(1))[0] != 0xFF:
            raise CorruptError("a JPEG marker is missing")
        code = 0xFF
        while code == 0xFF:
            code = (yield Take(1))[0]
        if in_scan and (code == 0 or code in _RESTARTS):
            continue
        if code == _EOI:
            break
        if code in (0, _SOI):
            raise CorruptError("a JPEG marker stands where none may")
        in_scan = code == _SOS
        scan = scan or in_scan
        if code in _FRAMES:
            frame = True
            yield from _walk_frame_header(size)
        elif code != _TEM and code not in _RESTARTS:
            yield Pass(_segment_length((yield Take(2)), 2))
    if not frame or not scan:
        raise CorruptError("it is a JPEG file without a picture")


def _segment_length(field: bytes, already: int) -> int:
    """Bytes of a segment still to come, of which the length field and ``already - 2`` more were read."""
    left = int.from_bytes(field, "big") - already
    if left < 0:
        raise CorruptError("a JPEG segment has an impossible length")
    return left


def _walk_frame_header(size: Size) -> Walk:
    left = _segment_length((yield Take(2)), 8)
    fields = yield Take(6)
    if size.width is None:
        size.width = int.from_bytes(fields[3:5], "big")
        # A height of 0 is told by a DNL segment behind the first scan; nobody writes such files.
        size.height = int.from_bytes(fields[1:3], "big") or None
    yield Pass(left)


def walk_gif(size: Size) -> Walk:
    """GIF89a: from block to block to the trailer; at least one image. No checksum exists."""
    head = yield Take(13)
    size.width, size.height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    yield Pass(_table_bytes(head[10]))
    picture = False
    while (kind := (yield Take(1))[0]) != 0x3B:
        if kind == 0x2C:
            picture = True
            descriptor = yield Take(9)
            yield Pass(_table_bytes(descriptor[8]) + 1)
        elif kind == 0x21:
            yield Pass(1)
        elif kind == 0 and picture:
            continue
        else:
            raise CorruptError("a GIF block is of no known kind")
        while length := (yield Take(1))[0]:
            yield Pass(length)
    if not picture:
        raise CorruptError("it is a GIF file without a picture")
    yield Rest(TRAILING_LIMIT)


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
