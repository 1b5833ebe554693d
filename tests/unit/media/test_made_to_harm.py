"""Files that are made to take long, to fill the memory, or to tell numbers that nothing can store."""

from __future__ import annotations

import struct

import pytest

from airflow_provider_rivya.exceptions import DamagedError
from airflow_provider_rivya.media.formats.frames import Frame, mpeg_frame, walk_frames
from airflow_provider_rivya.media.formats.iso_facts import Film, Picture
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import Scanner
from airflow_provider_rivya.media.types import MediaFacts
from tests.unit.media.inspecting import inspect
from tests.unit.media.samples import OPUS_HEAD, element, mp3, ogg_page

CLUSTER = element(0x1F43B675, element(0xE7, b"\0"), element(0xA3, b"\x81\0\0\x80" + b"\x33" * 40))


def inspect_whole(data: bytes) -> MediaFacts:
    inspector = StreamInspector()
    inspector.feed(data)
    return inspector.finish()


def webm(*parts: bytes) -> bytes:
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067, *parts, CLUSTER)


def flac(body: bytes, longest: int = 0) -> bytes:
    """A first frame whose header is right, and what stands in it; its checksum is not."""
    head = struct.pack(">HH3x", 4096, 4096) + longest.to_bytes(3, "big")
    head += (44100 << 44 | 1 << 41 | 15 << 36).to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80\0\0\x22" + head + b"\xff\xf8\xc9\x18\0\xc2" + body


# -- work: each of these once took minutes to hours ---------------------------------------------------


def test_a_run_of_samples_is_no_longer_than_what_stands_there() -> None:
    seen = Film()
    seen.see(b"moov", b"trak", b"")
    seen.see(b"mdia", b"mdhd", bytes(12) + struct.pack(">II", 1000, 0))
    seen.see(b"traf", b"tfhd", bytes(8))
    seen.see(b"traf", b"trun", struct.pack(">IIIII", 0x100, 0xFFFFFFFF, 200, 300, 500))
    assert seen.duration_s == 1.0


def test_text_in_the_last_frame_of_a_flac_file_is_looked_at_once() -> None:
    with pytest.raises(DamagedError, match="its last FLAC frame"):
        inspect_whole(flac(b"a" * 4_000_000 + b"\x01"))


def test_a_run_of_bytes_that_begin_no_frame_is_let_go_by() -> None:
    asked = 0

    def read(head: bytes) -> Frame | None:
        nonlocal asked
        asked += 1
        return mpeg_frame(head)

    notes = Notes()
    scanner = Scanner(walk_frames(notes, read), notes)
    scanner.feed(mp3() + b"\xff" * 100_000)
    scanner.finish()
    assert notes.doubts == ["100000 bytes follow its end"]
    assert asked < 10


def test_streams_side_by_side_are_bounded() -> None:
    begins = b"".join(ogg_page(OPUS_HEAD, flags=2, number=0, serial=serial) for serial in range(300))
    with pytest.raises(DamagedError, match="more than 256 streams"):
        inspect(begins)


# -- memory --------------------------------------------------------------------------------------------


def test_so_many_tracks_are_kept() -> None:
    seen = Film()
    for _ in range(5000):
        seen.see(b"moov", b"trak", b"")
    assert len(seen.tracks) == 1000


def test_so_many_properties_and_items_of_a_picture_are_kept() -> None:
    seen = Picture()
    for _ in range(40_000):
        seen.see(b"ipco", b"free", b"")
    items = b"".join(struct.pack(">IB", item, 0) for item in range(40_000))
    seen.see(b"iprp", b"ipma", b"\1\0\0\0" + struct.pack(">I", 40_000) + items)
    assert len(seen._properties) == len(seen._of_items) == 0x7FFF


# -- shape ---------------------------------------------------------------------------------------------


def test_elements_that_stand_in_themselves_are_not_followed() -> None:
    nested = element(0x83, b"\1")
    for _ in range(2000):
        nested = element(0xAE, nested)
    assert inspect_whole(webm(element(0x1654AE6B, nested))).media_type.mime_type == "video/webm"


# -- numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [float("nan"), float("inf"), float("-inf"), -5e9, 1e300])
def test_a_duration_that_is_none_is_not_told(told: float) -> None:
    # Airflow cannot store NaN in an XCom: the task failed at that after it had landed its file.
    data = webm(element(0x1549A966, element(0x4489, struct.pack(">d", told))))
    assert inspect(data).duration_s is None


def test_a_width_that_no_picture_has_is_not_told() -> None:
    picture = element(0xE0, element(0xB0, b"\xff" * 8), element(0xBA, b"\xff" * 8))
    facts = inspect(webm(element(0x1654AE6B, element(0xAE, element(0x83, b"\1"), picture))))
    assert (facts.width, facts.height) == (None, None)
