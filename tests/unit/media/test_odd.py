"""What is odd but whole is taken, with its doubts; what is cut or damaged is not."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from airflow_provider_rivya.media import types
from tests.unit.media.encoders import recorded
from tests.unit.media.inspecting import inspect
from tests.unit.media.samples import (
    Sample,
    box,
    by_name,
    encoded,
    film,
    samples,
    sound,
    track,
    wav,
)

#: A lone frame is known by nothing else than that the file ends with it.
CLOSED = [sample for sample in samples() if not sample.odd and sample.name != "mp3-one-frame"]


@pytest.mark.parametrize(
    "junk", [b"\0", b"\r\n", bytes(1000), b"<html><body>late error</body></html>\n"], ids=len
)
@pytest.mark.parametrize("sample", CLOSED, ids=lambda sample: sample.name)
def test_bytes_behind_the_end_are_a_doubt(sample: Sample, junk: bytes) -> None:
    facts = inspect(sample.data + junk)
    assert facts.media_type == sample.media_type
    assert (facts.width, facts.height) == (sample.size or (None, None))
    assert facts.doubts


@pytest.mark.parametrize(
    "name", ["png", "jpeg", "gif", "webp-lossy", "wav", "mp4", "heic", "webm", "ogg-opus", "mp3"]
)
def test_however_many_they_are(name: str) -> None:
    sample = by_name(name)
    assert inspect(sample.data + b"\1" * 70_000).doubts == ("70000 bytes follow its end",)


# -- JPEG ------------------------------------------------------------------------------------------


def with_segment(jpeg: bytes, code: int, content: bytes) -> bytes:
    return jpeg[:2] + bytes([0xFF, code]) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def with_pictures(padding: bytes, *further: bytes) -> bytes:
    """A multi-picture file (CIPA DC-007): an index in the first picture tells where the others are."""
    first = encoded(37, 21, "JPEG")
    count = 1 + len(further)
    index = b"MPF\0" + b"MM\0*" + struct.pack(">I", 8)
    index += struct.pack(">HHHII", 1, 0xB002, 7, 16 * count, 26) + bytes(4)
    size = len(first) + 4 + len(index) + 16 * count
    entries, at = struct.pack(">IIIHH", 0, size, 0, 0, 0), size
    for picture in further:
        at += len(padding)
        entries += struct.pack(">IIIHH", 0, len(picture), at - 10, 0, 0)  # from behind "MPF"
        at += len(picture)
    return with_segment(first, 0xE2, index + entries) + b"".join(padding + picture for picture in further)


def test_further_pictures_behind_padding() -> None:
    second = encoded(900, 900, "JPEG", quality=95)
    for padding in (b"", bytes(70_000)):
        data = with_pictures(padding, second)
        facts = inspect(data)
        assert (facts.width, facts.height, facts.doubts) == (37, 21, ())
        for end in (len(data) - 1, len(data) - 20, len(data) - len(second) // 2):
            with pytest.raises(DamagedError):
                inspect(data[:end])


def test_a_cut_behind_unknown_bytes_is_found_by_the_index() -> None:
    data = with_pictures(b"SEFH" * 100, encoded(64, 64, "JPEG"))
    assert inspect(data).doubts
    with pytest.raises(DamagedError, match="bytes are missing of what is to stand behind its picture"):
        inspect(data[:-1])


def test_further_pictures_that_were_taken_off_are_a_doubt() -> None:
    data = with_pictures(b"", encoded(64, 64, "JPEG"))
    first = data[: -len(encoded(64, 64, "JPEG"))]
    assert "bytes of further pictures are missing" in inspect(first).doubts[0]


@pytest.mark.parametrize("video", [film(), film(moov_first=True)])
def test_a_motion_photo(video: bytes) -> None:
    video += box(b"free", bytes(70_000))
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b'<x Item:Semantic="MotionPhoto" Item:Length="%d"/>' % len(
        video
    )
    data = with_segment(encoded(37, 21, "JPEG"), 0xE1, xmp) + video
    facts = inspect(data)
    assert (facts.media_type, facts.width, facts.doubts) == (types.JPEG, 37, ())
    for end in (len(data) - 1, len(data) - len(video) // 2):
        with pytest.raises(DamagedError):
            inspect(data[:end])


def test_stray_bytes_between_segments() -> None:
    jpeg = encoded(37, 21, "JPEG")
    facts = inspect(jpeg[:20] + b"xyz\0" + jpeg[20:])
    assert (facts.width, facts.height) == (37, 21)
    assert facts.doubts == ("bytes that belong to nothing stand between its segments",)
    filled = jpeg[:20] + b"\xff\xff" + jpeg[20:]
    assert inspect(filled).doubts == ()


def test_a_height_that_is_told_behind_the_scan() -> None:
    jpeg = bytearray(encoded(37, 21, "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 7] = b"\0\0"
    jpeg[-2:] = b"\xff\xdc\0\4\0\x15\xff\xd9"
    facts = inspect(bytes(jpeg))
    assert (facts.width, facts.height) == (37, 21)


# -- boxes and chunks ------------------------------------------------------------------------------


def resized(data: bytes, by: int) -> bytes:
    (size,) = struct.unpack_from("<I", data, 4)
    return data[:4] + struct.pack("<I", size + by) + data[8:]


@pytest.mark.parametrize("by", [-8, -1, 1, 8])
@pytest.mark.parametrize("name", ["webp-lossy", "webp-alpha", "webp-animated", "wav"])
def test_an_outer_size_that_is_counted_wrongly(name: str, by: int) -> None:
    sample = by_name(name)
    facts = inspect(resized(sample.data, by))
    assert facts.doubts
    assert (facts.width, facts.height) == (sample.size or (None, None))


def test_sound_out_of_a_pipe() -> None:
    data = bytearray(wav(20))
    data[4:8] = data[40:44] = bytes(4)
    facts = inspect(bytes(data))
    assert facts.duration_s == 20
    assert facts.doubts == ("it does not say how long it is, so a cut would not show",)


def test_an_odd_number_of_samples_without_the_byte_that_fills_up() -> None:
    def odd(size: int, padding: bytes) -> bytes:
        head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
        return (
            b"RIFF"
            + struct.pack("<I", size)
            + head
            + b"data"
            + struct.pack("<I", 101)
            + b"\x80" * 101
            + padding
        )

    assert inspect(odd(137, b"")).doubts == ()
    assert inspect(odd(138, b"\0")).doubts == ()
    assert inspect(odd(138, b"")).doubts == ("its sizes do not add up",)
    assert inspect(odd(137, b"LIST\4\0\0\0abcd")).doubts == (
        "its sizes do not add up",
        "12 bytes follow its end",
    )


@pytest.mark.parametrize("first", [b"free", b"wide", b"skip", b"pnot"])
def test_quicktime_that_begins_with_something_else(first: bytes) -> None:
    facts = inspect(box(first, bytes(20)) + box(b"mdat", bytes(30)) + box(b"moov", track(b"vide", 64, 48)))
    assert (facts.media_type, facts.width) == (types.QUICKTIME, 64)
    assert inspect(box(first, bytes(20)) + film()).media_type == types.MP4


def test_a_last_box_without_a_size_is_a_doubt() -> None:
    data = film(moov_first=True)
    at = data.index(b"mdat") - 4
    assert inspect(data[:at] + bytes(4) + data[at + 4 :]).doubts


def test_a_brand_that_nobody_knows() -> None:
    facts = inspect(film(b"zzz9").replace(b"mp42", b"zzz8"))
    assert (facts.media_type, facts.doubts) == (types.MP4, ("its brand is not known",))
    with pytest.raises(NotMediaError):
        inspect(box(b"ftyp", b"zzz9" + bytes(4)) + b"<html>" * 100)


def test_the_tracks_tell_what_it_is_and_not_the_brand() -> None:
    assert inspect(sound(b"isom")).media_type == types.M4A
    assert inspect(film(b"M4A ")).media_type == types.MP4
    assert inspect(recorded("ipod", "aac", seconds=0.1)).media_type == types.M4A


def test_the_pixels_are_those_that_are_coded() -> None:
    data = recorded("mp4", None, "libx264", size=(720, 480), aspect=Fraction(10, 11), seconds=0.08)
    assert (inspect(data).width, inspect(data).height) == (720, 480)


def heic(*properties: bytes, of: dict[int, list[int]], primary: int = 1) -> bytes:
    associations = b"".join(
        struct.pack(">HB", item, len(indices)) + bytes(indices) for item, indices in of.items()
    )
    meta = box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4), struct.pack(">H", primary)),
        box(
            b"iprp",
            box(b"ipco", *properties),
            box(b"ipma", bytes(4), struct.pack(">I", len(of)), associations),
        ),
    )
    return box(b"ftyp", b"heic" + bytes(4) + b"mif1") + meta + box(b"mdat", bytes(40))


def extent(width: int, height: int) -> bytes:
    return box(b"ispe", bytes(4), struct.pack(">II", width, height))


@pytest.mark.parametrize(
    ("properties", "of", "primary", "size"),
    [
        ([extent(160, 120), extent(4032, 3024)], {1: [1], 2: [2]}, 2, (4032, 3024)),
        ([extent(4032, 3024), box(b"irot", b"\1")], {1: [1, 0x82]}, 1, (3024, 4032)),
        ([extent(4032, 3024), box(b"irot", b"\2")], {1: [1, 2]}, 1, (4032, 3024)),
        (
            [
                extent(512, 512),
                extent(1000, 800),
                box(b"clap", struct.pack(">8I", 1000, 1, 750, 1, 0, 1, 0, 1)),
                box(b"irot", b"\3"),
            ],
            {1: [1], 2: [1], 9: [2, 3, 4]},
            9,
            (750, 1000),
        ),
    ],
    ids=["thumbnail first", "turned", "upside down", "grid, cropped and turned"],
)
def test_a_heic_is_as_large_as_it_is_shown(
    properties: list[bytes], of: dict[int, list[int]], primary: int, size: tuple[int, int]
) -> None:
    facts = inspect(heic(*properties, of=of, primary=primary))
    assert (facts.width, facts.height) == size


def test_an_avif_that_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "AVIF", exif=exif)
    assert (inspect(buffer.getvalue()).width, inspect(buffer.getvalue()).height) == (48, 64)
