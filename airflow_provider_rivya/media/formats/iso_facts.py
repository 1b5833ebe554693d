"""What the boxes of ISO base media files tell: tracks, durations, and the dimensions of a picture."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

Size = tuple[int, int]

CONTAINERS: Final[dict[bytes, frozenset[bytes]]] = {
    b"moov": frozenset({b"trak", b"mvex"}),
    b"mvex": frozenset(),
    b"trak": frozenset({b"mdia"}),
    b"mdia": frozenset({b"minf"}),
    b"minf": frozenset({b"stbl"}),
    b"stbl": frozenset(),
    b"moof": frozenset({b"traf"}),
    b"traf": frozenset(),
    b"meta": frozenset({b"iprp"}),
    b"iprp": frozenset({b"ipco"}),
    b"ipco": frozenset(),
}
"""Which boxes are looked into, by the box they stand in."""

LEAVES: Final = {
    (b"moov", b"mvhd"): 32,
    (b"mvex", b"mehd"): 12,
    (b"mvex", b"trex"): 16,
    (b"trak", b"tkhd"): 96,
    (b"mdia", b"mdhd"): 32,
    (b"mdia", b"hdlr"): 12,
    (b"stbl", b"stsd"): 44,
    (b"traf", b"tfhd"): 32,
    (b"traf", b"trun"): 1 << 20,
    (b"meta", b"pitm"): 8,
    (b"iprp", b"ipma"): 1 << 20,
    (b"ipco", b"ispe"): 12,
    (b"ipco", b"irot"): 1,
    (b"ipco", b"clap"): 16,
}
"""How many bytes of a box are looked at."""

_STILLS: Final = frozenset({b"jpeg", b"png ", b"mjpa", b"mjpb"})
"""A track of these beside a track of sound holds covers and chapter marks."""
_UNKNOWN: Final = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})
_MOST_TRACKS: Final = 1000
_MOST_PROPERTIES: Final = 0x7FFF
"""No index reaches further (ISO/IEC 23008-12, 9.3.1); of items so many are looked at, too."""


@dataclass
class Track:
    """One track of a film."""

    number: int = 0
    handler: bytes = b""
    codec: bytes = b""
    coded: Size = (0, 0)
    shown: Size = (0, 0)
    scale: int = 0
    sample: int = 0
    """Duration of a sample in a fragment that does not tell its own."""
    length: int = 0
    """Duration of its fragments so far."""

    @property
    def size(self) -> Size:
        """In pixels as coded, whatever their aspect."""
        return self.coded if all(self.coded) else self.shown

    @property
    def is_video(self) -> bool:
        return self.handler == b"vide"


class Film:
    """Everything out of ``moov`` and ``moof``."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._scale = self._length = self._extended = 0
        self._defaults: dict[int, int] = {}
        self._fragment: Track | None = None

    @property
    def handlers(self) -> set[bytes]:
        return {track.handler for track in self.tracks if track.handler}

    @property
    def has_video(self) -> bool:
        """Whether there is more to be seen than the cover of a piece of sound."""
        codecs = {track.codec for track in self.tracks if track.is_video}
        return bool(codecs - _STILLS if b"soun" in self.handlers else codecs)

    @property
    def duration_s(self) -> float | None:
        length = max(self._length, self._extended)
        if length and self._scale:
            return length / self._scale
        return max((track.length / track.scale for track in self.tracks if track.scale), default=0) or None

    def see(self, parent: bytes, kind: bytes, content: bytes) -> None:
        """Take in the first bytes of a box; what is too short for its kind tells nothing."""
        try:
            self._see(parent, kind, content)
        except (struct.error, IndexError):
            return

    def _see(self, parent: bytes, kind: bytes, content: bytes) -> None:
        track = self.tracks[-1] if self.tracks else Track()
        if kind == b"mvhd":
            self._scale, self._length = _times(content)
        elif kind == b"mehd":
            (length,) = struct.unpack_from(">Q" if content[0] else ">I", content, 4)
            self._extended = 0 if length in _UNKNOWN else length
        elif kind == b"trex":
            number, _, sample = struct.unpack_from(">III", content, 4)
            self._defaults[number] = sample
        elif kind == b"trak":
            if len(self.tracks) < _MOST_TRACKS:
                self.tracks.append(Track())
        elif kind == b"tkhd":
            wide = content[0] == 1
            (track.number,) = struct.unpack_from(">I", content, 20 if wide else 12)
            width, height = struct.unpack_from(">H2xH", content, 88 if wide else 76)
            track.shown = width, height
        elif kind == b"mdhd":
            track.scale, _ = _times(content)
        elif (parent, kind) == (b"mdia", b"hdlr"):
            track.handler = content[8:12]
        elif kind == b"stsd" and len(content) >= 16:
            track.codec = content[12:16]
            if track.is_video and len(content) >= 44:
                width, height = struct.unpack_from(">HH", content, 40)
                track.coded = width, height
        elif kind == b"tfhd":
            self._see_fragment(content)
        elif kind == b"trun" and self._fragment is not None:
            self._fragment.length += _run(content, self._fragment.sample)

    def _see_fragment(self, content: bytes) -> None:
        flags, number = struct.unpack_from(">II", content)
        self._fragment = next((track for track in self.tracks if track.number == number), None)
        if self._fragment is not None:
            self._fragment.sample = self._defaults.get(number, 0)
            at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
            if flags & 8:
                (self._fragment.sample,) = struct.unpack_from(">I", content, at)


