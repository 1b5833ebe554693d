"""Walks over pictures that no gateway is known to make: QOI, JPEG 2000, JPEG XL in boxes, PCX, TGA."""

from __future__ import annotations

import re
import struct
from typing import Final

from airflow_provider_rivya.media.formats.iso import box_header
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import (
    MAX_STEPS,
    CorruptError,
    Find,
    Pass,
    Peek,
    Rest,
    Take,
    TruncatedError,
    Walk,
)
from airflow_provider_rivya.media.steps import OPEN_ENDED, follow, pass_trailer, unchecked

_QOI_END: Final = re.compile(rb"\x00{7}\x01")
_SIZ, _SOT, _EOC = 0xFF51, 0xFF90, 0xFFD9
_END_OF_CODESTREAM: Final = re.compile(rb"\xff\xd9")
_LATER_BOXES: Final = frozenset(
    {
        b"xml ",
        b"uuid",
        b"uinf",
        b"jp2i",
        b"free",
        b"Exif",
        b"jbrd",
        b"brob",
        b"jxli",
        b"jumb",
        b"jxlp",
        b"jxlc",
    }
)
_PCX_PALETTE: Final = 769
_RUN: Final = re.compile(rb"[\xc0-\xff][\x00-\xff]")


def walk_qoi(notes: Notes) -> Walk:
    """QOI ends in eight bytes that no encoder may write before (qoiformat.org)."""
    notes.offer_size(*struct.unpack_from(">II", (yield Take(14)), 4))
    yield Find(_QOI_END, 8)
    yield from pass_trailer(notes)


def walk_j2c(notes: Notes) -> Walk:
    """A JPEG 2000 codestream alone."""
    yield from _walk_codestream(notes)
    yield from pass_trailer(notes)


def _walk_codestream(notes: Notes) -> Walk:
    """From marker to marker, and past each part of a tile by its length (ISO/IEC 15444-1, A)."""
    yield Pass(2)
    while (marker := int.from_bytes((yield Take(2)), "big")) != _EOC:
        if marker < 0xFF00:
            raise CorruptError("there is no marker where one has to be")
        if marker == _SOT:
            size = int.from_bytes((yield Take(8))[4:], "big")
            if not size:  # up to the end
                yield Find(_END_OF_CODESTREAM, 2)
                return
            yield Pass(max(0, size - 10))
        elif not 0xFF30 <= marker <= 0xFF3F:
            left = int.from_bytes((yield Take(2)), "big") - 2
            if marker == _SIZ and left >= 18:
                _, right, bottom, x, y = struct.unpack(">HIIII", (yield Take(18)))
                notes.offer_size(max(0, right - x), max(0, bottom - y))
                left -= 18
            yield Pass(max(0, left))


def walk_boxed(notes: Notes) -> Walk:
    """
    JP2 and JPEG XL in boxes: all of them have to be whole, and the picture's last part among them.

    Of JPEG XL without boxes only a decoder tells whether it is cut.
    """
    if (yield Peek(1)) != b"\0":
        notes.doubt(unchecked(notes.likely))
        yield Rest()
        return
    whole = False
    while head := (yield Peek(16)):
        kind, length, used = box_header(head)
        if whole and kind not in _LATER_BOXES:
            break
        if not kind:
            raise TruncatedError("it ends inside a box header")
        end = None if length is None else notes.position + used + length
        yield Pass(used)
        if kind == b"jp2c":
            yield from _walk_codestream(notes)
        part = (yield Take(4)) if kind == b"jxlp" else b""
        whole = whole or kind in (b"jp2c", b"jxlc") or part[:1] >= b"\x80"
        if end is None:
            if kind == b"jp2c":
                break
            notes.doubt(OPEN_ENDED)
            yield Rest()
        else:
            yield Pass(max(0, end - notes.position))
    if not whole:
        raise TruncatedError("a part of it that its format needs is missing")
    yield from pass_trailer(notes)


def walk_pcx(notes: Notes) -> Walk:
    """PCX says how many bytes its runs unpack to (ZSoft's technical reference manual)."""
    head = yield Take(128)
    left, top, right, bottom = struct.unpack_from("<HHHH", head, 4)
    planes, line = head[65], int.from_bytes(head[66:68], "little")
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or height < 1 or not planes or not line:
        raise CorruptError("it has an impossible size")
    notes.offer_size(width, height)
    runs = _Runs(line * planes * height, packed=head[2] == 1)
    yield Rest(runs)
    behind = runs.behind
    if runs.left > 0:
        raise TruncatedError(f"{runs.left} bytes of its lines are missing")
    if head[1] == 5 and head[3] * planes == 8 and runs.first == 0x0C:
        behind -= _PCX_PALETTE
        if behind < 0:
            raise TruncatedError("it ends inside its palette")
    if behind:
        notes.doubt(follow(behind))


class _Runs:
    """Counts what runs unpack to: two high bits and a count, then the byte that is repeated."""

    def __init__(self, left: int, *, packed: bool) -> None:
        self.left = left
        self.behind = 0
        self.first: int | None = None
        """The byte that stands behind the last line."""
        self._packed = packed
        self._held = b""

    def __call__(self, data: memoryview) -> None:
        piece = self._held + data
        self._held = b""
        if self.left > 0 and self._packed:
            runs, alone = b"".join(_RUN.findall(piece))[::2], _RUN.sub(b"", piece)
            if alone and alone[-1] >= 0xC0:
                self._held, alone = alone[-1:], alone[:-1]
            unpacked = sum(runs) - 0xC0 * len(runs) + len(alone)
            if unpacked <= self.left:
                self.left -= unpacked
                return
            self._held = b""
        at = 0
        while self._packed and self.left > 0 and at < len(piece):
            run = piece[at] >= 0xC0
            self.left -= piece[at] - 0xC0 if run else 1
            at += 2 if run else 1
        if not self._packed:
            at = min(self.left, len(piece))
            self.left -= at
        if at < len(piece) and self.first is None:
            self.first = piece[at]
        self.behind += max(0, len(piece) - at)


def walk_tga(notes: Notes) -> Walk:
    """TGA (Truevision 2.0): so many pixels, or of the types 9, 10 and 11 packets until all have come."""
    head = yield Take(18)
    entries, bits = struct.unpack_from("<HB", head, 5)
    width, height, depth = struct.unpack_from("<HHB", head, 12)
    notes.offer_size(width, height)
    yield Pass(head[0] + entries * ((bits + 7) // 8))
    pixels, size = width * height, (depth + 7) // 8
    if not head[2] & 8:
        yield Pass(pixels * size)
        yield Rest()
        return
    packets = _Packets(pixels, size)
    yield Rest(packets)
    if packets.left > 0 or packets.due > 0:
        raise TruncatedError(f"{max(packets.left, 1)} of its pixels are missing")


class _Packets:
    """
    Counts the pixels of packets.

    :ivar due: bytes of the last packet that have not come.
    """

    def __init__(self, left: int, pixel: int) -> None:
        self.left = left
        self.due = 0
        self._pixel = pixel
        self._seen = 0

    def __call__(self, data: memoryview) -> None:
        at, size = self.due, len(data)
        while at < size and self.left > 0:
            head = data[at]
            count = (head & 0x7F) + 1
            at += 1 + self._pixel * (1 if head & 0x80 else count)
            self.left -= count
            self._seen += 1
        if self._seen > MAX_STEPS:
            raise CorruptError(f"it consists of more than {MAX_STEPS} parts")
        self.due = max(0, at - size)
