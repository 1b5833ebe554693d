"""The walk over ISO base media files (ISO/IEC 14496-12): MP4, MOV, M4A, and the images AVIF and HEIC."""

from __future__ import annotations

from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.formats.iso_facts import CONTAINERS, LEAVES, Film, Picture
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import CorruptError, Pass, Peek, Rest, Take, TruncatedError, Walk
from airflow_provider_rivya.media.sniff import iso_type
from airflow_provider_rivya.media.steps import OPEN_ENDED, follow, pass_by, pass_trailer

#: What stands at the top of a file by its standards. Of these a whole one is expected; anything else behind
#: the parts that are needed may as well be no box at all.
_TOP = frozenset(
    {
        *(b"ftyp", b"styp", b"sidx", b"ssix", b"moov", b"moof", b"mdat", b"mfra", b"meta", b"meco", b"free"),
        *(b"skip", b"wide", b"pnot", b"uuid", b"udta", b"pdin", b"prft", b"emsg", b"idat"),
    }
)
#: Boxes of a type that is no four letters (C2PA 2.1, A.5; XMP part 3, 1.2.7).
_PROVENANCE = {
    bytes.fromhex("d8fec3d61b0e483c92975828877ec481"): "c2pa",
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
}
_FTYP_BYTES = 512
#: Only the duration is looked for in them.
_OPTIONAL = frozenset({b"moof", b"traf", b"mvex"})


def walk_iso(notes: Notes) -> Walk:
    """
    From box to box: they must add up to the end, and the necessary ones must be there.

    A cut is found except where a whole file could end as well: between two fragments of a fragmented
    film, and behind the last necessary box. There is no checksum, so a flipped bit inside the media data is
    not found. What a film is, its tracks tell, and not its brand; images need ``meta``, films ``moov``.
    """
    file = _File(notes)
    while head := (yield Peek(16)):
        kind, length, used = box_header(head)
        if file.is_complete and kind not in _TOP:
            if not kind or length is None:
                break
            start = notes.position
            try:
                yield Pass(used + length)
            except TruncatedError:
                notes.doubt(follow(notes.position - start))
            continue
        if len(head) < 8:
            raise TruncatedError("it ends inside a box header")
        if not kind:
            raise CorruptError("a box has an impossible header")
        yield Pass(used)
        if length is None:
            file.seen.add(kind)
            notes.doubt(OPEN_ENDED)
            yield Rest()
        elif kind == b"ftyp":
            brands = yield Take(min(length, _FTYP_BYTES))
            file.see_brands(brands)
            yield Pass(length - len(brands))
        elif kind in CONTAINERS:
            yield from _walk_inside(kind, length, file)
            file.tell(kind)
        else:
            used = 0
            if kind == b"uuid":
                extended = yield Take(min(length, 16))
                used = len(extended)
                if extended in _PROVENANCE:
                    notes.provenance.add(_PROVENANCE[extended])
            yield from pass_by(notes, length - used)
        file.seen.add(kind)
    if not file.is_complete:
        raise TruncatedError("a part of it that its format needs is missing")
    file.conclude()
    yield from pass_trailer(notes)


class _File:
    """What has turned up so far."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._picture: Picture | None = None
        self._film = Film()
        self._quicktime = True
        self.seen: set[bytes] = set()

    @property
    def is_complete(self) -> bool:
        if self._picture is not None:
            data = self._picture.data_inside or b"mdat" in self.seen
            return data and not self.seen.isdisjoint({b"meta", b"moov"})
        return b"moov" in self.seen and not self.seen.isdisjoint({b"mdat", b"moof"})

    def see_brands(self, content: bytes) -> None:
        brands = [content[at : at + 4] for at in (0, *range(8, len(content) - 3, 4))]
        declared = iso_type(brands)
        self._quicktime = declared is types.QUICKTIME
        self._notes.likely = declared
        if declared in (types.AVIF, types.HEIC):
            self._picture = Picture()
            self._notes.settle(declared)
        if declared is None:
            self._notes.doubt("its brand is not known")

    def see(self, parent: bytes, kind: bytes, content: bytes) -> None:
        self._film.see(parent, kind, content)
        if self._picture is not None:
            self._picture.see(parent, kind, content)

    def tell(self, kind: bytes) -> None:
        """Note what is sure once a box has been looked into."""
        if kind != b"moov" or self._picture is not None:
            return
        if not self._film.handlers:
            found = self._notes.likely
        elif self._film.has_video:
            found = types.QUICKTIME if self._quicktime else types.MP4
        elif b"soun" in self._film.handlers:
            found = types.QUICKTIME_AUDIO if self._quicktime else types.M4A
        else:
            found = self._notes.likely
        if found is not None:
            self._notes.settle(found)

    def conclude(self) -> None:
        """Note dimensions and duration."""
        sizes = [track.size for track in self._film.tracks if track.is_video]
        if self._picture is not None and (shown := self._picture.size) is not None:
            sizes = [shown]
        elif self._picture is not None and not sizes:
            raise CorruptError("it is an image file without dimensions")
        for width, height in sizes:
            self._notes.offer_size(width, height)
        if self._picture is None:
            self._notes.duration_s = self._film.duration_s


def box_header(head: bytes) -> tuple[bytes, int | None, int]:
    """Read kind, payload length (``None``: up to the end) and header length; kind ``b""``: it is none."""
    length, kind, used = int.from_bytes(head[:4], "big"), head[4:8], 8
    if length == 1:
        length, used = int.from_bytes(head[8:16], "big"), 16
    if len(head) < used or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
        return b"", None, 0
    if length == 0:
        return kind, None, used
    return (kind, length - used, used) if length >= used else (b"", None, 0)


def _walk_inside(parent: bytes, left: int, file: _File) -> Walk:
    """Walk over the boxes in a box of ``left`` bytes. The depth is that of :data:`.CONTAINERS`."""
    if parent == b"meta":
        if left < 4:
            raise CorruptError("a box has an impossible length")
        yield Pass(4)
        left -= 4
    while left >= 8:
        kind, length, used = box_header((yield Peek(16)))
        if not kind or length is None or used + length > left:
            if parent in _OPTIONAL:
                break
            raise CorruptError("a box is longer than the one it stands in")
        yield Pass(used)
        left -= used + length
        if kind in CONTAINERS.get(parent, ()):
            file.see(parent, kind, b"")
            yield from _walk_inside(kind, length, file)
            continue
        content = b""
        if most := LEAVES.get((parent, kind), 0):
            content = yield Take(min(length, most))
        file.see(parent, kind, content)
        yield Pass(length - len(content))
    yield Pass(left)
