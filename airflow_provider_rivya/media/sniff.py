"""
A file's format, told from its first bytes alone.

Names and ``Content-Type`` headers are never asked: both come from outside and are often wrong.
An own table for the formats that gateways make, as each signature is fixed by its specification:
PNG (W3C PNG 5.2), JPEG (ITU-T T.81 B.1), GIF89a 17, WebP (RFC 9649), ISO base media files
(ISO/IEC 14496-12, 4.3; brands as registered at mp4ra.org), QuickTime File Format,
EBML (RFC 8794, 11.2), MPEG audio (ISO/IEC 11172-3, 2.4.1.3), ID3v2.4, ADTS (ISO/IEC 13818-7, 6.2),
RIFF/WAVE and RF64 (EBU Tech 3306), Ogg (RFC 3533), FLAC (RFC 9639), MPEG transport streams
(ISO/IEC 13818-1, 2.4.3.2). For all others the word of a library is taken (puremagic).

Left out on purpose: SVG (a program, not a picture) and whatever is text.
"""

from __future__ import annotations

import re
from typing import Final

from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.types import ALL_TYPES, Kind, MediaType

#: After this many bytes a format with a proper signature is known.
SIGNATURE_BYTES: Final = 128
#: After this many bytes every format is known: the longest ADTS frame (13 bits of length) and the
#: header of the one after it, which raw MPEG audio needs, as it has no signature but a sync pattern.
HEAD_BYTES: Final = 8192 + 16

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
EBML_SIGNATURE: Final = b"\x1a\x45\xdf\xa3"

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
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

TS_PACKET: Final = 188
_TS_PACKETS: Final = 5
_BMP: Final = MediaType("image/bmp", "bmp", "image")
_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
MPEG_TS: Final = MediaType("video/mp2t", "ts", "video")
_TGA: Final = MediaType("image/x-tga", "tga", "image")
_TGA_DEPTHS: Final = {1: (8,), 2: (15, 16, 24, 32), 3: (8, 16)}
_GAP: Final = rb"(?:\s|#[^\n]*\n)+"
NETPBM: Final = re.compile(
    rb"P(?:4%b([1-9]\d{0,6})%b([1-9]\d{0,6})|([56])%b([1-9]\d{0,6})%b([1-9]\d{0,6})%b([1-9]\d{0,4}))\s"
    % ((_GAP,) * 5)
)
"""The head of a binary picture; the forms in digits are text."""
_NETPBM_TYPES: Final = {
    b"P4": MediaType("image/x-portable-bitmap", "pbm", "image"),
    b"P5": MediaType("image/x-portable-graymap", "pgm", "image"),
    b"P6": MediaType("image/x-portable-pixmap", "ppm", "image"),
}

