"""What the checks of a fetched result find: its kind, oddities, what decoding shows."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from airflow_provider_rivya.landing.checks import Checks
from tests.unit.landing.transport import PNG_BYTES, Answer, Case
from tests.unit.media.encoders import recorded
from tests.unit.media.samples import by_name, encoded, sound


def test_what_is_odd_is_landed_with_its_doubts(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(PNG_BYTES + b"\r\n"))
    landed = case.fetch()
    assert landed.doubts == ["2 bytes follow its end"]
    assert (tmp_path / "task_1-0.png").read_bytes() == PNG_BYTES + b"\r\n"
    assert case.tries == 1


def test_sound_in_a_film_s_clothes_has_the_name_of_sound(tmp_path: Path) -> None:
    landed = Case(tmp_path, Answer(sound(b"isom"))).fetch()
    assert (landed.mime_type, landed.uri) == ("audio/mp4", f"file://{tmp_path}/task_1-0.m4a")


def test_so_has_sound_without_a_header_that_was_asked_for(tmp_path: Path) -> None:
    samples = Answer(b"\x00\x01\x7f\xfe" * 1200)
    landed = Case(tmp_path, samples).fetch(checks=Checks.of("structure", '{"output_format": "pcm_24000"}'))
    assert (landed.mime_type, landed.uri) == ("audio/L16;rate=24000", f"file://{tmp_path}/task_1-0.pcm")
    with pytest.raises(NotMediaError):
        Case(tmp_path, samples).fetch(checks=Checks.of("structure", {"output_format": "mp3_44100_128"}))


DECODED = Checks(decode=True)


@pytest.mark.parametrize(
    "name", ["png", "jpeg", "webp-animated", "avif", "mp4-h264", "mp3-lame", "flac", "wav"]
)
def test_a_whole_file_can_be_decoded(tmp_path: Path, name: str) -> None:
    landed = Case(tmp_path, Answer(by_name(name).data)).fetch(checks=DECODED)
    assert landed.doubts == []


def test_decoding_finds_what_the_structure_does_not_show(tmp_path: Path) -> None:
    data = bytearray(encoded(64, 64, "PNG"))
    at = data.index(b"IDAT")
    (length,) = struct.unpack_from(">I", data, at - 4)
    data[at + 4 : at + 4 + length] = bytes(length)  # of the right length and checksum, and no picture
    data[at + 4 + length : at + 8 + length] = struct.pack(">I", zlib.crc32(data[at : at + 4 + length]))
    broken = Answer(bytes(data))
    assert Case(tmp_path, broken).fetch().doubts == []
    with pytest.raises(DamagedError, match="decoding it failed"):
        Case(tmp_path / "decoded", broken).fetch(checks=DECODED)
    assert os.listdir(tmp_path / "decoded") == ["task_1-0.png.damaged"]


def test_decoding_tells_more_of_formats_that_are_not_known(tmp_path: Path) -> None:
    landed = Case(tmp_path, Answer(recorded("avi", None, "mpeg4", seconds=0.2))).fetch(checks=DECODED)
    assert (landed.width, landed.height, landed.duration_s) == (64, 48, 0.2)


def test_bytes_in_an_encoding_that_is_not_undone_are_told_as_such(tmp_path: Path) -> None:
    case = Case(tmp_path, *[Answer(bytes(300), coding="br")] * 3)
    with pytest.raises(NotMediaError) as caught:
        case.fetch()
    assert "(encoded as br, which was not asked for and is not undone) is not an image" in str(caught.value)
    assert case.files == []


def test_bytes_that_are_what_they_should_be_are_landed_whatever_the_name_of_their_encoding(
    tmp_path: Path,
) -> None:
    case = Case(tmp_path, Answer(coding="zstd"))
    assert case.fetch().mime_type == "image/png"
