"""Small real files of every format: images by Pillow, containers written box by box."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw

from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.types import MediaType
from tests.unit.media.encoders import recorded


@dataclass(frozen=True)
class Sample:
    name: str
    data: bytes
    media_type: MediaType
    size: tuple[int, int] | None
    checked: bool = True
    """Whether a cut is promised to be found, wherever it is."""
    odd: bool = False

    @property
    def head(self) -> bytes:
        return self.data[:9000]


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (width, height), (200, 60, 20))
    draw = ImageDraw.Draw(image)
    draw.ellipse((0, 0, width - 1, height - 1), fill=(20, 90, 200))
    draw.line((0, 0, width, height), fill=(250, 250, 250))
    return image.convert(mode)


def encoded(width: int, height: int, format_name: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture(width, height, mode).save(buffer, format_name, **options)
    return buffer.getvalue()


def animated(width: int, height: int, format_name: str) -> bytes:
    buffer = io.BytesIO()
    frames = [picture(width, height), picture(width, height).rotate(90)]
    frames[0].save(buffer, format_name, save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


def interlaced_png() -> bytes:
    """An Adam7 file of 1x1 pixel: for one pixel the interlaced data equals the plain data."""
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 1)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\x10\x20\x30"))
        + chunk(b"IEND", b"")
    )


def wav(seconds: float = 0.01) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x01\x02" * int(8000 * seconds))
    return buffer.getvalue()


def streamed_wav() -> bytes:
    """What a writer leaves that could not seek back to fill the sizes in."""
    data = bytearray(wav())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    return bytes(data)


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I", 8 + len(body)) + kind + body


def long_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def track(handler: bytes, width: int, height: int, version: int = 0) -> bytes:
    length = 84 if version == 0 else 96
    header = bytes([version]) + bytes(length - 9) + struct.pack(">HHHH", width, 0, height, 0)
    return box(b"trak", box(b"tkhd", header), box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(13))))


def film(
    brand: bytes = b"isom",
    *,
    moov_first: bool = False,
    wide: bool = False,
    version: int = 0,
    seconds: float = 0,
) -> bytes:
    head = box(b"ftyp", brand + bytes(4) + brand + b"mp42")
    data = b"\x11" * 50
    mdat = long_box(b"mdat", data) if wide else box(b"mdat", data)
    moov = box(
        b"moov",
        box(b"mvhd", bytes(12), struct.pack(">II", 1000, int(seconds * 1000)), bytes(80)),
        track(b"soun", 0, 0, version),
        track(b"vide", 640, 360, version),
        box(b"udta", bytes(4)),
    )
    return head + (moov + mdat if moov_first else mdat + moov)


def sound(brand: bytes = b"M4A ") -> bytes:
    head = box(b"ftyp", brand + bytes(4) + brand + b"isom")
    return head + box(b"moov", track(b"soun", 0, 0)) + box(b"mdat", b"\x11" * 50)


def boxed_image(brand: bytes, compatible: bytes = b"mif1") -> bytes:
    def extent(width: int, height: int) -> bytes:
        return box(b"ispe", bytes(4) + struct.pack(">II", width, height))

    properties = box(
        b"iprp", box(b"ipco", extent(64, 64), extent(320, 200), extent(16, 16)), box(b"ipma", bytes(8))
    )
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(24)), properties)
    return box(b"ftyp", brand + bytes(4) + compatible) + meta + box(b"mdat", b"\x22" * 40)


def element(number: int, *bodies: bytes, size: int | None = None) -> bytes:
    """One element of EBML; ``size`` tells another size than it has, -1 that it is not known."""
    body = b"".join(bodies)
    told = (1 << 56) - 1 if size == -1 else len(body) if size is None else size
    name = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return name + (1 << 56 | told).to_bytes(8, "big") + body


def ebml(doctype: bytes, *, live: bool = False, film: bool = True, nul: bool = False) -> bytes:
    """A recording of half a second; ``live``: by a writer that could not go back."""
    size = -1 if live else None
    head = element(0x1A45DFA3, element(0x4286, b"\x01"), element(0x4282, doctype + b"\0" * nul))
    info = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3, "big")))
    picture = element(0xE0, element(0xB0, b"\x01\x40"), element(0xBA, b"\x00\xb4"))
    track = element(0xAE, element(0x83, b"\x01" if film else b"\x02"), picture if film else b"")
    clusters = [
        element(
            0x1F43B675,
            element(0xE7, start.to_bytes(2, "big")),
            element(0xA3, b"\x81\x00\x00\x80" + b"\x33" * 40),
            element(0xA0, element(0xA1, b"\x81\x00\x64\x00" + b"\x44" * 30)),
            size=size,
        )
        for start in (0, 400)
    ]
    return head + element(0x18538067, info, element(0x1654AE6B, track), *clusters, size=size)


def ogg_page(packet: bytes, *, flags: int, number: int, granule: int = 0, serial: int = 7) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, serial, number, 0)
    page = head + bytes([len(lacing)]) + lacing + packet
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if checksum >> 31 else checksum << 1
    return page[:22] + struct.pack("<I", checksum) + page[26:]


def ogg(packet: bytes, granule: int = 24_000) -> bytes:
    return (
        ogg_page(packet, flags=2, number=0)
        + ogg_page(b"\x22" * 300, flags=0, number=1, granule=granule // 2)
        + ogg_page(b"\x33" * 90, flags=4, number=2, granule=granule)
    )


OPUS_HEAD = b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0"
#: 320x180 at 25 pictures a second.
THEORA_HEAD = b"\x80theora\3\2\1\0\x14\0\x0c\0\1\x40\0\0\xb4\0\0\0\0\0\x19\0\0\0\1" + bytes(10) + b"\0\xc0"


def iff(kind: bytes, *, order: str = ">", outer: bytes = b"FORM") -> bytes:
    chunk = b"COMM" + struct.pack(f"{order}I", 18) + bytes(18)
    data = b"SSND" + struct.pack(f"{order}I", 40) + bytes(40)
    return outer + struct.pack(f"{order}I", 4 + len(chunk + data)) + kind + chunk + data


ID3 = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)


def mp3(frames: int = 3) -> bytes:
    """MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def adts(frames: int = 3, length: int = 300) -> bytes:
    header = bytes(
        [0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC]
    )
    return (header + bytes(length - 7)) * frames


