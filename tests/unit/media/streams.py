"""Media files of any size, made while they are read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tests.unit.media.samples import box, track


def png_stream(size: int) -> Iterator[bytes]:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    yield b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0))
    piece = bytes(64 * 1024)
    checksum = zlib.crc32(b"IDAT")
    yield struct.pack(">I", size) + b"IDAT"
    for _ in range(size // len(piece)):
        checksum = zlib.crc32(piece, checksum)
        yield piece
    yield struct.pack(">I", checksum) + chunk(b"IEND", b"")


def film_stream(size: int) -> Iterator[bytes]:
    yield box(b"ftyp", b"isom" + bytes(4)) + struct.pack(">I4s", 8 + size, b"mdat")
    piece = bytes(64 * 1024)
    for _ in range(size // len(piece)):
        yield piece
    yield struct.pack(">I4s", 8 + size // 4 + len(track(b"vide", 6, 4)), b"moov") + track(b"vide", 6, 4)
    yield struct.pack(">I4s", size // 4, b"udta") + bytes(len(piece) - 8)
    for _ in range(size // 4 // len(piece) - 1):
        yield piece
