"""The walk over FLAC files (RFC 9639), up to the last sample."""

from __future__ import annotations

import heapq
import re
import sys
from array import array
from functools import cache
from typing import Final

from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import CorruptError, Pass, Rest, Take, TruncatedError, Walk
from airflow_provider_rivya.media.steps import follow

_STREAMINFO: Final = 0
_STREAMINFO_BYTES: Final = 34
_SYNC: Final = re.compile(rb"\xff[\xf8\xf9]")
_HEADER_BYTES: Final = 16
_MOST_FRAME_BYTES: Final = 8 * 1024 * 1024
#: Bytes behind the last frame that are looked for; more only if they are text, zeros or a tag.
_TRAILER_BYTES: Final = 64
_TEXT: Final = bytes((*b"\t\r\n", *range(0x20, 0x7F)))
_TAGS: Final = re.compile(rb"TAG|APETAGEX|ID3[\x02-\x04]\x00")
_BLOCK_SIZES: Final = {
    1: 192,
    **{code: 144 << code for code in range(2, 6)},
    **{c: 1 << c for c in range(8, 16)},
}


def walk_flac(notes: Notes) -> Walk:
    """
    From frame to frame: the checksum of each is verified, and all samples that the head promises must come.

    So a cut or a flipped bit is found, up to what a 16 bit checksum can tell. Where the head promises no
    number of samples (it was streamed), a cut between two frames is not found.
    """
    yield Take(4)
    last, rate, total, longest = False, 0, 0, 0
    while not last:
        head = yield Take(4)
        last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == 0x7F:
            raise CorruptError("a FLAC block is of no known kind")
        if kind == _STREAMINFO and length >= _STREAMINFO_BYTES:
            content = yield Take(_STREAMINFO_BYTES)
            longest = int.from_bytes(content[7:10], "big")
            rate = int.from_bytes(content[10:13], "big") >> 4
            total = int.from_bytes(content[13:18], "big") & (1 << 36) - 1
            length -= _STREAMINFO_BYTES
        yield Pass(length)
    if not rate:
        raise CorruptError("its FLAC head states no sample rate")
    frames = _Frames(longest)
    yield Rest(frames.feed)
    trailing = frames.finish()
    if total and frames.samples < total:
        raise TruncatedError(f"{total - frames.samples} of its {total} samples are missing")
    if not frames.samples:
        raise TruncatedError("it is a FLAC file without sound")
    if trailing:
        notes.doubt(follow(trailing))
    notes.duration_s = frames.samples / rate


