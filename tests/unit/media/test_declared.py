"""Formats that no gateway is known to make: a cut shows where the first bytes declare what is to come."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import MediaFacts
from tests.unit.media.samples import picture

SOUND = bytes(range(256)) * 40
NOISE = bytes(value * 7 & 0xFF for value in range(9000))


def image(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture(64, 48).save(out, form, **options)
    return out.getvalue()


def au(size: int) -> bytes:
    return b".snd" + struct.pack(">IIIII", 24, size, 3, 8000, 1) + SOUND


def caf(size: int) -> bytes:
    chunk = b"desc" + struct.pack(">Q", 32) + bytes(32)
    return b"caff\0\1\0\0" + chunk + b"data" + struct.pack(">Q", size) + SOUND


def w64() -> bytes:
    guid = bytes.fromhex("726966662e91cf11a5d628db04c10000")
    return guid + struct.pack("<Q", 24 + len(SOUND)) + SOUND


def flv() -> bytes:
    tag = b"\x09" + len(SOUND).to_bytes(3, "big") + bytes(7) + SOUND
    return b"FLV\1\1\0\0\0\x09\0\0\0\0" + tag + struct.pack(">I", len(tag))


def dds(code: bytes, mipmaps: int) -> bytes:
    head = struct.pack("<IIIIIII", 124, 0x20000, 48, 64, 0, 0, mipmaps) + bytes(44)
    blocks = sum((64 >> level) // 4 * (48 >> level) // 4 for level in range(mipmaps))
    return b"DDS " + head + struct.pack("<II4s", 32, 4, code) + bytes(40) + bytes(8 * blocks)


WHOLE = {
    "bmp": image("BMP"),
    "bmp whose own size is wrong": image("BMP")[:2] + b"\xff\xff\xff\x7f" + image("BMP")[6:],
    "tiff": image("TIFF"),
    "tiff with strips": image("TIFF", compression="raw", strip_size=1024),
    "ico": image("ICO"),
    "au": au(len(SOUND)),
    "caf": caf(len(SOUND)),
    "w64": w64(),
    "flv": flv(),
    "ppm": image("PPM"),
    "ppm with a comment, and so bright that it looks like text": b"P6 # bright\n64 48\n255\n"
    + b"\xff" * (64 * 48 * 3),
    "ppm of 16 bits": b"P6 64 48 65535\n" + (NOISE * 3)[: 64 * 48 * 6],
    "pgm": b"P5\n64 48\n255\n" + bytes(64 * 48),
    "pbm": b"P4\n60 48\n" + bytes(8 * 48),
    "dds": image("DDS"),
    "dds in blocks": dds(b"DXT1", mipmaps=3),
}
OPEN = {
    "au": au(0xFFFFFFFF),
    "caf": caf(0xFFFFFFFFFFFFFFFF),
    "jpeg xl without boxes": b"\xff\x0a" + NOISE,
    "dds of another code": dds(b"DX10", mipmaps=1),
}
"""What tells no length."""


def inspected(data: bytes) -> MediaFacts:
    inspector = StreamInspector()
    for at in range(0, len(data), 1000):
        inspector.feed(data[at : at + 1000])
    return inspector.finish()


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_what_is_whole_is_landed_with_a_doubt_and_what_is_cut_is_not(data: bytes) -> None:
    facts = inspected(data)
    assert "is a format that is not checked to its end" in facts.doubts[0]
    inspected(data + b"<html>")
    for size in (len(data) * 3 // 10, len(data) // 2, len(data) * 9 // 10, len(data) - 8):
        with pytest.raises(DamagedError, match="of its bytes are missing"):
            inspected(data[:size])


@pytest.mark.parametrize("data", OPEN.values(), ids=OPEN)
def test_what_declares_nothing_is_landed_with_a_doubt(data: bytes) -> None:
    assert inspected(data).doubts


@pytest.mark.parametrize("head", [data[:40] for data in WHOLE.values()], ids=WHOLE)
def test_no_head_is_too_short_or_wrong(head: bytes) -> None:
    for at in range(4, len(head), 3):
        for value in (0, 0x7F, 0xFF):
            changed = head[:at] + bytes([value]) * 4 + head[at + 4 :] + NOISE
            try:
                inspected(changed)
            except (DamagedError, NotMediaError):
                continue


def test_a_picture_of_these_formats_can_be_opened() -> None:
    for name in ("bmp", "tiff", "tiff with strips", "ico", "ppm", "pgm", "pbm", "dds"):
        Image.open(io.BytesIO(WHOLE[name])).load()
