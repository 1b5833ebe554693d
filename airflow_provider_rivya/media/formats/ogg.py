"""The walk over Ogg files (RFC 3533): Opus, Vorbis, FLAC and Speex, and film by Theora."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import CorruptError, Pass, Peek, Take, TruncatedError, Walk
from airflow_provider_rivya.media.steps import pass_trailer

_CONTINUED, _FIRST, _LAST = 1, 2, 4
_HEADER_BYTES: Final = 27
_FACTS_BYTES: Final = 64
_MOST_STREAMS: Final = 256
"""Side by side in one file."""
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Checksum:
    """CRC-32 of a page: that of zlib, but with the bits of every byte in the other order."""

    def __init__(self) -> None:
        self._value = 0xFFFFFFFF

    def update(self, data: bytes | memoryview) -> None:
        self._value = zlib.crc32(bytes(data).translate(_MIRRORED), self._value)

    @property
    def value(self) -> int:
        return int(f"{self._value ^ 0xFFFFFFFF:032b}"[::-1], 2)


@dataclass
class _Stream:
    """One logical stream: what its first packet tells, and how far it has come."""

    rate: float = 0.0
    before: int = 0
    """Samples in front of the first that is to be heard."""
    film: bool = False
    shift: int = 0
    """By how many bits the number of a key frame stands above that of the frames since (Theora)."""
    granule: int = 0
    ended: bool = False

    @property
    def duration_s(self) -> float:
        count = self.granule
        if self.shift:
            count = (count >> self.shift) + (count & (1 << self.shift) - 1)
        return (count - self.before) / self.rate if self.rate else 0.0


def walk_ogg(notes: Notes) -> Walk:
    """
    From page to page: every page's checksum is verified, and every stream in it must come to its end.

    So a cut or a flipped bit anywhere is found.
    """
    streams: dict[bytes, _Stream] = {}
    duration = 0.0
    while (head := (yield Peek(_HEADER_BYTES)))[:5] == b"OggS\0":
        if len(head) < _HEADER_BYTES:
            raise TruncatedError("it ends inside a page's header")
        yield Pass(_HEADER_BYTES)
        lacing = (yield Take(head[26])) if head[26] else b""
        check = _Checksum()
        check.update(head[:22] + bytes(4) + head[26:])
        check.update(lacing)
        start = yield Take(min(sum(lacing), _FACTS_BYTES))
        check.update(start)
        yield Pass(sum(lacing) - len(start), check.update)
        if check.value != int.from_bytes(head[22:26], "little"):
            raise CorruptError("the checksum of an Ogg page does not fit")
        serial, flags = head[14:18], head[5]
        if flags & _FIRST:
            if all(stream.ended for stream in streams.values()):
                duration += _duration(streams)  # another file that was put behind the first
                streams.clear()
            if len(streams) >= _MOST_STREAMS:
                raise CorruptError(f"it has more than {_MOST_STREAMS} streams")
            streams[serial] = _stream(start, notes)
        elif notes.media_type is None:
            film = any(stream.film for stream in streams.values())
            notes.settle(types.OGG_VIDEO if film else types.OGG_AUDIO)
        stream = streams.get(serial)
        if stream is None:
            raise CorruptError("an Ogg page belongs to no stream")
        granule = int.from_bytes(head[6:14], "little", signed=True)
        stream.granule = max(stream.granule, granule)
        stream.ended = stream.ended or bool(flags & _LAST)
    if not streams or not all(stream.ended for stream in streams.values()):
        raise TruncatedError("its last page does not end it")
    if notes.media_type is None:
        notes.settle(types.OGG_AUDIO)
    notes.duration_s = duration + _duration(streams) or None
    yield from pass_trailer(notes)


def _duration(streams: dict[bytes, _Stream]) -> float:
    return max((stream.duration_s for stream in streams.values()), default=0.0)


def _stream(packet: bytes, notes: Notes) -> _Stream:
    """Read the first packet of a stream, which begins with the signature of its codec."""
    if packet.startswith(b"OpusHead"):
        return _Stream(48_000, int.from_bytes(packet[10:12], "little"))
    if packet.startswith(b"\x01vorbis"):
        return _Stream(int.from_bytes(packet[12:16], "little"))
    if packet.startswith(b"Speex   "):
        return _Stream(int.from_bytes(packet[36:40], "little"))
    if packet.startswith(b"\x7fFLAC"):
        return _Stream(int.from_bytes(packet[27:30], "big") >> 4)
    if packet.startswith(b"\x80theora"):
        width, height = (int.from_bytes(packet[at : at + 3], "big") for at in (14, 17))
        above, below = (int.from_bytes(packet[at : at + 4], "big") for at in (22, 26))
        shift = (packet[40] & 3) << 3 | packet[41] >> 5 if len(packet) > 41 else 0
        notes.offer_size(width, height)
        return _Stream(above / below if below else 0.0, film=True, shift=shift)
    if not packet.startswith((b"fishead\0", b"fisbone\0")):
        notes.doubt("one of its codecs is not known")
    return _Stream()
