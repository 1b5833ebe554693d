"""Sound, film and other media that are odd but whole are taken, with their doubts; see test_odd.py."""

from __future__ import annotations

import struct

import pytest

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.raw import RawSound
from airflow_provider_rivya.media.types import MediaFacts
from tests.unit.media.encoders import recorded
from tests.unit.media.inspecting import inspect
from tests.unit.media.samples import (
    ID3,
    OPUS_HEAD,
    adts,
    animated,
    by_name,
    cut,
    ebml,
    encoded,
    iff,
    mp3,
    ogg,
    ogg_page,
    wav,
)


def test_durations() -> None:
    told = {
        name: inspect(data).duration_s
        for name, data in {
            "wav": wav(0.5),
            "mp3": mp3(10),
            "aac": adts(10),
            "opus": ogg(OPUS_HEAD, 48_000),
            "theora": by_name("ogv").data,
            "webm": ebml(b"webm"),
            "webm-vp9": by_name("webm-vp9").data,
            "mp4": by_name("mp4-h264").data,
            "fragments": recorded("mp4", None, "libx264", seconds=0.4, movflags="frag_keyframe+empty_moov"),
            "flac": by_name("flac").data,
            "png": by_name("png").data,
        }.items()
    }
    assert told == {
        "wav": 0.5,
        "mp3": 0.261,
        "aac": 0.232,
        "opus": 1.0,
        "theora": 1.0,
        "webm": 0.5,
        "webm-vp9": pytest.approx(0.2, abs=0.05),
        "mp4": pytest.approx(0.2, abs=0.03),
        "fragments": pytest.approx(0.4, abs=0.03),
        "flac": 0.2,
        "png": None,
    }


def xing(frames: int, size: int = 0, mark: bytes = b"Xing") -> bytes:
    body = mark + struct.pack(">III", 3 if size else 1, frames, size)
    return (b"\xff\xfb\x90\x00" + bytes(32) + body).ljust(417, b"\0")


def vbri(frames: int, size: int) -> bytes:
    return (b"\xff\xfb\x90\x00" + bytes(32) + b"VBRI" + bytes(6) + struct.pack(">II", size, frames)).ljust(
        417, b"\0"
    )


@pytest.mark.parametrize(
    "head", [xing(5, 6 * 417), xing(5, mark=b"Info"), vbri(5, 6 * 417)], ids=["xing", "info", "vbri"]
)
def test_an_mp3_has_as_many_frames_as_its_head_tells(head: bytes) -> None:
    facts = inspect(head + mp3(5))
    assert (facts.duration_s, facts.doubts) == (0.131, ())
    with pytest.raises(DamagedError, match="3 of its 5 frames are missing"):
        inspect(head + mp3(2))
    assert "its head says 5 frames" in inspect(head + mp3(4)).doubts[0]  # some writers count the head


def test_unusual_mp3() -> None:
    alone = inspect(xing(1) + mp3(1))
    assert (alone.media_type, alone.doubts) == (types.MP3, ())
    free = (b"\xff\xfb\x00\x00" + bytes(500)) * 4
    assert (inspect(free).media_type, inspect(free).doubts) == (types.MP3, ())
    with pytest.raises(DamagedError):
        inspect(free[:-1])
    late = inspect(bytes(9000) + mp3(4))
    assert (late.media_type, late.doubts) == (types.MP3, ("zero bytes stand in front of it",))
    assert inspect(bytes(3) + ID3 + mp3(4)).media_type == types.MP3
    assert inspect(mp3(3) + b"junk" * 9 + mp3(3)).duration_s == 0.157
    assert inspect(mp3(3) + b"TAG" + bytes(125)).doubts == ()


def test_the_bytes_behind_a_tag_tell_what_it_is() -> None:
    with pytest.raises(DamagedError, match=r"audio/mpeg file: there is no sound behind its tag"):
        inspect(ID3 + b"<html>not found</html>")
    with pytest.raises(DamagedError, match="audio/mpeg"):
        inspect(ID3[:-3])