_OTHERS: Final = (
    (bytes.fromhex("726966662e91cf11a5d628db04c10000"), MediaType("audio/x-w64", "w64", "audio")),
    (bytes.fromhex("ff4fff51"), MediaType("image/j2c", "j2c", "image")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", MediaType("image/jp2", "jp2", "image")),
    (b"\0\0\0\x0cJXL \r\n\x87\n", MediaType("image/jxl", "jxl", "image")),
    (b"\xff\x0a", MediaType("image/jxl", "jxl", "image")),
    (b"qoif", MediaType("image/qoi", "qoi", "image")),
    (b"DDS |\0\0\0", MediaType("image/vnd-ms.dds", "dds", "image")),
    (b"#!AMR", MediaType("audio/amr", "amr", "audio")),
    (b"DSD \x1c\0\0\0", MediaType("audio/x-dsf", "dsf", "audio")),
)
"""What the library does not know, or not by enough bytes."""

_LEAST_MATCH: Final = 4
"""Bytes of a signature that the library's word is taken for; fewer stand at the head of many a file."""


def is_riff(head: bytes) -> bool:
    """Whether it is a RIFF file, of any kind, or its big brother RF64."""
    return head[:4] in (b"RIFF", b"RF64", b"BW64")


def is_iso(head: bytes) -> bool:
    """Whether it begins with a box of an ISO base media or QuickTime file."""
    return len(head) >= 8 and head[4:8] in _FIRST_BOXES and (head[0] == 0 or head[:4] == b"\0\0\0\1")


def iso_type(brands: list[bytes]) -> MediaType | None:
    """Tell what a file says it is: by the major brand, or else by the first known compatible one."""
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return types.AVIF
        if brand in _HEIC_BRANDS:
            # MIAF images of every codec begin with mif1; only the list tells them apart.
            return types.AVIF if _AVIF_BRANDS.intersection(brands) else types.HEIC
        if brand == b"qt  ":
            return types.QUICKTIME
        if brand in _AUDIO_BRANDS:
            return types.M4A
        if brand in _VIDEO_BRANDS:
            return types.MP4
    return None


def id3_bytes(head: bytes) -> int:
    """Bytes of the ID3v2 tag that stands here; 0: there is none."""
    # Two version bytes, flags, then four bytes of size that are all below 0x80.
    if head[:3] != b"ID3" or len(head) < 10 or 0xFF in head[3:5] or max(head[6:10]) >= 0x80:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    return size + (20 if head[5] & 0x10 else 10)


def is_transport_stream(head: bytes) -> bool:
    """Whether a packet of an MPEG transport stream begins wherever one should."""
    marks = head[: TS_PACKET * _TS_PACKETS : TS_PACKET]
    return marks == b"G" * _TS_PACKETS


def netpbm_type(head: bytes) -> MediaType | None:
    """Tell whether it is a binary PBM, PGM or PPM: of a bright one the first bytes look like text."""
    return _NETPBM_TYPES[head[:2]] if NETPBM.match(head) else None


def is_tga(head: bytes) -> bool:
    """
    Whether it is a Truevision TGA picture, as far as a file without a signature tells.

    Every field of its header has to be one that writers put there.
    """
    if len(head) < 18 or head[3:5] != bytes(2) or head[8:12] != bytes(4):
        return False
    form, compressed = head[2] & ~8, head[2] & 8
    entries, bits = int.from_bytes(head[5:7], "little"), head[7]
    palette = bits in (15, 16, 24, 32) and 0 < entries <= 256
    if head[1] != (form == 1) or not (palette if form == 1 else entries == bits == 0):
        return False
    depths = _TGA_DEPTHS.get(form, ())
    size = int.from_bytes(head[12:14], "little") * int.from_bytes(head[14:16], "little")
    return head[16] in depths and size > 0 and head[17] & 0xC0 == 0 and compressed in (0, 8)


def foreign_type(head: bytes) -> MediaType | None:
    """Tell by a library's word whether it is media of a kind that no gateway is known to make."""
    if not head or is_text(head):
        return None
    if is_transport_stream(head):
        return MPEG_TS
    if head[:2] == b"BM" and head[6:10] == bytes(4) and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return _BMP
    known = next((media_type for signature, media_type in _OTHERS if head.startswith(signature)), None)
    if known is not None:
        return known
    if is_tga(head):
        return _TGA
    import puremagic

    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    own = {media_type.mime_type for media_type in ALL_TYPES}
    kinds: dict[str, Kind] = {"image": "image", "audio": "audio", "video": "video"}
    for match in matches:
        mime_type, extension = match.mime_type.lower(), match.extension.lstrip(".").lower()
        kind = kinds.get(mime_type.partition("/")[0])
        if kind and extension.isalnum() and mime_type not in own and len(match.byte_match) >= _LEAST_MATCH:
            return MediaType(mime_type, extension, kind)
    return None


_SHAPES: Final = (
    ((b"<!doctype html", b"<html", b"<head", b"<body", b"<script"), "looks like an HTML page"),
    ((b"<svg", b"<!doctype svg"), "looks like an SVG drawing, which is not accepted"),
    ((b"<?xml", b"<error"), "looks like an XML document, such as an object store's error"),
    ((b"{", b"["), "looks like JSON"),
    ((b"%pdf",), "looks like a PDF"),
    ((b"pk\x03\x04",), "looks like a ZIP archive"),
    ((b"\x1f\x8b",), "looks like gzip data"),
)


def describe(head: bytes) -> str:
    """Say what bytes that are no media look like, without quoting them: they may hold anything."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        return "is empty"
    if text.startswith(b"<?xml") and b"<svg" in text:
        text = b"<svg"
    for beginnings, shape in _SHAPES:
        if text.startswith(beginnings):
            return shape
    if is_text(head):
        return "looks like plain text"
    return f"begins with the bytes {head[:8].hex(' ')}"


def is_document(head: bytes) -> bool:
    """Whether the first bytes are those of a page, or of an archive or document."""
    return describe(head).startswith("looks like")


def is_text(head: bytes) -> bool:
    """Whether the first bytes are text, such as a page."""
    start = head[:SIGNATURE_BYTES]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        start = start[2:].replace(b"\0", b"")
    return all(byte >= 0x20 or byte in b"\t\r\n" for byte in start)
