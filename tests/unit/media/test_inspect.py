from __future__ import annotations

import hashlib
import struct
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_rivya.exceptions import DownloadError, NotMediaError, OutputError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import MP4, PNG, MediaFacts, MediaType
from tests.unit.media.samples import Sample, animated, box, by_name, cut, encoded, film, samples, track
from tests.unit.media.streams import film_stream, png_stream

CHECKED = [sample for sample in samples() if sample.checked]


def inspect(chunks: Iterable[bytes]) -> MediaFacts:
    inspector = StreamInspector()
    for chunk in chunks:
        inspector.feed(chunk)
    return inspector.finish()


def accepted(data: bytes) -> bool:
    try:
        inspect([data])
    except OutputError:
        return False
    return True


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_facts_do_not_depend_on_the_chunks(sample: Sample, size: int) -> None:
    facts = inspect(cut(sample.data, size))
    assert facts.media_type == sample.media_type
    assert (facts.width, facts.height) == (sample.size or (None, None))
    assert facts.size_bytes == len(sample.data)
    assert facts.sha256 == hashlib.sha256(sample.data).hexdigest()
    assert bool(facts.doubts) == sample.odd


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_chunking_of_any_bytes_gives_the_same_verdict(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(samples()))
    content = bytearray(sample.data)
    for at in data.draw(st.lists(st.integers(0, min(len(content), 400) - 1), max_size=3)):
        content[at] ^= data.draw(st.integers(1, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(content)), max_size=8)))
    chunks = [bytes(content[a:b]) for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]

    assert verdict(chunks) == verdict([bytes(content)])


def verdict(chunks: Iterable[bytes]) -> object:
    try:
        return inspect(chunks)
    except OutputError as error:
        return type(error), error.message