@cache
def samples() -> tuple[Sample, ...]:
    images = [
        Sample("png", encoded(37, 21, "PNG"), types.PNG, (37, 21)),
        Sample("png-palette", encoded(64, 9, "PNG", "P"), types.PNG, (64, 9)),
        Sample("png-alpha-1x1", encoded(1, 1, "PNG", "RGBA"), types.PNG, (1, 1)),
        Sample("png-interlaced", interlaced_png(), types.PNG, (1, 1)),
        Sample("png-animated", animated(20, 30, "PNG"), types.PNG, (20, 30)),
        Sample("jpeg", encoded(37, 21, "JPEG"), types.JPEG, (37, 21)),
        Sample("jpeg-progressive", encoded(120, 80, "JPEG", progressive=True), types.JPEG, (120, 80)),
        Sample("jpeg-grey", encoded(8, 8, "JPEG", "L"), types.JPEG, (8, 8)),
        Sample("jpeg-cmyk", encoded(30, 10, "JPEG", "CMYK"), types.JPEG, (30, 10)),
        Sample("jpeg-restarts", encoded(64, 64, "JPEG", restart_marker_rows=1), types.JPEG, (64, 64)),
        Sample("jpeg-comment", encoded(9, 9, "JPEG", comment=b"\xff\xd9" * 4), types.JPEG, (9, 9)),
        Sample("gif", encoded(37, 21, "GIF", "P"), types.GIF, (37, 21)),
        Sample("gif-animated", animated(16, 12, "GIF"), types.GIF, (16, 12)),
        Sample("webp-lossy", encoded(37, 21, "WEBP"), types.WEBP, (37, 21)),
        Sample("webp-lossless", encoded(37, 21, "WEBP", lossless=True), types.WEBP, (37, 21)),
        Sample("webp-alpha", encoded(33, 17, "WEBP", "RGBA", exif=b"Exif\0\0x"), types.WEBP, (33, 17)),
        Sample("webp-animated", animated(24, 18, "WEBP"), types.WEBP, (24, 18)),
        Sample("avif", encoded(64, 48, "AVIF"), types.AVIF, (64, 48)),
        Sample("avif-mif1", boxed_image(b"mif1", b"mif1avif"), types.AVIF, (320, 200)),
        Sample("heic", boxed_image(b"heic"), types.HEIC, (320, 200)),
    ]
    moving = [
        Sample("mp4", film(), types.MP4, (640, 360)),
        Sample("mp4-fast-start", film(b"mp42", moov_first=True, version=1), types.MP4, (640, 360)),
        Sample("mp4-64-bit", film(wide=True), types.MP4, (640, 360)),
        Sample("mov", film(b"qt  "), types.QUICKTIME, (640, 360)),
        Sample("m4a", sound(), types.M4A, None),
        Sample("webm", ebml(b"webm"), types.WEBM, (320, 180)),
        Sample("webm-nul", ebml(b"webm", nul=True), types.WEBM, (320, 180)),
        Sample("webm-live", ebml(b"webm", live=True), types.WEBM, (320, 180), checked=False),
        Sample("webm-sound", ebml(b"webm", film=False), types.WEBM_AUDIO, None),
        Sample("mkv", ebml(b"matroska"), types.MATROSKA, (320, 180)),
        Sample("webm-vp9", recorded("webm", "libopus", "libvpx-vp9", seconds=0.2), types.WEBM, (64, 48)),
        Sample("mkv-h264", recorded("matroska", "aac", "libx264", seconds=0.2), types.MATROSKA, (64, 48)),
        Sample("mp4-h264", recorded("mp4", "aac", "libx264", seconds=0.2), types.MP4, (64, 48)),
        Sample("mp4-sound", recorded("mp4", "aac", seconds=0.2), types.M4A, None),
        Sample("mov-sound", recorded("mov", "aac", seconds=0.2), types.QUICKTIME_AUDIO, None),
        Sample("ogv", ogg(THEORA_HEAD, 25), types.OGG_VIDEO, (320, 180)),
    ]
    audible = [
        Sample("wav", wav(), types.WAV, None),
        Sample("wav-streamed", streamed_wav(), types.WAV, None, checked=False, odd=True),
        Sample("wav-rf64", recorded("wav", "pcm_s16le", seconds=0.01, rf64="always"), types.WAV, None),
        Sample("ogg-opus", ogg(OPUS_HEAD), types.OGG_AUDIO, None),
        Sample("ogg-flac", recorded("ogg", "flac", seconds=0.1), types.OGG_AUDIO, None),
        Sample("flac", recorded("flac", "flac", seconds=0.2), types.FLAC, None),
        Sample("mp3", mp3(), types.MP3, None, checked=False),
        Sample("mp3-one-frame", mp3(1), types.MP3, None, checked=False),
        Sample("mp3-id3", ID3 + mp3(1), types.MP3, None, checked=False),
        Sample("mp3-lame", recorded("mp3", "libmp3lame", seconds=0.3), types.MP3, None, checked=False),
        Sample("aac", adts(), types.AAC, None, checked=False),
        Sample("aac-long-frames", adts(2, 8191), types.AAC, None, checked=False),
        Sample("flac-id3", ID3 + recorded("flac", "flac", seconds=0.1), types.FLAC, None),
        Sample("aac-id3", ID3 + adts(), types.AAC, None, checked=False),
        Sample("wav-id3", ID3 + wav(), types.WAV, None),
        Sample("m4a-id3", ID3 + sound(), types.M4A, None),
    ]
    return (*images, *moving, *audible)


def by_name(name: str) -> Sample:
    return next(sample for sample in samples() if sample.name == name)


Chunker = Callable[[bytes], list[bytes]]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]
