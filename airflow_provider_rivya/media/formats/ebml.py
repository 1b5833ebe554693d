"""The walk over WebM and Matroska files (RFC 8794, RFC 9559)."""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import CorruptError, Pass, Peek, Step, Take, TruncatedError, Walk
from airflow_provider_rivya.media.steps import pass_by, pass_trailer

_DOCTYPE: Final = 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0xE7, 0xA3, 0xA0, 0xA1
_TRACK_ENTRY, _VIDEO = 0xAE, 0xE0
#: Elements of the segment's own level: SeekHead, Cues, Chapters, Tags, Attachments beside those above.
_LEVEL_1: Final = frozenset(
    {_INFO, _TRACKS, _CLUSTER, 0x114D9B74, 0x1C53BB6B, 0x1043A770, 0x1254C367, 0x1941A469}
)
#: Of a cluster's level: Position, PrevSize, SilentTracks, EncryptedBlock, Void and CRC-32 beside those above.
_LEVEL_2: Final = frozenset({_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, 0xA7, 0xAB, 0x5854, 0xAF, 0xEC, 0xBF})
#: What an element of either level can begin with.
_FIRST_BYTES: Final = frozenset(
    element.to_bytes((element.bit_length() + 7) // 8, "big")[0] for element in _LEVEL_1 | _LEVEL_2
)
_NUMBERS: Final = frozenset({0x2AD7B1, 0x4489, 0x83, 0xB0, 0xBA})
_TIMESTAMP_SCALE, _DURATION, _TRACK_TYPE, _PIXEL_WIDTH, _PIXEL_HEIGHT = 0x2AD7B1, 0x4489, 0x83, 0xB0, 0xBA
_FILM: Final = 1
_INSIDE: Final = {_TRACKS: _TRACK_ENTRY, _TRACK_ENTRY: _VIDEO}
"""Which element is looked into, by the one it stands in."""


@dataclass
class _Facts:
    """What the file tells of itself."""

    webm: bool = False
    scale: int = 1_000_000
    duration: float = 0.0
    last: int = 0
    """The latest time of a block, where no duration is told."""
    cluster: int = 0
    tracks: bool = False
    film: bool = False
    clusters: int = 0

    @property
    def duration_s(self) -> float | None:
        return (self.duration or self.last) * self.scale / 1e9 or None

    def media_type(self) -> types.MediaType:
        film = self.film or not self.tracks
        if self.webm:
            return types.WEBM if film else types.WEBM_AUDIO
        return types.MATROSKA if film else types.MATROSKA_AUDIO


def walk_ebml(notes: Notes) -> Walk:
    """
    From element to element: those of known size must be there in full.

    A recording whose sizes were left open (a live stream) is walked from block to block; a cut between two
    of these is not found. Dimensions are those of the coded picture, the largest of several.
    """
    facts = _Facts()
    _, size = yield from _header()
    if size is None:
        raise CorruptError("its EBML header has no size")
    yield from _walk_head(size, facts, notes)
    element, size = yield from _header()
    if element != _SEGMENT:
        raise CorruptError("it is a Matroska file without a segment")
    end = None if size is None else notes.position + size
    while (shown := (yield Peek(12))) and (end is None or notes.position < end):
        if end is None and facts.clusters and shown[0] not in _FIRST_BYTES:
            break
        element, size, used = _parse(shown)
        yield Take(used)
        if element == _CLUSTER:
            facts.clusters += 1
            if notes.media_type is None:
                notes.settle(facts.media_type())
            yield from _walk_cluster(size, facts, notes)
        elif size is None:
            raise CorruptError("an element has no size")
        elif element in (_INFO, _TRACKS):
            yield from _walk_facts(element, size, facts, notes)
            if element == _TRACKS:
                notes.settle(facts.media_type())
        else:
            yield from pass_by(notes, size)
    if end is not None and notes.position < end:
        raise TruncatedError(f"{end - notes.position} bytes are missing of what its size says")
    if end is not None and notes.position > end:
        notes.doubt("its sizes do not add up")
    if not facts.clusters:
        raise TruncatedError("it is a Matroska file without sound or picture")
    notes.settle(facts.media_type())
    notes.duration_s = facts.duration_s
    yield from pass_trailer(notes)


def _walk_head(left: int, facts: _Facts, notes: Notes) -> Walk:
    end = notes.position + left
    while notes.position < end:
        element, size = yield from _header()
        if size is None or notes.position + size > end:
            raise CorruptError("its EBML header does not add up")
        if element == _DOCTYPE and size < 64:
            # Some writers count the NUL that ends the name.
            name = (yield Take(size)).rstrip(b"\0")
            if name not in (b"webm", b"matroska"):
                raise CorruptError("it is neither WebM nor Matroska")
            facts.webm = name == b"webm"
            notes.likely = facts.media_type()
        else:
            yield Pass(size)
    if notes.likely is None:
        raise CorruptError("it is neither WebM nor Matroska")


def _walk_facts(parent: int, left: int, facts: _Facts, notes: Notes) -> Walk:
    """Walk over ``Info``, or over ``Tracks`` and what of :data:`_INSIDE` stands in it."""
    end = notes.position + left
    picture = [0, 0]
    while notes.position < end:
        element, size = yield from _header()
        if size is None or notes.position + size > end:
            raise CorruptError("an element is longer than the one it stands in")
        if element == _INSIDE.get(parent):
            yield from _walk_facts(element, size, facts, notes)
        elif element in _NUMBERS and 0 < size <= 8:
            content = yield Take(size)
            value = int.from_bytes(content, "big")
            if element == _TIMESTAMP_SCALE:
                facts.scale = value
            elif element == _DURATION and size in (4, 8):
                (facts.duration,) = struct.unpack(">f" if size == 4 else ">d", content)
            elif element == _TRACK_TYPE:
                facts.tracks, facts.film = True, facts.film or value == _FILM
            elif element == _PIXEL_WIDTH:
                picture[0] = value
            elif element == _PIXEL_HEIGHT:
                picture[1] = value
        else:
            yield Pass(size)
    notes.offer_size(*picture)


def _walk_cluster(size: int | None, facts: _Facts, notes: Notes) -> Walk:
    """
    Walk over the blocks of a cluster, if its size is unknown, or for the time of the last one.

    One of unknown size ends where an element of the segment's own level begins (RFC 9559, 6.2).
    """
    if size is not None and facts.duration:
        yield Pass(size)
        return
    end = None if size is None else notes.position + size
    blocks = 0
    while end is None or notes.position < end:
        shown = yield Peek(12)
        if end is None and not (shown or blocks):
            raise TruncatedError("its last cluster holds nothing")
        if end is None and (not shown or shown[0] not in _FIRST_BYTES):
            return
        element, length, used = _parse(shown)
        if end is None and element in _LEVEL_1:
            return
        if end is not None and (length is None or notes.position + used + length > end):
            raise CorruptError("an element is longer than the one it stands in")
        if length is None:
            raise CorruptError("an element has no size")
        yield Take(used)
        blocks += element in (_BLOCK_GROUP, _SIMPLE_BLOCK)
        if element == _BLOCK_GROUP:
            yield from _walk_group(length, facts, notes)
        elif element == _TIMESTAMP and length <= 8:
            facts.cluster = int.from_bytes((yield Take(length)), "big")
        elif element == _SIMPLE_BLOCK:
            yield from _walk_block(length, facts)
        else:
            yield Pass(length)


def _walk_group(left: int, facts: _Facts, notes: Notes) -> Walk:
    end = notes.position + left
    while notes.position < end:
        element, size = yield from _header()
        if size is None or notes.position + size > end:
            raise CorruptError("an element is longer than the one it stands in")
        if element == _BLOCK:
            yield from _walk_block(size, facts)
        else:
            yield Pass(size)


def _walk_block(size: int, facts: _Facts) -> Walk:
    start = yield Take(min(size, 11))
    _, at = _number(start, keep_marker=False)
    time = facts.cluster + int.from_bytes(start[at : at + 2], "big", signed=True)
    facts.last = max(facts.last, time)
    yield Pass(size - len(start))


def _header() -> Generator[Step, bytes, tuple[int, int | None]]:
    element, size, used = _parse((yield Peek(12)))
    yield Take(used)
    return element, size


def _parse(shown: bytes) -> tuple[int, int | None, int]:
    """Read an element's id, its size (``None``: unknown) and the bytes that both take."""
    element, used = _number(shown, keep_marker=True)
    if used > 4:
        raise CorruptError("an element has an impossible id")
    size, width = _number(shown[used:], keep_marker=False)
    unknown = size == (1 << 7 * width) - 1
    return element, None if unknown else size, used + width


def _number(shown: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """Read a number of variable length: its leading zero bits tell how long it is."""
    if not shown:
        raise TruncatedError("it ends inside an element's header")
    width = 9 - shown[0].bit_length()
    if width > 8:
        raise CorruptError("an element has an impossible header")
    if len(shown) < width:
        raise TruncatedError("it ends inside an element's header")
    value = int.from_bytes(shown[:width], "big")
    return value if keep_marker else value & ~(1 << 7 * width), width
