"""What is odd but whole is taken, with its doubts; what is cut or damaged is not."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from fractions import Fraction

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.raw import RawSound
from airflow_provider_rivya.media.types import MediaFacts
from tests.unit.media.encoders import recorded
from tests.unit.media.samples import (
    ID3,
    OPUS_HEAD,
    Sample,
    adts,
    animated,
    box,
    by_name,
    cut,
    ebml,
    encoded,
    film,
    iff,
    mp3,
    ogg,
    ogg_page,
    samples,
    sound,
    track,
    wav,
)


def inspect(data: bytes, raw: RawSound | None = None) -> MediaFacts:
    """Look at a file, in one piece and byte by byte: both must tell the same."""

    def told(chunks: Iterable[bytes]) -> MediaFacts | Exception:
        inspector = StreamInspector(raw=raw)
        try:
            for chunk in chunks:
                inspector.feed(chunk)
            return inspector.finish()
        except (DamagedError, NotMediaError) as error:
            return error

    whole, bytewise = told([data]), told(cut(data, 1))
    if isinstance(whole, Exception):
        assert repr(whole) == repr(bytewise)
        raise whole
    assert whole == bytewise
    return whole


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
    assert facts.doubts == ("it does not tell how long it is, so a cut would not show",)


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


# -- sound and film --------------------------------------------------------------------------------


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
    assert "its head tells of 5 frames" in inspect(head + mp3(4)).doubts[0]  # some writers count the head


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
