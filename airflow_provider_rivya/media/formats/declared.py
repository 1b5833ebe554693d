"""How long a file of an unusual format has to be at the least, by what its first bytes declare."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

from airflow_provider_rivya.media.sniff import NETPBM

_BMP_HEADER: Final = 40
_UNKNOWN_32: Final = 0xFFFFFFFF
_UNKNOWN_64: Final = 0xFFFFFFFFFFFFFFFF
_W64: Final = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_STRIPS: Final = {273: 279, 324: 325}
"""TIFF: the tag of the offsets of strips, or of tiles, and that of their sizes."""
_DDS_BLOCKS: Final = {b"DXT1": 8, b"DXT2": 16, b"DXT3": 16, b"DXT4": 16, b"DXT5": 16}
"""DDS: bytes of four by four pixels."""
_DDS_MIPMAPS: Final = 0x20000
_TIFF_TYPES: Final = {3: "H", 4: "I"}


def least_bytes(head: bytes) -> int:
    """
    Return how many bytes a file has at the least; 0 where it does not declare that.

    :param head: its first bytes; what is declared behind them is not seen.
    """
    for signature, read in _READERS:
        if head.startswith(signature):
            try:
                return read(head)
            except (struct.error, IndexError):
                return 0
    return 0


def _bmp(head: bytes) -> int:
    # Its own size is often wrong, and no decoder asks for it.
    offset, header, width, height = struct.unpack_from("<IIii", head, 10)
    if header < _BMP_HEADER:
        return int(offset)
    bits, compression, size = struct.unpack_from("<HII", head, 28)
    row = (abs(width) * bits + 31) // 32 * 4
    return int(offset + (row * abs(height) if compression in (0, 3) else size))


def _icns(head: bytes) -> int:
    return int.from_bytes(head[4:8], "big")


def _au(head: bytes) -> int:
    offset, size = struct.unpack_from(">II", head, 4)
    return int(offset) if size == _UNKNOWN_32 else int(offset + size)


def _w64(head: bytes) -> int:
    size = int.from_bytes(head[16:24], "little")
    return 0 if size >= 1 << 62 else size


def _ico(head: bytes) -> int:
    count = int.from_bytes(head[4:6], "little")
    entries = (struct.unpack_from("<II", head, 6 + 16 * index + 8) for index in range(min(count, 256)))
    return max((size + offset for size, offset in entries), default=0)


def _caf(head: bytes) -> int:
    at = least = 8
    while at + 12 <= len(head):
        size = int.from_bytes(head[at + 4 : at + 12], "big")
        if size == _UNKNOWN_64:
            return at
        at = least = at + 12 + size
    return least


def _flv(head: bytes) -> int:
    at = int.from_bytes(head[5:9], "big")
    while at + 8 <= len(head):
        at += 15 + int.from_bytes(head[at + 5 : at + 8], "big")
    return at


def _netpbm(head: bytes) -> int:
    if (found := NETPBM.match(head)) is None:
        return 0
    bits, colours, *grey = found[1], found[3], found[4], found[5], found[6]
    if bits:
        return found.end() + (int(bits) + 7) // 8 * int(found[2])
    width, height, most = map(int, grey)
    return found.end() + width * height * (3 if colours == b"6" else 1) * (1 if most < 256 else 2)


def _dds(head: bytes) -> int:
    told, height, width, _, _, mipmaps = struct.unpack_from("<IIIIII", head, 8)
    mipmaps = mipmaps if told & _DDS_MIPMAPS else 1
    flags, code, bits = struct.unpack_from("<I4sI", head, 80)
    block = _DDS_BLOCKS.get(code) if flags & 4 else None
    if block is None and (flags & 4 or bits % 8):
        return 128
    size = 128
    for level in range(min(max(mipmaps, 1), 16)):
        across, down = max(width >> level, 1), max(height >> level, 1)
        size += -(-across // 4) * -(-down // 4) * block if block else across * down * bits // 8
    return int(size)


def _tiff(head: bytes) -> int:
    order = "<" if head[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", head, 4)
    if at + 2 > len(head):
        return int(at) + 2
    (count,) = struct.unpack_from(f"{order}H", head, at)
    found = {}
    for index in range(count):
        place = at + 2 + 12 * index
        tag, kind, many = struct.unpack_from(f"{order}HHI", head, place)
        if tag in (*_STRIPS, *_STRIPS.values()) and kind in _TIFF_TYPES:
            found[tag] = list(_values(head, order, place + 8, _TIFF_TYPES[kind], many))
    ends = [at + 2 + 12 * count]
    for offsets, sizes in _STRIPS.items():
        pairs = zip(found.get(offsets, ()), found.get(sizes, ()), strict=False)
        ends += [offset + size for offset, size in pairs]
    return int(max(ends))


def _values(head: bytes, order: str, place: int, form: str, many: int) -> Iterator[int]:
    if many * struct.calcsize(form) > 4:
        (place,) = struct.unpack_from(f"{order}I", head, place)
    for index in range(min(many, len(head))):
        if place + (index + 1) * struct.calcsize(form) > len(head):
            return
        yield struct.unpack_from(f"{order}{form}", head, place + index * struct.calcsize(form))[0]


_READERS: Final[tuple[tuple[bytes, Callable[[bytes], int]], ...]] = (
    (b"BM", _bmp),
    (b"icns", _icns),
    (b".snd", _au),
    (_W64, _w64),
    (b"\0\0\1\0", _ico),
    (b"\0\0\2\0", _ico),
    (b"caff", _caf),
    (b"FLV", _flv),
    (b"DDS ", _dds),
    (b"P4", _netpbm),
    (b"P5", _netpbm),
    (b"P6", _netpbm),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
)
