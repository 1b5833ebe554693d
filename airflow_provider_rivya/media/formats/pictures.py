"""Walks over PNG and GIF: where the dimensions stand and how to know that the file is whole."""

from __future__ import annotations

import zlib

from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import CorruptError, Pass, Take, Walk
from airflow_provider_rivya.media.sniff import PNG_SIGNATURE
from airflow_provider_rivya.media.steps import pass_trailer

_XMP_KEYWORD = b"XML:com.adobe.xmp\0"


def walk_png(notes: Notes) -> Walk:
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
            notes.width, notes.height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
        else:
            head = yield Take(min(length, len(_XMP_KEYWORD)) if kind == b"iTXt" else 0)
            running.update(head)
            if kind == b"caBX" or head == _XMP_KEYWORD:
                notes.provenance.add("c2pa" if kind == b"caBX" else "xmp")
            yield Pass(length - len(head), running.update)
        if (yield Take(4)) != running.value.to_bytes(4, "big"):
            raise CorruptError(f"the checksum of its PNG chunk {kind.decode('ascii')} does not fit")
        seen_data = seen_data or kind == b"IDAT"
    if not notes.width or not notes.height or not seen_data:
        raise CorruptError("it is a PNG file without a picture")
    yield from pass_trailer(notes)


class _Crc32:
    def __init__(self, start: bytes) -> None:
        self.value = zlib.crc32(start)

    def update(self, data: bytes | memoryview) -> None:
        self.value = zlib.crc32(data, self.value)


def walk_gif(notes: Notes) -> Walk:
    """GIF89a: from block to block to the trailer; at least one image. No checksum exists."""
    head = yield Take(13)
    notes.width, notes.height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
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
    yield from pass_trailer(notes)


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
