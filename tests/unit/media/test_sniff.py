from __future__ import annotations

import pytest

from airflow_provider_rivya.media.sniff import (
    HEAD_BYTES,
    SIGNATURE_BYTES,
    describe,
    detect,
    may_be_synced_audio,
)
from airflow_provider_rivya.media.types import MP3, MP4, QUICKTIME
from tests.unit.media.samples import Sample, box, mp3, samples


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_format_is_known_by_its_bytes(sample: Sample) -> None:
    head = sample.data[:HEAD_BYTES]
    assert detect(head, whole=len(head) == len(sample.data)) == sample.media_type


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_an_answer_never_changes_when_more_bytes_are_shown(sample: Sample) -> None:
    head = sample.data[: HEAD_BYTES + 50]
    ends = [*range(600), *range(600, len(head), 97)]
    answers = {detect(head[:end]) for end in ends} - {None}
    assert answers <= {sample.media_type}


WITH_SIGNATURE = [sample for sample in samples() if not may_be_synced_audio(sample.data)]


@pytest.mark.parametrize("sample", WITH_SIGNATURE, ids=lambda sample: sample.name)
def test_a_signature_needs_few_bytes(sample: Sample) -> None:
    assert detect(sample.data[:SIGNATURE_BYTES]) == sample.media_type


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
    assert detect(data, whole=True) is None
    assert text in describe(data)
    assert "secret" not in describe(data)


@pytest.mark.parametrize(
    "data",
    [
        b"The free encyclopedia that anyone can edit",
        b"RIFF\x10\0\0\0AVI LIST",
        b"BM" + bytes(60),
        b"\xff\xfb\x90\x00" + bytes(600),
        b"\xff\xfe<\0h\0t\0m\0l\0",
        box(b"ftyp", b"jp2 " + bytes(4) + b"jp2 "),
        box(b"ftyp", b"x"),
        b"\x1a\x45\xdf\xa3\x86\x42\x82\x83foo",
        b"OggS\0\x02" + bytes(20) + b"\x01\x08whatever" + bytes(20),
        b"ID3\x04\0\0\xff\xff\xff\xff",
        bytes(200),
    ],
)
def test_near_misses_are_not_taken_for_media(data: bytes) -> None:
    assert detect(data) is None
    assert detect(data, whole=True) is None


def test_a_sync_pattern_alone_is_not_sound() -> None:
    two_frames = mp3(2)
    assert detect(two_frames) == MP3
    assert detect(two_frames[:418]) is None
    assert detect(two_frames[:417] + b"<html>") is None


def test_old_quicktime_files_have_no_brand() -> None:
    assert detect(box(b"wide") + box(b"mdat", bytes(30))) == QUICKTIME


def test_a_general_major_brand_leaves_the_choice_to_the_next() -> None:
    assert detect(box(b"ftyp", b"zzzz" + bytes(4) + b"isom")) == MP4
