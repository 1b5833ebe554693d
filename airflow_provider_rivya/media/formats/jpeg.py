"""The walk over JPEG files, and over the further pictures and films that cameras put behind the first."""

from __future__ import annotations

import re
import struct
from collections.abc import Generator

from airflow_provider_rivya.media.formats.iso import walk_iso
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import (
    CorruptError,
    Find,
    Pass,
    Peek,
    Rest,
    Step,
    Take,
    TruncatedError,
    Walk,
)
from airflow_provider_rivya.media.steps import follow

_SOI, _EOI, _SOS, _DNL, _TEM, _APP1, _APP2, _APP11 = 0xD8, 0xD9, 0xDA, 0xDC, 0x01, 0xE1, 0xE2, 0xEB
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

#: A marker that ends a scan: no stuffed zero, no restart, no fill byte.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_MARKER = re.compile(rb"\xff[^\x00\xff]")
#: What a motion photo or a gain map tells of the items behind the picture (Google's container directory).
_ITEM_LENGTH = re.compile(rb'Item:Length\s*=\s*"(\d{1,12})"')
_MP_ENTRIES = 0xB002
_MOST_PICTURES = 64
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
#: Up to the label of the first box (ISO 19566-5), which is "c2pa" where a C2PA manifest begins.
_JUMBF_HEAD = 64
_WINDOW = 4096


def walk_jpeg(notes: Notes) -> Walk:
    """
    JPEG (ITU-T T.81 B.1): from marker to marker to ``EOI``; a frame and a scan must be there.

    JPEG has no checksum, so a cut is found, a flipped bit inside the picture is not. What stands behind the
    picture (multi-picture files, CIPA DC-007; motion photos; gain maps) must be whole as well: another
    JPEG or an MP4 is walked, and where an index in the picture tells how much there is, so much must come.
    Dimensions are those of the first picture as coded, whatever its EXIF orientation says.
    """
    behind, extent = yield from _walk_picture(notes)
    end = done = notes.position
    while (yield from _pass_padding()):
        if (yield Peek(3)) == b"\xff\xd8\xff":
            yield from _walk_picture(Notes(position=notes.position))
            done = notes.position
            continue
        film = Notes()
        yield from walk_iso(film)
        done = notes.position
        for doubt in film.doubts:
            notes.doubt(f"behind its picture: {doubt}")
    unknown = bool((yield Peek(1)))
    yield Rest()
    if notes.position > done:
        notes.doubt(follow(notes.position - done))
    missing = max(end + behind, extent) - notes.position
    if missing > 0 and unknown:
        raise TruncatedError(f"{missing} bytes are missing of what is to stand behind its picture")
    if missing > 0:
        notes.doubt(f"{missing} bytes of further pictures are missing that it says to stand behind its own")


def _pass_padding() -> Generator[Step, bytes, bool]:
    """Let zeros go by up to another picture or film; tell whether there is one."""
    while True:
        shown = yield Peek(_WINDOW)
        zeros = len(shown) - len(shown.lstrip(b"\0"))
        if zeros == _WINDOW:
            yield Pass(_WINDOW - 4)
            continue
        film = zeros >= 3 and shown[zeros + 1 : zeros + 5] == b"ftyp"  # its size begins with zeros
        if not film and shown[zeros : zeros + 3] != b"\xff\xd8\xff":
            return False
        yield Pass(zeros - 3 if film else zeros)
        return True


def _walk_picture(notes: Notes) -> Generator[Step, bytes, tuple[int, int]]:
    """
    Walk over one picture.

    :return: how many bytes it says to stand behind it, and up to which position its index goes.
    """
    yield Take(2)
    frame = scan = in_scan = False
    behind = extent = 0
    while True:
        shown = b"" if in_scan else (yield Peek(2))
        if shown and (shown[0] != 0xFF or shown[1:] == b"\0"):
            notes.doubt("bytes that belong to nothing stand between its segments")
        code = (yield Find(_MARKER_IN_SCAN if in_scan else _MARKER, 2))[1]
        if code == _EOI:
            break
        if code == _SOI:
            raise CorruptError("a JPEG marker stands where none may")
        if code == _TEM or code in _RESTARTS:
            continue
        length = int.from_bytes((yield Take(2)), "big") - 2
        if length < 0:
            raise CorruptError("a JPEG segment has an impossible length")
        in_scan = code == _SOS
        scan = scan or in_scan
        start = notes.position
        if code in (_APP1, _APP2):
            content = yield Take(length)
            if content.startswith(_XMP):
                notes.provenance.add("xmp")
            behind = max(behind, sum(int(size) for size in _ITEM_LENGTH.findall(content)))
            extent = max(extent, start + _index_end(content))
            continue
        fields = yield Take(min(length, _JUMBF_HEAD if code == _APP11 else 5))
        if code == _APP11 and fields.startswith(b"JP") and b"jumb" in fields and b"c2pa" in fields:
            notes.provenance.add("c2pa")
        if code in _FRAMES and len(fields) == 5:
            frame = True
            if notes.width is None:
                notes.width = int.from_bytes(fields[3:5], "big")
                notes.height = int.from_bytes(fields[1:3], "big") or None
        elif code == _DNL and len(fields) >= 2:
            # The number of lines, told behind the first scan by a writer that did not know it before.
            notes.height = notes.height or int.from_bytes(fields[:2], "big")
        yield Pass(length - len(fields))
    if not frame or not scan:
        raise CorruptError("it is a JPEG file without a picture")
    return behind, extent


def _index_end(content: bytes) -> int:
    """Tell how far behind the start of a segment its index of pictures goes (CIPA DC-007, 5.2); 0: none."""
    if content[:4] != b"MPF\0" or content[4:8] not in (b"II*\0", b"MM\0*"):
        return 0
    order, tiff = "<>"[content[4:5] == b"M"], content[4:]
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for number in range(min(count, _MOST_PICTURES)):
            tag, _, size, at = struct.unpack_from(f"{order}HHII", tiff, first + 2 + 12 * number)
            if tag == _MP_ENTRIES:
                entries = [
                    struct.unpack_from(f"{order}II", tiff, at + 4 + 16 * entry)
                    for entry in range(min(size // 16, _MOST_PICTURES))
                ]
                # The first picture is the one that the index stands in: its offset is 0.
                return 4 + max((offset + length for length, offset in entries if offset), default=-4)
    except struct.error:
        pass
    return 0
