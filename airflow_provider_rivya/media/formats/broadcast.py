"""Headers of what broadcasts are made of: MPEG layer II, AC-3 and LOAS sound, MPEG program streams."""

from __future__ import annotations

from typing import Final

from airflow_provider_rivya.media.formats.frames import HEADER_BYTES, MPEG_RATES, Frame, Read

_SEEN: Final = 3
"""Frames that must follow each other: their sync patterns are short, and many bytes look like one."""
_LAYER_2_KBIT: Final = {
    True: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_AC3_KBIT: Final = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_AC3_RATES: Final = (48000, 44100, 32000)
_AC3_BLOCKS: Final = (1, 2, 3, 6)
_AC3_MOST: Final = 10
"""The last version (``bsid``) of AC-3; later ones are E-AC-3."""
_PACK, _END, _SYSTEM = 0xBA, 0xB9, 0xBB


def layer_2_frame(head: bytes) -> Frame | None:
    """Read the header of an MPEG-1/2 layer II frame (ISO/IEC 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE4:
        return None
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3 or head[3] & 3 == 2:
        return None
    hertz = MPEG_RATES[version][rate]
    length = 144_000 * _LAYER_2_KBIT[version == 3][bitrate - 1] // hertz + (head[2] >> 1 & 1)
    return Frame(length, 1152 / hertz, (version, rate))


def ac3_frame(head: bytes) -> Frame | None:
    """Read the header of an AC-3 frame (ATSC A/52, 5.3)."""
    if len(head) < 6 or head[:2] != b"\x0b\x77" or head[5] >> 3 > _AC3_MOST:
        return None
    rate, size = head[4] >> 6, head[4] & 63
    if rate == 3 or size >> 1 >= len(_AC3_KBIT):
        return None
    hertz, kbit = _AC3_RATES[rate], _AC3_KBIT[size >> 1]
    words = kbit * 96_000 // hertz + (size & 1 if rate == 1 else 0)
    return Frame(2 * words, 1536 / hertz, (rate,))


def eac3_frame(head: bytes) -> Frame | None:
    """Read the header of an E-AC-3 frame (ATSC A/52, E.1.2)."""
    if len(head) < 6 or head[:2] != b"\x0b\x77" or not _AC3_MOST < head[5] >> 3 <= 16 or head[2] >> 6 == 3:
        return None
    rate, blocks = head[4] >> 6, head[4] >> 4 & 3
    if rate == 3 and blocks == 3:
        return None
    seconds = 1536 / (_AC3_RATES[blocks] / 2) if rate == 3 else 256 * _AC3_BLOCKS[blocks] / _AC3_RATES[rate]
    depends = head[2] >> 6 == 1  # it adds channels to the one before it
    return Frame(2 * (((head[2] & 7) << 8 | head[3]) + 1), 0.0 if depends else seconds, (rate,))


def loas_frame(head: bytes) -> Frame | None:
    """Read the header of a LOAS frame, AAC in LATM (ISO/IEC 14496-3, 1.7.2); it tells no duration."""
    if len(head) < 3 or head[0] != 0x56 or head[1] & 0xE0 != 0xE0:
        return None
    length = (head[1] & 31) << 8 | head[2]
    return Frame(3 + length, 0.0, ()) if length > 1 else None


def ps_packet(head: bytes) -> Frame | None:
    """Read the header of a pack or packet of an MPEG program stream (ISO/IEC 13818-1, 2.5.3)."""
    if len(head) < 4 or head[:3] != b"\0\0\1" or head[3] < _END:
        return None
    if head[3] == _END:
        return Frame(4, 0.0, ())
    if head[3] != _PACK:
        return Frame(6 + int.from_bytes(head[4:6], "big"), 0.0, ()) if len(head) >= 6 else None
    if len(head) >= 5 and head[4] >> 4 == 2:  # MPEG-1
        return Frame(12, 0.0, ())
    return Frame(14 + (head[13] & 7), 0.0, ()) if len(head) >= 14 and head[4] >> 6 == 1 else None


def follow_each_other(head: bytes, read: Read) -> bool:
    """
    Tell whether a file begins with several frames of one kind.

    :param head: :data:`.HEAD_BYTES` of it, or all of it.
    """
    at = seen = 0
    first = read(head)
    while first is not None and at < len(head) and seen < _SEEN:
        frame = read(head[at : at + HEADER_BYTES])
        if frame is None or frame.same != first.same:
            return False
        at += frame.length
        seen += 1
    return seen > 1