def _times(content: bytes) -> tuple[int, int]:
    """Read timescale and duration out of ``mvhd`` or ``mdhd``."""
    scale, length = struct.unpack_from(">IQ" if content[0] == 1 else ">II", content, 20 if content[0] else 12)
    return scale, 0 if length in _UNKNOWN else length


def _run(content: bytes, sample: int) -> int:
    """Add up the durations of a run of samples."""
    flags, count = struct.unpack_from(">II", content)
    if not flags & 0x100:
        return int(count * sample)
    at = 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
    width = 4 * sum(bool(flags & flag) for flag in (0x100, 0x200, 0x400, 0x800))
    end = min(len(content), at + width * count)  # the count may be any
    return sum(int.from_bytes(content[place : place + 4], "big") for place in range(at, end, width))


@dataclass
class Picture:
    """Everything out of ``meta`` of an image (ISO/IEC 23008-12)."""

    data_inside: bool = False
    _primary: int | None = None
    _properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    _of_items: dict[int, list[int]] = field(default_factory=dict)

    def see(self, parent: bytes, kind: bytes, content: bytes) -> None:
        """Take in the first bytes of a box; what is too short for its kind tells nothing."""
        if parent == b"ipco":
            if len(self._properties) < _MOST_PROPERTIES:
                self._properties.append((kind, content))
        elif (parent, kind) == (b"meta", b"idat"):
            self.data_inside = True
        elif kind == b"pitm" and len(content) >= 6:
            self._primary = int.from_bytes(content[4:] if content[0] else content[4:6], "big")
        elif kind == b"ipma":
            try:
                self._associate(content)
            except (struct.error, IndexError):
                return

    def _associate(self, content: bytes) -> None:
        version, flags = content[0], content[3]
        (count,) = struct.unpack_from(">I", content, 4)
        at = 8
        for _ in range(min(count, _MOST_PROPERTIES - len(self._of_items))):
            (item,) = struct.unpack_from(">I" if version else ">H", content, at)
            at += 4 if version else 2
            (number,) = struct.unpack_from(">B", content, at)
            at += 1
            form = ">H" if flags & 1 else ">B"
            mask, width = (0x7FFF, 2) if flags & 1 else (0x7F, 1)
            found = [struct.unpack_from(form, content, at + width * step)[0] & mask for step in range(number)]
            at += width * number
            self._of_items[item] = found

    @property
    def size(self) -> Size | None:
        """
        Width and height of the primary item as it is to be shown: cropped and turned in the order given.

        Where it is not told which item that is, it is the largest: thumbnails and tiles are smaller.
        """
        found: Size | None = None
        for index in self._of_items.get(self._primary or 0, ()):
            kind, content = self._properties[index - 1] if 0 < index <= len(self._properties) else (b"", b"")
            if kind == b"ispe" and len(content) == 12:
                found = _extent(content)
            elif kind == b"clap" and len(content) == 16 and found:
                width, width_by, height, height_by = struct.unpack(">IIII", content)
                if width_by and height_by and width >= width_by and height >= height_by:
                    found = round(width / width_by), round(height / height_by)
            elif kind == b"irot" and content and content[0] & 1 and found:
                found = found[1], found[0]
        extents = [
            _extent(content) for kind, content in self._properties if kind == b"ispe" and len(content) == 12
        ]
        return found or max(extents, key=lambda extent: extent[0] * extent[1], default=None)


def _extent(content: bytes) -> Size:
    width, height = struct.unpack_from(">II", content, 4)
    return width, height
