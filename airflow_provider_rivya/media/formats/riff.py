"""Walks over the RIFF formats, WebP and WAV."""

from __future__ import annotations

from airflow_provider_rivya.media.scanner import TRAILING_LIMIT, CorruptError, Pass, Rest, Size, Take, Walk

#: Sizes from here up stand for "unknown": a writer that cannot seek back leaves 0xFFFFFFFF or the like.
_RIFF_OPEN_END = 0x7FFFF000


def walk_webp(size: Size) -> Walk:
    """WebP (RFC 9649 2): the RIFF size and the chunks inside must add up; dimensions of the canvas."""
    left = int.from_bytes((yield Take(12))[4:8], "little") - 4
    while left >= 8:
        head = yield Take(8)
        kind, length = head[:4], int.from_bytes(head[4:], "little")
        left -= 8 + length
        if left < 0:
            raise CorruptError("a WebP chunk is longer than the file")
        if size.width is None and kind in (b"VP8X", b"VP8 ", b"VP8L") and length >= 10:
            _webp_size(kind, (yield Take(10)), size)
            length -= 10
        yield Pass(length)
        if head[4] & 1 and left:
            yield Pass(1)
            left -= 1
    if left:
        raise CorruptError("its WebP chunks do not add up to its size")
    if not size.width or not size.height:
        raise CorruptError("it is a WebP file without a picture")
    yield Rest(TRAILING_LIMIT)


def _webp_size(kind: bytes, start: bytes, size: Size) -> None:
    if kind == b"VP8X":
        size.width = int.from_bytes(start[4:7], "little") + 1
        size.height = int.from_bytes(start[7:10], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        if start[0] != 0x2F:
            raise CorruptError("its WebP picture has no signature")
        size.width, size.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        if start[3:6] != b"\x9d\x01\x2a":
            raise CorruptError("its WebP picture has no signature")
        size.width = int.from_bytes(start[6:8], "little") & 0x3FFF
        size.height = int.from_bytes(start[8:10], "little") & 0x3FFF


def walk_wav(size: Size) -> Walk:
    """
    RIFF/WAVE: the RIFF size must be there in full.

    A size of 0 or of nearly 4 GiB means that the writer did not know it (speech that was streamed);
    such a file, and RF64/BW64, is taken as it comes.
    """
    head = yield Take(12)
    length = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or length == 0 or length >= _RIFF_OPEN_END:
        yield Rest()
        return
    if length < 4:
        raise CorruptError("its RIFF size is impossible")
    yield Pass(length - 4)
    yield Rest(TRAILING_LIMIT)
