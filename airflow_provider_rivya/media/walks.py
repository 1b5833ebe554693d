"""From a file's first bytes to the walk over its format."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Final

from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.formats.broadcast import (
    ac3_frame,
    eac3_frame,
    follow_each_other,
    layer_2_frame,
    loas_frame,
    ps_packet,
)
from airflow_provider_rivya.media.formats.declared import least_bytes
from airflow_provider_rivya.media.formats.ebml import walk_ebml
from airflow_provider_rivya.media.formats.flac import walk_flac
from airflow_provider_rivya.media.formats.frames import (
    adts_frame,
    first_frames,
    mpeg_frame,
    walk_adts,
    walk_frames,
    walk_mp3,
)
from airflow_provider_rivya.media.formats.iso import walk_iso
from airflow_provider_rivya.media.formats.jpeg import walk_jpeg
from airflow_provider_rivya.media.formats.ogg import walk_ogg
from airflow_provider_rivya.media.formats.pictures import walk_gif, walk_png
from airflow_provider_rivya.media.formats.rare_pictures import (
    walk_boxed,
    walk_j2c,
    walk_pcx,
    walk_qoi,
    walk_tga,
)
from airflow_provider_rivya.media.formats.riff import ByteOrder, walk_chunks, walk_wav, walk_webp
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.raw import RawSound, walk_raw
from airflow_provider_rivya.media.scanner import (
    CorruptError,
    Peek,
    Rest,
    Skip,
    Step,
    TruncatedError,
    Walk,
)
from airflow_provider_rivya.media.sniff import (
    EBML_SIGNATURE,
    HEAD_BYTES,
    MPEG_TS,
    PNG_SIGNATURE,
    SIGNATURE_BYTES,
    TS_PACKET,
    foreign_type,
    id3_bytes,
    is_document,
    is_iso,
    is_riff,
    is_text,
    netpbm_type,
)
from airflow_provider_rivya.media.steps import Counter, pass_by, unchecked, unusual
from airflow_provider_rivya.media.types import MediaType

_Begin = Callable[[Notes], Walk]

_SIGNATURES: Final[tuple[tuple[bytes, MediaType, _Begin], ...]] = (
    (PNG_SIGNATURE, types.PNG, walk_png),
    (b"\xff\xd8\xff", types.JPEG, walk_jpeg),
    (b"GIF87a", types.GIF, walk_gif),
    (b"GIF89a", types.GIF, walk_gif),
    (b"fLaC", types.FLAC, walk_flac),
)
_RIFF: Final[dict[bytes, tuple[MediaType, _Begin]]] = {
    b"WEBP": (types.WEBP, walk_webp),
    b"WAVE": (types.WAV, walk_wav),
}
_BROADCAST: Final = (
    (MediaType("audio/mpeg", "mp2", "audio"), layer_2_frame),
    (MediaType("audio/ac3", "ac3", "audio"), ac3_frame),
    (MediaType("audio/eac3", "eac3", "audio"), eac3_frame),
    (MediaType("audio/mp4a-latm", "latm", "audio"), loas_frame),
    (MediaType("video/mpeg", "mpg", "video"), ps_packet),
)
_RARE: Final[dict[str, _Begin]] = {
    "image/qoi": walk_qoi,
    "image/j2c": walk_j2c,
    "image/jp2": walk_boxed,
    "image/jxl": walk_boxed,
    "image/x-pcx": walk_pcx,
    "image/x-tga": walk_tga,
}
_SYNCED: Final = ((types.MP3, mpeg_frame, walk_mp3), (types.AAC, adts_frame, walk_adts))


class UnknownError(CorruptError):
    """It is no media that is known."""


def walk_media(notes: Notes, raw: RawSound | None = None) -> Walk:
    """
    Tell the format, and walk over the file.

    :param raw: the sound without a header that was asked for: bytes of no known format are that.
    :raises UnknownError: it is no media.
    """
    tagged = yield from _pass_tags(notes)
    head = yield Peek(SIGNATURE_BYTES)
    begin = _by_signature(head, notes)
    if begin is None and not is_text(head):
        head = yield Peek(HEAD_BYTES)
        begin = _by_frames(head, notes, tagged=tagged)
        if begin is None and not tagged and raw is None:
            begin = yield from _behind_zeros(head, notes)
        if begin is None and not tagged:
            begin = _unusual(head, notes, raw)
    if begin is None and tagged:
        raise CorruptError("there is no sound behind its tag")
    if begin is None:
        raise UnknownError("it is of no known format")
    yield from begin(notes)


def _pass_tags(notes: Notes) -> Generator[Step, bytes, bool]:
    """Let tags go by in front of the sound: what it is, the bytes behind them tell."""
    tagged = False
    while size := id3_bytes((yield Peek(10))):
        tagged = True
        notes.likely = types.MP3
        yield from pass_by(notes, size)
    if tagged and not is_iso((yield Peek(12))):  # whose first bytes are zeros
        yield Skip(b"\0")
    return tagged


def _by_signature(head: bytes, notes: Notes) -> _Begin | None:
    for signature, media_type, begin in _SIGNATURES:
        if head.startswith(signature):
            notes.settle(media_type)
            return begin
    if is_riff(head) and head[8:12] in _RIFF:
        media_type, begin = _RIFF[head[8:12]]
        notes.settle(media_type)
        return begin
    if is_iso(head):
        notes.likely = types.QUICKTIME  # until a brand or its tracks tell more
        return walk_iso
    if head.startswith(EBML_SIGNATURE):
        return walk_ebml
    if head.startswith(b"OggS\0"):
        notes.likely = types.OGG_AUDIO
        return walk_ogg
    if (netpbm := netpbm_type(head)) is not None:
        notes.settle(netpbm)
        return _walk_foreign
    return None


def _by_frames(head: bytes, notes: Notes, *, tagged: bool) -> _Begin | None:
    for media_type, read, begin in _SYNCED:
        if first_frames(head, read, whole=len(head) < HEAD_BYTES, tagged=tagged):
            notes.settle(media_type)
            return begin
    for media_type, read in _BROADCAST:
        if follow_each_other(head, read):
            notes.settle(media_type)
            notes.doubt(unusual(media_type))
            return partial(walk_frames, read=read)
    return None


def _behind_zeros(head: bytes, notes: Notes) -> Generator[Step, bytes, _Begin | None]:
    """Look for sound behind the zero bytes that some encoders begin with."""
    sound = head.lstrip(b"\0")
    if len(sound) == len(head) or (
        sound and not (id3_bytes(sound) or mpeg_frame(sound) or adts_frame(sound))
    ):
        return None
    if not sound and len(head) < HEAD_BYTES:
        return None
    yield Skip(b"\0")
    notes.doubt("zero bytes stand in front of it")
    tagged = yield from _pass_tags(notes)
    return _by_frames((yield Peek(HEAD_BYTES)), notes, tagged=tagged)


def _unusual(head: bytes, notes: Notes, raw: RawSound | None) -> _Begin | None:
    """Ask the library; but what was asked for without a header may by chance look like something."""
    foreign = foreign_type(head)
    if raw is not None and (foreign is None or not head[:4].isalnum()) and not is_document(head):
        return lambda notes: walk_raw(notes, raw)
    if foreign is None:
        return None
    notes.settle(foreign)
    if begin := _RARE.get(foreign.mime_type):
        notes.doubt(unusual(foreign))
        return begin
    return _walk_foreign


def _walk_foreign(notes: Notes) -> Walk:
    """Look at the sizes where there are any; little else is known of such a file."""
    notes.doubt(unchecked(notes.likely))
    order: dict[bytes, ByteOrder] = {b"RIFF": "little", b"FORM": "big"}
    head = yield Peek(4)
    if head in order:
        yield from walk_chunks(notes, None, lambda: True, order[head])
        return
    least = least_bytes((yield Peek(HEAD_BYTES)))
    counter = Counter()
    yield Rest(counter)
    if counter.count < least:
        raise TruncatedError(f"at least {least - counter.count} of its bytes are missing")
    if notes.likely is MPEG_TS and counter.count % TS_PACKET:
        raise TruncatedError("it ends inside a packet")