@pytest.mark.parametrize("name", ["flac", "ogg-opus", "ogg-flac", "ogv"])
def test_a_flipped_bit_is_found_where_there_is_a_checksum(name: str) -> None:
    data = by_name(name).data
    # The head of a FLAC file has none.
    start = data.index(b"\xff\xf8") if name == "flac" else 0
    for at in range(start, len(data), 7):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        with pytest.raises((DamagedError, NotMediaError)):
            in_one_piece(bytes(damaged))


def in_one_piece(data: bytes) -> MediaFacts:
    inspector = StreamInspector()
    inspector.feed(data)
    return inspector.finish()


def test_ogg_without_an_end() -> None:
    page = ogg_page(OPUS_HEAD, flags=2, number=0) + ogg_page(b"\2" * 99, flags=0, number=1, granule=960)
    with pytest.raises(DamagedError, match="its last page does not end it"):
        inspect(page)


def test_flac_that_was_streamed_tells_no_number_of_samples() -> None:
    data = bytearray(by_name("flac").data)
    data[22:26] = bytes(4)
    data[21] &= 0xF0
    assert inspect(bytes(data)).duration_s == 0.2
    with pytest.raises(DamagedError):
        inspect(bytes(data[:-1]))


def test_flac_with_much_behind_its_end() -> None:
    data = by_name("flac").data
    longest = int.from_bytes(data[15:18], "big")
    assert inspect(data + bytes(range(256)) * longest).doubts == (f"{256 * longest} bytes follow its end",)


def test_flac_that_lacks_frames() -> None:
    data = by_name("flac").data
    last = data.rindex(b"\xff\xf8")
    with pytest.raises(DamagedError, match="of its 9600 samples are missing"):
        inspect(data[:last])


# -- what is not known -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind", "extension"),
    [
        pytest.param(iff(b"AIFF"), "audio", "aiff", id="aiff"),
        pytest.param(recorded("aiff", "pcm_s16be", seconds=0.1), "audio", "aiff", id="aiff-real"),
        pytest.param(recorded("caf", "pcm_s16be", seconds=0.1), "audio", "caf", id="caf"),
        pytest.param(recorded("avi", "libmp3lame", "mpeg4", seconds=0.2), "video", "avi", id="avi"),
        pytest.param(recorded("flv", "aac", "libx264", seconds=0.2), "video", "flv", id="flv"),
        pytest.param(recorded("mpegts", "aac", "libx264", seconds=0.2), "video", "ts", id="ts"),
        pytest.param(encoded(20, 10, "BMP"), "image", "bmp", id="bmp"),
        pytest.param(encoded(20, 10, "TIFF"), "image", "tiff", id="tiff"),
    ],
)
def test_other_media_is_odd(data: bytes, kind: str, extension: str) -> None:
    facts = inspect(data)
    assert (facts.media_type.kind, facts.media_type.extension) == (kind, extension)
    assert "is a format that is not checked to its end" in facts.doubts[0]


@pytest.mark.parametrize("data", [iff(b"AIFF"), iff(b"AVI ", order="<", outer=b"RIFF")], ids=["aiff", "avi"])
def test_sizes_show_a_cut_in_other_media_too(data: bytes) -> None:
    with pytest.raises(DamagedError):
        inspect(data[:-1])


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n" + bytes(range(256)),
        b"PK\x03\x04" + bytes(400),
        b"\x1f\x8b\x08" + bytes(400),
        bytes(9000),
        b"#EXTM3U\nhttp://a.example/\n",
        b"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00" * 20,
        b"SQLite format 3\x00" + bytes(400),
    ],
)
def test_what_no_library_takes_for_media_is_none(data: bytes) -> None:
    with pytest.raises(NotMediaError):
        inspect(data)


