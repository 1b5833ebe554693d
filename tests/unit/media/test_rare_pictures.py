"""Pictures that no gateway is known to make: whole ones are landed with a doubt, cut ones are found."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, features

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from tests.unit.media.inspecting import inspect
from tests.unit.media.samples import picture

WIDTH, HEIGHT = 32, 24
NOISE = bytes(value * 7 & 0xFF for value in range(WIDTH * HEIGHT))


def image(form: str, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    picture(WIDTH, HEIGHT).convert(mode).save(out, form, **options)
    return out.getvalue()


def tga(kind: int, pixels: bytes, depth: int = 8) -> bytes:
    """A TGA with three letters of text, and a palette where it needs one."""
    palette = bytes(range(24)) if kind in (1, 9) else b""
    told = (8).to_bytes(2, "little") + b"\x18" if palette else bytes(3)
    head = bytes((3, bool(palette), kind, 0, 0)) + told + bytes(4)
    return head + struct.pack("<HHBB", WIDTH, HEIGHT, depth, 0) + b"id!" + palette + pixels


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


RUNS = bytes((0x7F + WIDTH, 7)) * HEIGHT  # a pixel for each line
JXL = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
QOI = b"qoif" + struct.pack(">IIBB", WIDTH, HEIGHT, 3, 0) + b"\xfe\0\0\0" * 90 + bytes(7) + b"\1"

WHOLE = {
    "qoi": QOI,
    "pcx": image("PCX"),
    "pcx in grey": image("PCX", "L"),
    "pcx with a palette": image("PCX", "P"),
    "pcx of two colours": image("PCX", "1"),
    "tga": tga(2, NOISE * 3, 24),
    "tga in grey": tga(3, NOISE),
    "tga with a palette": tga(1, NOISE),
    "packed tga": image("TGA", compression="tga_rle")[:-26],
    "packed tga in grey": tga(11, RUNS),
    "packed tga with a palette": tga(9, RUNS),
    "packed tga of plain packets": tga(10, (bytes([WIDTH - 1]) + NOISE[: WIDTH * 3]) * HEIGHT, 24),
    "jpeg xl": JXL + box(b"jxlc", NOISE),
    "jpeg xl in parts": JXL + box(b"jxlp", bytes(4) + NOISE) + box(b"jxlp", b"\x80\0\0\1" + NOISE),
    "jpeg xl with exif behind": JXL + box(b"jxlc", NOISE) + box(b"Exif", NOISE),
}
UNSIZED = {"jpeg xl", "jpeg xl in parts", "jpeg xl with exif behind"}
if features.check("jpg_2000"):
    J2C = image("JPEG2000", no_jp2=True)
    AT = J2C.index(b"\xff\x90") + 6
    WHOLE |= {
        "jpeg 2000": image("JPEG2000"),
        "jpeg 2000 in tiles": image("JPEG2000", tile_size=(16, 16)),
        "jpeg 2000 without boxes": J2C,
        "jpeg 2000 without lengths": J2C[:AT] + bytes(4) + J2C[AT + 4 :],
    }


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture(name: str) -> None:
    data = WHOLE[name]
    facts = inspect(data)
    assert "is not a format that gateways make" in facts.doubts[0]
    assert len(facts.doubts) == 1
    assert (facts.width, facts.height) == ((None, None) if name in UNSIZED else (WIDTH, HEIGHT))
    assert inspect(data + b"<html>").media_type == facts.media_type
    for size in (30, len(data) * 3 // 10, len(data) // 2, len(data) * 9 // 10, len(data) - 9, len(data) - 1):
        with pytest.raises(DamagedError, match=f"a damaged {facts.media_type.mime_type} file"):
            inspect(data[:size])


def test_what_pillow_makes_it_reads() -> None:
    for data in (data for name, data in WHOLE.items() if not name.startswith(("qoi", "jpeg xl"))):
        Image.open(io.BytesIO(data)).load()


@pytest.mark.parametrize("name", WHOLE)
def test_no_head_is_wrong_in_a_way_that_is_not_told(name: str) -> None:
    head = WHOLE[name][:140]
    for at in range(4, len(head), 3):
        for value in (0, 0x7F, 0xFF):
            try:
                inspect(head[:at] + bytes([value]) * 4 + head[at + 4 :] + NOISE[:300])
            except (DamagedError, NotMediaError):
                continue
