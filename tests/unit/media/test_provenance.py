"""C2PA manifests and XMP that a gateway has put into a file are seen, and nothing is taken for them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import MediaFacts
from tests.unit.media.encoders import recorded
from tests.unit.media.samples import encoded, picture

C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
#: The start of a JUMBF superbox whose label is "c2pa".
STORE = struct.pack(">I4sI4s", 200, b"jumb", 30, b"jumd") + bytes.fromhex("6332706100110010800000aa00389b71")
STORE += b"\x03c2pa\0" + bytes(160)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def facts_of(data: bytes, step: int = 7) -> MediaFacts:
    inspector = StreamInspector()
    for at in range(0, len(data), step):
        inspector.feed(data[at : at + step])
    return inspector.finish()


def jpeg(code: int, content: bytes) -> bytes:
    data = encoded(16, 8, "JPEG")
    return data[:2] + bytes((0xFF, code)) + (len(content) + 2).to_bytes(2, "big") + content + data[2:]


def png(kind: bytes, content: bytes) -> bytes:
    data = encoded(16, 8, "PNG")
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + chunk + data[33:]


def webp(kind: bytes, content: bytes) -> bytes:
    data = encoded(16, 8, "WEBP") + kind + len(content).to_bytes(4, "little") + content
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


def mp4(extended: bytes, content: bytes) -> bytes:
    return (
        recorded("mp4", film="mpeg4") + struct.pack(">I4s", 24 + len(content), b"uuid") + extended + content
    )


def xmp_png() -> bytes:
    out, info = io.BytesIO(), PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    picture(16, 8).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def xmp_webp() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 8)).save(out, "WEBP", xmp=XMP)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "c2pa", "xmp"),
    [
        (jpeg(0xEB, b"JP\x00\x01\x00\x00\x00\x01" + STORE), True, False),
        (jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP), False, True),
        (jpeg(0xEB, b"JP\x00\x01\x00\x00\x00\x01" + STORE.replace(b"c2pa", b"jpeg")), False, False),
        (jpeg(0xEB, b"HDR_RI ver=11"), False, False),
        (jpeg(0xEB, b""), False, False),
        (jpeg(0xE1, b"Exif\0\0 c2pa"), False, False),
        (png(b"caBX", STORE), True, False),
        (png(b"caBX", b""), True, False),
        (xmp_png(), False, True),
        (png(b"iTXt", b"Comment\0\0\0\0\0c2pa"), False, False),
        (png(b"iTXt", b"X"), False, False),
        (webp(b"C2PA", STORE), True, False),
        (xmp_webp(), False, True),
        (mp4(C2PA_BOX, STORE), True, False),
        (mp4(XMP_BOX, XMP), False, True),
        (mp4(bytes(16), STORE), False, False),
        (encoded(16, 8, "GIF"), False, False),
    ],
)
def test_what_a_file_says_of_its_origin_is_seen(data: bytes, c2pa: bool, xmp: bool) -> None:
    for step in (1, 7, len(data)):
        facts = facts_of(data, step)
        assert (facts.c2pa, facts.xmp) == (c2pa, xmp)


@pytest.mark.parametrize("data", [png(b"caBX", STORE), jpeg(0xEB, b"JP\x00\x01\x00\x00\x00\x01" + STORE)])
def test_a_file_that_ends_inside_it_is_damaged_as_before(data: bytes) -> None:
    from airflow_provider_rivya.exceptions import DamagedError

    at = data.index(b"jumd")
    with pytest.raises(DamagedError):
        facts_of(data[: at + 4])