@pytest.mark.parametrize(
    ("asked", "mime_type", "extension", "seconds"),
    [
        ("pcm_24000", "audio/L16;rate=24000", "pcm", 0.1),
        ("pcm_s16le_44100", "audio/L16;rate=44100", "pcm", 0.054),
        ("ulaw_8000", "audio/basic", "ulaw", 0.6),
        ("alaw_8000", "audio/PCMA;rate=8000", "alaw", 0.6),
    ],
)
def test_sound_without_a_header_is_taken_on_the_word_of_the_request(
    asked: str, mime_type: str, extension: str, seconds: float
) -> None:
    data = b"\x00\x01\x7f\xfe" * 1200
    facts = inspect(data, RawSound.of(asked))
    assert (facts.media_type.mime_type, facts.media_type.extension) == (mime_type, extension)
    assert facts.duration_s == seconds
    assert "it has no header" in facts.doubts[0]
    assert inspect(bytes(4800), RawSound.of(asked)).doubts  # silence
    assert inspect(wav(), RawSound.of(asked)).media_type == types.WAV
    for page in (b"<!doctype html><html>", b'{"error": 1}', b"PK\3\4" + bytes(400)):
        with pytest.raises(NotMediaError):
            inspect(page, RawSound.of(asked))
    with pytest.raises(NotMediaError):
        inspect(data)


def test_half_a_sample_is_a_cut() -> None:
    with pytest.raises(DamagedError, match="ends inside a sample"):
        inspect(b"\x00\x01\x7f" * 401, RawSound.of("pcm_24000"))


@pytest.mark.parametrize("asked", ["mp3_44100_128", "png", "pcm", "opus_48000_32", "", None, 5])
def test_nothing_else_vouches_for_such_sound(asked: object) -> None:
    assert RawSound.of(asked) is None


def test_a_damaged_file_is_read_to_its_end() -> None:
    """What is paid for is kept: so all of it must be had, and its hash be known."""
    data = bytearray(animated(20, 30, "PNG"))
    data[60] ^= 1
    inspector = StreamInspector()
    for chunk in cut(bytes(data), 10):
        inspector.feed(chunk)
    assert inspector.media_type == types.PNG
    with pytest.raises(DamagedError) as caught:
        inspector.finish()
    assert len(caught.value.sha256) == 64


BROADCAST = {
    "mp2": ("mp2", "mp2", None, "audio/mpeg", 1.0),
    "mpeg-2 layer ii": ("mp2", "mp2", None, "audio/mpeg", 1.0),
    "ac3": ("ac3", "ac3", None, "audio/ac3", 1.0),
    "eac3": ("eac3", "eac3", None, "audio/eac3", 1.0),
    "latm": ("latm", "aac", None, "audio/mp4a-latm", None),
    "mpg": ("mpeg", "mp2", "mpeg1video", "video/mpeg", None),
    "vob": ("vob", "mp2", "mpeg2video", "video/mpeg", None),
}


@pytest.mark.parametrize("name", BROADCAST)
def test_what_broadcasts_are_made_of_is_landed_with_a_doubt_and_what_is_cut_is_not(name: str) -> None:
    container, sound, film, mime_type, seconds = BROADCAST[name]
    rate = 24_000 if name.startswith("mpeg-2") else 48_000
    data = recorded(container, sound, film, rate=rate)
    facts = inspect(data)
    assert facts.media_type.mime_type == mime_type
    assert facts.doubts == (f"{mime_type} ({facts.media_type.extension}) is not a format that gateways make",)
    assert facts.duration_s == (None if seconds is None else pytest.approx(seconds, abs=0.1))
    assert inspect(data + b"<html>").doubts[1:]
    for size in (len(data) // 3 + 1, len(data) // 2 + 1, len(data) - 3):
        with pytest.raises(DamagedError):
            inspect(data[:size])


@pytest.mark.parametrize(
    "head",
    [b"\x0b\x77", b"\xff\xfd\x90\x00", b"\x56\xe0\x40", b"\0\0\1\xe0\0\x10", b"P6 12", b"\0\0\2" + bytes(20)],
)
def test_one_sync_pattern_is_no_sound(head: bytes) -> None:
    with pytest.raises(NotMediaError):
        inspect(head + bytes(value * 91 & 0xFF for value in range(9_000)))
