from __future__ import annotations

import pytest

from airflow_provider_rivya.exceptions import NotMediaError, OutputError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.sniff import HEAD_BYTES, describe, foreign_type
from airflow_provider_rivya.media.types import MP3, MP4, QUICKTIME, MediaType
from tests.unit.media.samples import Sample, box, mp3, samples


def detected(data: bytes, *, whole: bool = True) -> MediaType | None:
    """Tell the format of a file, or of the beginning of one."""
    inspector = StreamInspector()
    try:
        inspector.feed(data)
        if whole:
            inspector.finish()
    except OutputError as error:
        return None if isinstance(error, NotMediaError) else inspector.media_type
    return inspector.media_type


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_an_answer_never_changes_when_more_bytes_are_shown(sample: Sample) -> None:
    """The name of a file depends on it."""
    inspector = StreamInspector()
    answers = set()
    for at in range(len(sample.data)):
        inspector.feed(sample.data[at : at + 1])
        answers.add(inspector.media_type)
    inspector.finish()
    assert answers | {inspector.media_type} <= {None, sample.media_type}


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "webp-lossy", "avif", "wav", "flac"])
def test_a_signature_needs_few_bytes(name: str) -> None:
    sample = next(sample for sample in samples() if sample.name == name)
    assert detected(sample.data[:300], whole=False) == sample.media_type


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><html>secret</html>", "looks like an HTML page"),
        (b"\xef\xbb\xbf<html lang='en'>", "looks like an HTML page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "looks like an XML document"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "SVG drawing, which is not accepted"),
        (b"<svg width='1'/>", "SVG drawing, which is not accepted"),
        (b'{"error": "gone"}', "looks like JSON"),
        (b"%PDF-1.7 ...", "looks like a PDF"),
        (b"PK\x03\x04....", "looks like a ZIP archive"),
        (b"\x1f\x8b\x08\x00", "looks like gzip data"),
        (b"not found\r\n", "looks like plain text"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "begins with the bytes 00 01 02 03 04 05 06 07"),
    ],
)
def test_what_is_no_media_is_refused_and_described_without_quoting(data: bytes, text: str) -> None:
    assert foreign_type(data) is None
    assert text in describe(data)
    assert "secret" not in describe(data)


@pytest.mark.parametrize(
    "data",
    [
        b"The free encyclopedia that anyone can edit",
        b"BM" + bytes(60),
        b"\xff\xfb\x90\x00" + bytes(600),
        b"\xff\xfe<\0h\0t\0m\0l\0",
        box(b"ftyp", b"jp2 " + bytes(4) + b"jp2 "),
        box(b"ftyp", b"x"),
        b"\x1a\x45\xdf\xa3\x86\x42\x82\x83foo",
        b"ID3\x04\0\0\xff\xff\xff\xff",
        bytes(200),
    ],
)
def test_near_misses_are_not_taken_for_media(data: bytes) -> None:
    assert detected(data) is None


def test_a_sync_pattern_alone_is_not_sound() -> None:
    two_frames = mp3(2)
    assert detected(two_frames) == MP3
    assert detected(two_frames[:418]) is None
    assert detected(two_frames[:417] + b"<html>") is None
    assert detected(two_frames[:417] + b"<html>" * HEAD_BYTES, whole=False) is None


def test_old_quicktime_files_have_no_brand() -> None:
    assert detected(box(b"wide") + box(b"mdat", bytes(30))) == QUICKTIME


def test_a_general_major_brand_leaves_the_choice_to_the_next() -> None:
    assert detected(box(b"ftyp", b"zzzz" + bytes(4) + b"isom")) == MP4