class _Frames:
    """
    Takes frames apart as they go by.

    A frame does not tell its length: it ends where the header of the next one begins, which is known by its
    own checksum and by its number.

    :param longest: bytes of the longest frame, as the head tells it; 0 where it does not.
    :ivar samples: how many the frames hold that were whole.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.samples = 0
        self._held = bytearray()
        self._from = 0
        self._block = 0
        self._number = 0
        self._variable = False

    def feed(self, data: memoryview) -> None:
        self._held += data
        while (at := self._next(self._from)) is not None:
            self._end_frame(at)
        self._from = max(1 if self._block else 0, len(self._held) - _HEADER_BYTES + 1)
        if len(self._held) > _MOST_FRAME_BYTES:
            raise CorruptError("a FLAC frame has no end")

    def finish(self) -> int:
        """
        Tell that the file ends here.

        :return: how many bytes follow the last frame.
        """
        self._held += bytes(_HEADER_BYTES)
        while (at := self._next(self._from)) is not None:
            self._end_frame(at)
        del self._held[-_HEADER_BYTES:]
        if not self._block:
            return len(self._held)
        end = _end_of_frame(bytes(self._held), self._longest)
        if end is None:
            raise TruncatedError("its last FLAC frame is cut or damaged")
        self.samples += self._block
        return len(self._held) - end

    def _end_frame(self, at: int) -> None:
        """Close the frame in front of a header."""
        if self._block:
            if crc16(bytes(self._held[:at])):
                raise CorruptError("the checksum of a FLAC frame does not fit")
            self.samples += self._block
        elif at:
            raise CorruptError("its first FLAC frame is missing")
        header = bytes(self._held[at : at + _HEADER_BYTES])
        number, self._block, _ = _header(header) or (0, 0, 0)
        self._variable = bool(header[1] & 1)
        self._number = number + (self._block if self._variable else 1)
        del self._held[:at]
        self._from = 1

    def _next(self, start: int) -> int | None:
        """Find where the next frame begins."""
        for match in _SYNC.finditer(self._held, start, max(start, len(self._held) - _HEADER_BYTES + 2)):
            at = match.start()
            found = _header(bytes(self._held[at : at + _HEADER_BYTES]))
            if found is not None and (found[0] == self._number or not self._block):
                return at
        return None


def _header(head: bytes) -> tuple[int, int, int] | None:
    """Read a frame's number (its first sample's, where block sizes vary), its samples, its header's size."""
    size_code, rate_code = head[2] >> 4, head[2] & 15
    if not size_code or rate_code == 15 or head[3] >> 4 > 10 or head[3] & 1 or head[3] >> 1 & 7 == 3:
        return None
    width = 1 if head[4] < 0x80 else 8 - (head[4] ^ 0xFF).bit_length()
    if (width == 1 and head[4] >= 0x80) or width > 7:
        return None
    number = head[4] if width == 1 else head[4] & (1 << 7 - width) - 1
    for byte in head[5 : 4 + width]:
        number = number << 6 | byte & 0x3F
    at = 4 + width
    if size_code in (6, 7):
        more = size_code - 5
        block = int.from_bytes(head[at : at + more], "big") + 1
        at += more
    else:
        block = _BLOCK_SIZES[size_code]
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return None
    return number, block, at + 1


def _end_of_frame(held: bytes, longest: int) -> int | None:
    """Tell where the last frame ends: at the end of the file, or before a tag or stray bytes."""
    if held[-1] and not crc16(held):  # zeros behind the end would not change it
        return len(held)
    # No pattern: at each byte it would look on to the end of the text that stands there.
    text = min(len(held.rstrip(_TEXT)), len(held.rstrip(b"\0")))
    value, done = 0, 0
    for end in heapq.merge(
        range(longest + 1 if longest < len(held) else 0),  # something else follows for certain
        range(text, min(text + 4, len(held))),  # a checksum may look like text
        (match.start() for match in _TAGS.finditer(held)),
        range(max(0, len(held) - _TRAILER_BYTES), len(held)),
    ):
        value = crc16(held[done:end], value)
        done = end
        if end > _HEADER_BYTES and not value:
            return end
    return None


def _by_byte(bits: int, polynomial: int) -> list[int]:
    """Return what a checksum of so many bits comes to for each byte."""
    singles, top = [], 1 << bits - 1
    for byte in range(256):
        value = byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value & top else 0)) & (1 << bits) - 1
        singles.append(value)
    return singles


_CRC8: Final = _by_byte(8, 0x07)


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value = _CRC8[value ^ byte]
    return value


@cache
def _tables() -> tuple[list[int], list[int]]:
    """CRC-16 (polynomial 0x8005) by byte, and by pair of bytes: a step for two takes half the time."""
    singles = _by_byte(16, 0x8005)
    once = [(value << 8 & 0xFFFF) ^ singles[value >> 8] for value in range(1 << 16)]
    return singles, [once[value] for value in once]


def crc16(data: bytes, value: int = 0) -> int:
    """Checksum of a frame, which ends in the checksum itself: 0 if nothing is wrong."""
    singles, pairs = _tables()
    words = array("H", data[: len(data) & ~1])
    if sys.byteorder == "little":
        words.byteswap()
    for word in words:
        value = pairs[value ^ word]
    return (value << 8 & 0xFFFF) ^ singles[value >> 8 ^ data[-1]] if len(data) & 1 else value
