"""The walk over MP3 and ADTS files: one frame after the other, each of which tells its length."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import Pass, Peek, Step, Take, TruncatedError, Walk
from airflow_provider_rivya.media.sniff import HEAD_BYTES, id3_bytes
from airflow_provider_rivya.media.steps import follow

HEADER_BYTES: Final = 16
_WHOLE_HEADER: Final = 8
"""Fewer bytes may be too few to tell a frame."""
_SUMMARY_WITHIN: Final = 64
_SYNC: Final = re.compile(rb"\xff[\xe0-\xfe][^\xff]")
"""With which a header may begin; in a run of 0xFF there is none."""
_TAG_V1_BYTES: Final = 128
_KBIT: Final = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ADTS_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


@dataclass(frozen=True, slots=True)
class Frame:
    """
    The header of one frame.

    :param length: in bytes, header and all; 0: it does not tell (free format).
    :param seconds: how long it sounds.
    :param same: what all frames of one file have in common.
    """

    length: int
    seconds: float
    same: tuple[int, ...]


def mpeg_frame(head: bytes) -> Frame | None:
    """Read the header of an MPEG-1/2/2.5 layer III frame (ISO/IEC 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate == 15 or rate == 3 or head[3] & 3 == 2:
        return None
    first, padding, hertz = version == 3, head[2] >> 1 & 1, MPEG_RATES[version][rate]
    kbit = _KBIT[first][bitrate]
    length = (144 if first else 72) * 1000 * kbit // hertz + padding if kbit else 0
    return Frame(length, (1152 if first else 576) / hertz, (version, rate, bitrate == 0))


def adts_frame(head: bytes) -> Frame | None:
    """Read the header of an ADTS frame (ISO/IEC 13818-7, 6.2)."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return None
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    rate = head[2] >> 2 & 15
    seconds = 1024 * ((head[6] & 3) + 1) / _ADTS_RATES[rate]
    return Frame(length, seconds, (head[1] & 8, head[2] & 0xFC)) if length >= 7 else None


Read = Callable[[bytes], Frame | None]


def first_frames(head: bytes, read: Read, *, whole: bool, tagged: bool) -> int:
    """
    Tell whether a file begins with frames: a header must be valid and lead to another one of its kind.

    :param head: :data:`.HEAD_BYTES` of it, or all of it.
    :param whole: whether it is all of it, so that a single frame may stand alone.
    :param tagged: whether a tag stands in front, so that a single header is enough.
    :return: the length of the first frame; 0: it does not.
    """
    frame = read(head)
    if frame is None:
        return 0
    if not frame.length:
        return _free_length(head, read, frame)
    following = head[frame.length : frame.length + HEADER_BYTES]
    further = read(following)
    if further is not None and further.same == frame.same:
        return frame.length
    ends = whole and (len(head) <= frame.length or following[:3] in (b"TAG", b"APE"))
    return frame.length if ends or tagged or _summary(head[: frame.length]) else 0


def _free_length(head: bytes, read: Read, frame: Frame) -> int:
    """Find the length of frames that do not tell it: all have the same, but for a byte of padding."""
    at = 4
    while (at := head.find(b"\xff", at + 1)) > 0:
        further = read(head[at : at + HEADER_BYTES])
        if further is not None and further.same == frame.same and not further.length:
            return at - (head[2] >> 1 & 1)
    return 0


def walk_mp3(notes: Notes) -> Walk:
    """
    MP3: the last frame must be there in full, and as many frames as a Xing, Info or VBRI header tells.

    Without such a header a cut between two frames is not found. A bit flipped in the sound is not found.
    """
    yield from walk_frames(notes, mpeg_frame)


def walk_adts(notes: Notes) -> Walk:
    """ADTS: the last frame must be there in full. A cut between two frames is not found."""
    yield from walk_frames(notes, adts_frame)


def walk_frames(notes: Notes, read: Read) -> Walk:
    """Go from frame to frame; the last one must be there in full."""
    head = yield Peek(HEAD_BYTES)
    free = 0
    first = read(head)
    if first is not None and not first.length:
        free = _free_length(head, read, first)
    summary = _summary(head[: first.length or free]) if first is not None else None
    start, frames, seconds, last_end = notes.position, 0, 0.0, notes.position
    while shown := (yield Peek(HEADER_BYTES)):
        frame = read(shown)
        if frame is None or (first is not None and frame.same != first.same):
            if len(shown) < _WHOLE_HEADER and head.startswith(shown[:2]):
                raise TruncatedError("it ends inside the header of a frame")
            if (yield from _pass_tag(shown)):
                continue
            found = yield from _resynchronise(notes, read, first)
            if not found:
                break
            continue
        padding = shown[2] >> 1 & 1 if free else 0
        yield Pass(frame.length or free + padding)
        frames += 1
        seconds += frame.seconds
        last_end = notes.position
    if summary is not None:
        frames -= 1
        seconds -= first.seconds if first is not None else 0
        _compare(notes, summary, frames, last_end - start)
    if not frames:
        raise TruncatedError("it has no sound")
    notes.duration_s = seconds or None


def _compare(notes: Notes, summary: _Summary, frames: int, size: int) -> None:
    """Hold what came against what the first frame says; some writers count themselves, too, or tags."""
    if summary.frames and frames + 1 < summary.frames:
        raise TruncatedError(f"{summary.frames - frames} of its {summary.frames} frames are missing")
    if (summary.frames and frames < summary.frames) or (not summary.frames and size < summary.size):
        notes.doubt(
            f"its head says {summary.frames} frames and {summary.size} bytes; {frames} and {size} came"
        )


def _pass_tag(shown: bytes) -> Generator[Step, bytes, bool]:
    """Let a tag go by that stands behind the sound."""
    if shown[:3] == b"TAG":
        yield Take(_TAG_V1_BYTES)
    elif shown[:8] == b"APETAGEX":
        head = yield Take(32)
        size = int.from_bytes(head[12:16], "little")
        yield Pass(size if int.from_bytes(head[20:24], "little") & 1 << 29 else 0)
    elif shown[:3] == b"ID3":
        size = id3_bytes((yield Peek(10)))
        yield Pass(size)
        return bool(size)
    else:
        return False
    return True


def _resynchronise(notes: Notes, read: Read, first: Frame | None) -> Generator[Step, bytes, bool]:
    """Let go by what belongs to no frame, as decoders do; tell whether another frame follows."""
    skipped = 0
    while True:
        shown = yield Peek(HEAD_BYTES)
        for match in _SYNC.finditer(shown, 1):
            at = match.start()
            frame = read(shown[at : at + HEADER_BYTES])
            if frame is not None and (first is None or frame.same == first.same):
                yield Pass(at)
                notes.doubt("bytes that belong to no frame stand between its frames")
                return True
        if len(shown) < HEAD_BYTES:
            yield Pass(len(shown))
            notes.doubt(follow(skipped + len(shown)))
            return False
        yield Pass(len(shown) - HEADER_BYTES)
        skipped += len(shown) - HEADER_BYTES


@dataclass(frozen=True, slots=True)
class _Summary:
    """
    What the first frame says of the others, in place of sound.

    :param frames: how many there are; 0: not told.
    :param size: bytes of all frames, this one too; 0: not told.
    """

    frames: int
    size: int


def _summary(frame: bytes) -> _Summary | None:
    """Read the header by Xing (also called Info), or by Fraunhofer (VBRI)."""
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        size, frames = struct.unpack_from(">II", frame, 46)
        return _Summary(frames, size)
    at = max(frame.find(b"Xing", 0, _SUMMARY_WITHIN), frame.find(b"Info", 0, _SUMMARY_WITHIN))
    if at < 0 or len(frame) < at + 16:
        return None
    flags, *values = struct.unpack_from(">III", frame, at + 4)
    frames = values.pop(0) if flags & 1 else 0
    return _Summary(frames, values.pop(0) if flags & 2 else 0)
