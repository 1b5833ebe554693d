"""
Undoes what ``Content-Encoding`` of a download says, if the bytes have it.

None is asked for. But object stores keep the header of an upload and give it back with bytes that never had,
or no longer have, that coding (``aws-chunked``, ``gzip``): so the bytes decide.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final

from airflow_provider_rivya.exceptions import DownloadError

PIECE: Final = 256 * 1024
"""Bytes that are decoded at once: however small they were, no more than that are in memory."""

_MAGIC_BYTES: Final = 4


def _gzip(start: bytes) -> Any:
    return zlib.decompressobj(31) if start.startswith(b"\x1f\x8b\x08") else None


def _deflate(start: bytes) -> Any:
    """Two things go by this name: with the head of zlib, as it should be, and without."""
    if len(start) > 1 and start[0] & 15 == 8 and int.from_bytes(start[:2], "big") % 31 == 0:
        return zlib.decompressobj()
    try:
        zlib.decompressobj(-15).decompress(start, PIECE)
    except zlib.error:
        return None
    return zlib.decompressobj(-15)


_DECODERS: Final[dict[str, Callable[[bytes], Any]]] = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate}


def codings(header: str) -> tuple[str, ...]:
    """Return the codings that a header names and that can be undone, the one to be undone first."""
    named = [name.strip().lower() for name in header.split(",")]
    return tuple(name for name in reversed(named) if name in _DECODERS)


def undone(chunks: Iterator[bytes], coding: str, host: str) -> Iterator[bytes]:
    """
    Decode a body, piece by piece; one that does not have the coding goes through as it is.

    :raises DownloadError: it ends inside the coding, or breaks its rules.
    """
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= _MAGIC_BYTES:
            break
    decoder = _DECODERS[coding](start)
    if decoder is None:
        yield start
        yield from chunks
        return
    try:
        for chunk in chain((start,), chunks):
            left, piece = chunk, b""
            while left or len(piece) == PIECE:
                if decoder.eof and (decoder := _DECODERS[coding](left)) is None:
                    return  # what follows the end of the coding is none of the file's
                piece = decoder.decompress(left, PIECE)
                left = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
                yield piece
    except zlib.error as error:
        raise DownloadError(
            f"The {coding} coding of the file from {host} is damaged ({error})", retryable=True
        ) from None
    if not decoder.eof:
        raise DownloadError(f"The file from {host} ends inside its {coding} coding", retryable=True)
