"""
A file's format, told from its first bytes alone.

Names and ``Content-Type`` headers are never asked: both come from outside and are often wrong.
An own table, since the formats are few and each signature is fixed by its specification:
PNG (W3C PNG 5.2), JPEG (ITU-T T.81 B.1), GIF89a 17, WebP (RFC 9649), ISO base media files
(ISO/IEC 14496-12, 4.3; brands as registered at mp4ra.org), QuickTime File Format,
EBML (RFC 8794, 11.2), MPEG audio (ISO/IEC 11172-3, 2.4.1.3), ID3v2.4, ADTS (ISO/IEC 13818-7, 6.2),
RIFF/WAVE and RF64 (EBU Tech 3306), Ogg (RFC 3533), FLAC (RFC 9639).

Left out on purpose: SVG (a program, not a picture), BMP (its signature is two letters that any text
may begin with) and AVI.
"""

from __future__ import annotations

from airflow_provider_rivya.media.types import (
    AAC,
    AVIF,
    FLAC,
    GIF,
    HEIC,
    JPEG,
    M4A,
    MATROSKA,
    MP3,
    MP4,
    OGG_AUDIO,
    OGG_VIDEO,
    PNG,
    QUICKTIME,
    WAV,
    WEBM,
    WEBP,
    MediaType,
)

#: After this many bytes a format with a proper signature is known.
SIGNATURE_BYTES = 128
#: After this many bytes every format is known: the longest ADTS frame (13 bits of length) and the
#: header of the one after it, which raw MPEG audio needs, as it has no signature but a sync pattern.
HEAD_BYTES = 8192 + 16

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EBML = b"\x1a\x45\xdf\xa3"
_DOCTYPE = b"\x42\x82"

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "})
_VIDEO_BRANDS = frozenset(
    {
        *(b"isom", b"mp41", b"mp42", b"mp71", b"avc1", b"av01", b"hvc1", b"dash", b"M4V ", b"M4VH", b"M4VP"),
        *(b"f4v ", b"F4V ", b"MSNV", b"XAVC", b"cmfc", b"cmff", b"cmfs", b"mmp4", b"NDSC"),
        *(b"iso%d" % digit for digit in range(2, 10)),
        *(b"3gp%d" % digit for digit in range(4, 10)),
        *(b"3g2a", b"3g2b", b"3g2c"),
    }
)


def detect(head: bytes, *, whole: bool = False) -> MediaType | None:
    """
    Tell the format of a file. An answer, once given, does not change when more bytes are shown.

    :param head: its first bytes; :data:`SIGNATURE_BYTES` are enough for all but raw MPEG audio,
        :data:`HEAD_BYTES` for all.
    :param whole: whether ``head`` is the whole file, so that a single audio frame may stand alone.
    :return: ``None`` when it is none of the known formats, or ``head`` is too short to tell.
    """
    return _by_signature(head[:SIGNATURE_BYTES], whole) or _synced_audio(head, whole)


def _by_signature(head: bytes, whole: bool) -> MediaType | None:
    if head.startswith(PNG_SIGNATURE):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso_brand(head, whole)
    if len(head) >= 8 and head[0] == 0 and head[4:8] in (b"moov", b"mdat", b"wide"):
        return QUICKTIME
    if head.startswith(_EBML):
        return _ebml_doctype(head)
    if head.startswith(b"OggS\x00"):
        return _ogg_codec(head)
    if head.startswith(b"fLaC"):
        return FLAC
    # ID3v2: two version bytes, flags, then four bytes of size that are all below 0x80.
    if head.startswith(b"ID3") and len(head) >= 10 and 0xFF not in head[3:5] and max(head[6:10]) < 0x80:
        return MP3
    return None


def describe(head: bytes) -> str:
    """Say what bytes that are no media look like, without quoting them: they may hold anything."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        return "is empty"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "looks like an HTML page"
    if text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!doctype svg")) and b"<svg" in text):
        return "looks like an SVG drawing, which is not accepted"
    if text.startswith((b"<?xml", b"<error")):
        return "looks like an XML document, as object stores answer with on errors"
    if text.startswith((b"{", b"[")):
        return "looks like JSON"
    for signature, name in ((b"%pdf", "a PDF"), (b"pk\x03\x04", "a ZIP archive"), (b"\x1f\x8b", "gzip data")):
        if text.startswith(signature):
            return f"looks like {name}"
    if all(byte >= 0x20 or byte in b"\t\r\n" for byte in head[:SIGNATURE_BYTES]):
        return "looks like plain text"
    return f"begins with the bytes {head[:8].hex(' ')}"


def may_be_synced_audio(head: bytes) -> bool:
    """Whether it takes more than :data:`SIGNATURE_BYTES` to tell: a sync pattern stands at the start."""
    return len(head) < 2 or (head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


def _iso_brand(head: bytes, whole: bool) -> MediaType | None:
    """The first known brand decides: the major one, else one of the compatible ones."""
    size = int.from_bytes(head[:4], "big")
    if size < 16 or (len(head) < min(size, SIGNATURE_BYTES) and not whole):
        return None
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)) - 3, 4))]
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return AVIF
        if brand in _HEIC_BRANDS:
            # MIAF images of every codec begin with mif1; only the list tells them apart.
            return AVIF if _AVIF_BRANDS.intersection(brands) else HEIC
        if brand == b"qt  ":
            return QUICKTIME
        if brand in _AUDIO_BRANDS:
            return M4A
        if brand in _VIDEO_BRANDS:
            return MP4
    return None


def _ebml_doctype(head: bytes) -> MediaType | None:
    at = head.find(_DOCTYPE, 4, SIGNATURE_BYTES)
    if at < 0 or at + 2 >= len(head):
        return None
    length = head[at + 2] & 0x7F
    return {b"webm": WEBM, b"matroska": MATROSKA}.get(head[at + 3 : at + 3 + length])


def _ogg_codec(head: bytes) -> MediaType | None:
    """The first page holds one packet, which begins with the codec's own signature."""
    if len(head) < 27 + 1 + 8:
        return None
    packet = head[27 + head[26] :]
    if packet.startswith((b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")):
        return OGG_AUDIO
    return OGG_VIDEO if packet.startswith(b"\x80theora") else None


def _synced_audio(head: bytes, whole: bool) -> MediaType | None:
    """Raw MPEG audio has no signature: a frame header must be valid and lead to another one."""
    for media_type, frame_length in ((MP3, _mpeg_frame_length), (AAC, _adts_frame_length)):
        first = frame_length(head)
        if first and (frame_length(head[first : first + 8]) or (whole and len(head) == first)):
            return media_type
    return None


_LAYER3_KBIT = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mpeg_frame_length(head: bytes) -> int:
    """Bytes of an MPEG-1/2/2.5 layer III frame, 0 if its header is not valid."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return 0
    samples, padding = (144 if version == 3 else 72), head[2] >> 1 & 1
    return samples * 1000 * _LAYER3_KBIT[version == 3][bitrate] // _SAMPLE_RATES[version][rate] + padding


def _adts_frame_length(head: bytes) -> int:
    """Bytes of an ADTS frame, 0 if its header is not valid."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= 7 else 0