def ends(size: int) -> list[int]:
    """Where to cut: everywhere near the start and the end, and at the half."""
    near = {*range(min(size, 400)), *range(max(0, size - 200), size)}
    return sorted(near | {size // 2} | {*range(400, size, 97)})


@pytest.mark.parametrize("sample", CHECKED, ids=lambda sample: sample.name)
def test_a_cut_at_any_byte_is_found(sample: Sample) -> None:
    wrongly_accepted = [end for end in ends(len(sample.data)) if accepted(sample.data[:end])]
    # The last byte may be one that only fills up: nothing is lost then, and the sizes tell.
    if wrongly_accepted == [len(sample.data) - 1] and sample.data[-1:] == b"\0":
        assert inspect([sample.data[:-1]]).doubts == ("its sizes do not add up",)
    else:
        assert wrongly_accepted == []


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_a_cut_inside_a_unit_is_found_in_every_format(sample: Sample) -> None:
    """Formats without an end of their own are cut unseen only between two frames, blocks or samples."""
    assert not accepted(sample.data[: len(sample.data) // 2 - 5]) or sample.odd
    assert not accepted(sample.data[:-21])


@pytest.mark.parametrize("name", ["png", "png-interlaced", "png-animated"])
def test_a_flipped_bit_at_any_byte_of_a_png_is_found(name: str) -> None:
    data = by_name(name).data
    for at in range(len(data)):
        for bit in (0, 3, 7):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            assert not accepted(bytes(damaged)), f"byte {at}, bit {bit}"


def test_a_damaged_file_is_worth_another_attempt() -> None:
    data = by_name("png").data
    with pytest.raises(DownloadError, match="damaged image/png file: it ends before") as caught:
        inspect([data[:-1]])
    assert caught.value.retryable
    with pytest.raises(DownloadError, match="is empty"):
        inspect([b"", b""])


def test_an_html_page_is_refused_long_before_its_end() -> None:
    def endless() -> Iterator[bytes]:
        yield b"<!doctype html><html><head><title>Just a moment...</title>"
        for _ in range(3):
            yield b"<p>please wait</p>" * 100
        pytest.fail("went on reading")

    with pytest.raises(NotMediaError, match="looks like an HTML page") as caught:
        inspect(endless())
    assert caught.value.retryable


def test_a_short_text_is_refused_at_its_end() -> None:
    with pytest.raises(NotMediaError, match="looks like plain text"):
        inspect([b"gone"])


def test_sync_patterns_without_frames_are_refused() -> None:
    with pytest.raises(NotMediaError, match="begins with the bytes ff fb"):
        inspect([b"\xff\xfb\x90\x00" + bytes(20_000)])


def test_pictures_behind_the_first_in_a_jpeg_must_be_whole_too() -> None:
    first, second = by_name("jpeg").data, encoded(900, 900, "JPEG", quality=100, subsampling=0)
    assert inspect([first + second]).width == 37
    assert not accepted(first + second[:-1])


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 999), (1023, 2), (1376, 768), (2048, 2048)])
@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP", "GIF"])
def test_dimensions(format_name: str, width: int, height: int) -> None:
    mode = "P" if format_name == "GIF" else "RGB"
    facts = inspect(cut(encoded(width, height, format_name, mode), 1000))
    assert (facts.width, facts.height) == (width, height)


def test_avif_sequences() -> None:
    facts = inspect([animated(64, 48, "AVIF")])
    assert (facts.media_type.extension, facts.width, facts.height) == ("avif", 64, 48)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", track(b"vide", 4, 4)), id="no data"),
        pytest.param(box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", bytes(9)), id="no moov"),
        pytest.param(box(b"ftyp", b"isom" + bytes(4)) + struct.pack(">I4s", 5, b"moov"), id="length below 8"),
        pytest.param(box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", b"\0\0\1\0trak"), id="child too long"),
        pytest.param(box(b"ftyp", b"avif" + bytes(4)) + box(b"meta", bytes(4)) + box(b"mdat"), id="no ispe"),
        pytest.param(b"RIFF\x04\0\0\0WEBP", id="webp without picture"),
        pytest.param(b"RIFF\x12\0\0\0WEBPVP8L\x0a\0\0\0" + bytes(10), id="webp without signature"),
        pytest.param(b"GIF89a\x01\0\x01\0\0\0\0\x3b", id="gif without picture"),
        pytest.param(b"GIF89a\x01\0\x01\0\0\0\0\x99\x3b", id="gif with an unknown block"),
        pytest.param(b"\xff\xd8\xff\xd9", id="jpeg without picture"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x01\xff\xd9", id="jpeg segment too short"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x02xx\xff\xd9", id="jpeg without marker"),
        pytest.param(b"RIFF\x02\0\0\0WAVE", id="wav with an impossible size"),
    ],
)
def test_files_that_are_whole_but_wrong(data: bytes) -> None:
    with pytest.raises(DownloadError):
        inspect([data])


def test_a_last_box_up_to_the_end_is_taken_as_it_comes() -> None:
    open_ended = film(moov_first=True)
    at = open_ended.index(b"mdat") - 4
    assert accepted(open_ended[:at] + bytes(4) + open_ended[at + 4 :])


def test_fragmented_films() -> None:
    fragments = box(b"moof", bytes(20)) + box(b"mdat", bytes(20))
    data = box(b"ftyp", b"iso5" + bytes(4)) + box(b"moov", track(b"vide", 8, 6)) + fragments * 2
    assert inspect([data]).width == 8
    assert not accepted(data[:-1])


@pytest.mark.parametrize(("stream", "media_type"), [(png_stream, PNG), (film_stream, MP4)])
def test_memory_does_not_grow_with_the_file(
    stream: Callable[[int], Iterator[bytes]], media_type: MediaType
) -> None:
    tracemalloc.start()
    try:
        facts = inspect(stream(64 * 1024 * 1024))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert facts.media_type == media_type
    assert facts.size_bytes > 64 * 1024 * 1024
    assert facts.width
    assert peak < 1024 * 1024
