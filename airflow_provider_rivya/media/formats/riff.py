"""Walks over files made of chunks with a size each: WebP, WAV, and other RIFF and IFF files."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Literal

from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import (
    CorruptError,
    Pass,
    Peek,
    Rest,
    Step,
    Take,
    TruncatedError,
    Walk,
)
from airflow_provider_rivya.media.steps import OPEN_ENDED, Counter, follow, pass_trailer

#: Sizes from here up stand for "unknown": a writer that cannot seek back leaves 0xFFFFFFFF or the like.
_OPEN_END = 0x7FFFF000
#: By so much writers are off who count the pad byte or the outer header wrongly. No chunk fits into it.
_OFF_BY = 8
_PROVENANCE = {b"C2PA": "c2pa", b"XMP ": "xmp"}
_SIZES_OFF = "its sizes do not add up"

ByteOrder = Literal["little", "big"]
Content = Callable[[bytes, int], Generator[Step, bytes, int]]
"""Walks over the start of a chunk of a kind and length; returns how many bytes of it are left."""


def walk_webp(notes: Notes) -> Walk:
    """WebP (RFC 9649 2): its chunks must be there in full; dimensions of the canvas."""

    def content(kind: bytes, length: int) -> Generator[Step, bytes, int]:
        if notes.width is not None or kind not in (b"VP8X", b"VP8 ", b"VP8L") or length < 10:
            return length
        _webp_size(kind, (yield Take(10)), notes)
        return length - 10

    yield from walk_chunks(notes, content, lambda: bool(notes.width and notes.height))
    if not notes.width or not notes.height:
        raise CorruptError("it is a WebP file without a picture")


def _webp_size(kind: bytes, start: bytes, notes: Notes) -> None:
    if kind == b"VP8X":
        notes.width = int.from_bytes(start[4:7], "little") + 1
        notes.height = int.from_bytes(start[7:10], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        if start[0] != 0x2F:
            raise CorruptError("its WebP picture has no signature")
        notes.width, notes.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        if start[3:6] != b"\x9d\x01\x2a":
            raise CorruptError("its WebP picture has no signature")
        notes.width = int.from_bytes(start[6:8], "little") & 0x3FFF
        notes.height = int.from_bytes(start[8:10], "little") & 0x3FFF


class _Sound:
    """What a WAV file tells of its samples."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._rate = self._block = 0
        self._wide: int | None = None
        self.found = False

    def content(self, kind: bytes, length: int) -> Generator[Step, bytes, int]:
        if kind == b"fmt " and length >= 16:
            fields = yield Take(16)
            self._rate = int.from_bytes(fields[8:12], "little")
            self._block = int.from_bytes(fields[12:14], "little")
            return length - 16
        if kind == b"ds64" and length >= 16:
            self._wide = int.from_bytes((yield Take(16))[8:16], "little")
            return length - 16
        if kind != b"data":
            return length
        self.found = True
        if length == 0xFFFFFFFF and self._wide is not None:
            length = self._wide
        elif length == 0 or length >= _OPEN_END:
            counter = Counter()
            yield Rest(counter)
            if self._block and counter.count % self._block:
                raise TruncatedError("it ends inside a sample")
            if counter.count:
                self._notes.doubt(OPEN_ENDED)
            self._tell(counter.count)
            return 0
        self._tell(length)
        return length

    def _tell(self, count: int) -> None:
        if self._rate:
            self._notes.duration_s = count / self._rate


def walk_wav(notes: Notes) -> Walk:
    """
    RIFF/WAVE, RF64 and BW64 (EBU Tech 3306): the chunks must be there in full.

    Where the size of the samples is 0 or nearly 4 GiB their writer did not know it (speech that was
    streamed): all that follows are samples then, and a cut shows only inside one.
    """
    sound = _Sound(notes)
    yield from walk_chunks(notes, sound.content, lambda: sound.found)


def walk_chunks(
    notes: Notes, content: Content | None, complete: Callable[[], bool], order: ByteOrder = "little"
) -> Walk:
    """
    From chunk to chunk. The outer size is asked only whether a further chunk is missing, as many writers
    count it wrongly.

    :param content: looks into chunks; ``None`` for files that are not looked into.
    :param complete: tells whether what the format needs has come.
    """
    start = notes.position
    head = yield Take(12)
    size = int.from_bytes(head[4:8], order)
    unknown = head[:4] in (b"RF64", b"BW64") or size == 0 or size >= _OPEN_END
    end = start + 8 + size
    while True:
        head = yield Peek(8)
        kind, length = head[:4], int.from_bytes(head[4:], order)
        left = end - notes.position
        is_chunk = len(head) == 8 and all(0x20 <= byte < 0x7F for byte in kind)
        if not head or (complete() and (not is_chunk or (left < 8 and not unknown))):
            break
        if len(head) < 8:
            raise TruncatedError("it ends inside a chunk")
        if not is_chunk:
            raise CorruptError("a chunk has no name")
        yield Take(8)
        begun = notes.position
        if kind in _PROVENANCE:
            notes.provenance.add(_PROVENANCE[kind])
        rest = length if content is None else (yield from content(kind, length))
        try:
            yield Pass(rest)
        except TruncatedError:
            if not unknown or not complete() or kind == b"data":
                raise
            notes.doubt(follow(notes.position - begun + 8))
            return
        if (notes.position - begun) & 1 and (pad := (yield Peek(1))):
            if pad != b"\0":
                notes.doubt(_SIZES_OFF)
            yield Pass(pad.count(b"\0"))
    if not complete():
        raise TruncatedError("a part of it that its format needs is missing")
    if unknown:
        yield from pass_trailer(notes)
        return
    missing = end - notes.position - (len(head) if len(head) < 8 else 0)
    if missing > (0 if head else _OFF_BY) and len(head) < 8:
        raise TruncatedError(f"{missing} bytes are missing of what its size says")
    if missing:
        notes.doubt(_SIZES_OFF)
    yield from pass_trailer(notes)
