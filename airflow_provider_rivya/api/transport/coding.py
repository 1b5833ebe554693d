"""Undoes what a host has packed a file with, although nobody asked for that."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from airflow_provider_rivya.exceptions import DownloadError

_PIECE: Final = 256 * 1024
"""Bytes at once out of a compressed body, however little of it they come from."""
_EITHER: Final = zlib.MAX_WBITS | 32
"""Gzip or deflate, by the first bytes."""
_MOST_MEMBERS: Final = 1000
_PACKED: Final = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def unpacked(chunks: Iterator[bytes], host: str) -> Iterator[bytes]:
    """
    Undo gzip or deflate where the bytes are it, piece by piece; else hand them on as they are.

    Stores keep the name of a coding that their files do not have, so that the bytes decide.
    """
    first = next(chunks, b"")
    while len(first) < 2 and (more := next(chunks, b"")):
        first += more
    if not first.startswith(_PACKED):
        yield first
        yield from chunks
        return
    unpack, members = zlib.decompressobj(wbits=_EITHER), 1
    try:
        while first and not unpack.eof:
            yield unpack.decompress(first, _PIECE)
            first = unpack.unconsumed_tail or unpack.unused_data or next(chunks, b"")
            if unpack.eof and members < _MOST_MEMBERS:  # another one may follow (RFC 1952, 2.2)
                first += next(chunks, b"") if len(first) == 1 else b""
                if first.startswith(_PACKED[0]):
                    unpack, members = zlib.decompressobj(wbits=_EITHER), members + 1
    except zlib.error:
        raise DownloadError(f"The file from {host} cannot be decompressed", retryable=True) from None
    if not unpack.eof:
        raise DownloadError(f"The file from {host} ends before its compression does", retryable=True)
