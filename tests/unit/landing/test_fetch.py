from __future__ import annotations

import functools
import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import threading
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    DamagedError,
    DownloadError,
    DownloadRefusedError,
    NotFoundError,
    NotMediaError,
    OutputError,
    StorageError,
)
from airflow_provider_rivya.landing.checks import Checks
from airflow_provider_rivya.landing.fetch import Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.path import default_name
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.landing.transport import PNG_BYTES, URL, Answer, Transport
from tests.unit.media.encoders import recorded
from tests.unit.media.samples import by_name, encoded, sound
from tests.unit.media.streams import png_stream

NAME_FOR = functools.partial(default_name, "task_1", 0)


class Waits(threading.Event):
    """Never waits, but notes for how long it should."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        return self.is_set()


class Case:
    """One file to land in a folder of its own."""

    def __init__(self, folder: Path, *answers: Answer, place: str | None = None) -> None:
        self.folder = folder
        self.transport = Transport(list(answers))
        self.place = OutputPlace(place or f"{folder}/")
        self.stop = Waits()

    def fetch(self, **options: Any) -> Output:
        new_writer = functools.partial(OutputWriter, self.place, 0, URL, NAME_FOR, "overwrite")
        return fetch(self.transport, URL, new_writer, stop=self.stop, **options)

    @property
    def files(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    @property
    def tries(self) -> int:
        return len(self.transport.opened)


def test_a_landed_file_is_described(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer())
    assert case.fetch() == Output(
        index=0,
        uri=f"file://{tmp_path}/task_1-0.png",
        conn_id=None,
        source_url=URL,
        mime_type="image/png",
        size_bytes=len(PNG_BYTES),
        sha256=hashlib.sha256(PNG_BYTES).hexdigest(),
        width=300,
        height=200,
        c2pa=False,
        xmp=False,
    )
    assert (tmp_path / "task_1-0.png").read_bytes() == PNG_BYTES
    assert case.files == ["task_1-0.png"]
    assert case.stop.seconds == []


LOST = DownloadError("The connection was cut.", retryable=True)


CUT = Answer(PNG_BYTES[:500])
FLIPPED = Answer(PNG_BYTES[:100] + b"\0" + PNG_BYTES[101:])
BROKEN = {
    "cut": (CUT, DownloadError),
    "empty": (Answer(b""), DownloadError),
    "flipped": (FLIPPED, DownloadError),
    "html": (Answer(b"<html>busy</html>"), NotMediaError),
    "connection": (Answer(PNG_BYTES[:500], error=LOST), DownloadError),
}


@pytest.mark.parametrize(("broken", "error"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_transfer_is_fetched_again(tmp_path: Path, broken: Answer, error: type[Exception]) -> None:
    mended = Case(tmp_path / "mended", broken, Answer())
    assert mended.fetch().size_bytes == len(PNG_BYTES)
    assert mended.files == ["task_1-0.png"]
    assert len(mended.stop.seconds) == 1

    (tmp_path / "lost").mkdir()
    lost = Case(tmp_path / "lost", broken)
    with pytest.raises(error) as caught:
        lost.fetch()
    assert "task_1-0.png" not in lost.files
    assert len(lost.stop.seconds) == lost.tries - 1
    assert "secret" not in str(caught.value)


def test_pauses_grow(tmp_path: Path) -> None:
    lost, _ = BROKEN["connection"]
    case = Case(tmp_path, lost, lost, Answer())
    case.fetch()
    assert 1 <= case.stop.seconds[0] < case.stop.seconds[1]


@pytest.mark.parametrize("name", ["cut", "flipped"])
def test_damaged_bytes_that_come_twice_are_kept(tmp_path: Path, name: str) -> None:
    broken, _ = BROKEN[name]
    case = Case(tmp_path, broken)
    with pytest.raises(DamagedError) as caught:
        case.fetch()
    kept = f"file://{tmp_path}/task_1-0.png.damaged"
    assert f"The same bytes came twice; it is kept at {kept}." in caught.value.message
    assert caught.value.kept_at == kept
    assert caught.value.retryable
    assert case.tries == 2
    assert case.files == ["task_1-0.png.damaged"]
    assert (tmp_path / "task_1-0.png.damaged").read_bytes() == broken.data


def test_damage_of_another_kind_each_time_is_kept_in_the_end(tmp_path: Path) -> None:
    case = Case(tmp_path, CUT, FLIPPED, Answer(PNG_BYTES[:700]))
    with pytest.raises(DamagedError, match="It came damaged more than once"):
        case.fetch()
    assert case.tries == 3
    assert (tmp_path / "task_1-0.png.damaged").read_bytes() == PNG_BYTES[:700]


def test_damaged_bytes_never_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    with pytest.raises(DamagedError):
        Case(tmp_path, CUT).fetch()
    assert (tmp_path / "task_1-0.png").read_bytes() == b"earlier"


def test_where_they_cannot_be_kept_that_is_no_other_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    case = Case(tmp_path, CUT)
    with pytest.raises(DamagedError) as caught:
        case.fetch()
    assert caught.value.kept_at is None
    assert case.files == []
    assert "The damaged file could not be kept" in caplog.text


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


# -- decoding --------------------------------------------------------------------------------------

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


def test_once_it_is_to_stop_there_is_no_further_attempt(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(PNG_BYTES[:500]))
    case.stop.set()
    with pytest.raises(DownloadError, match="damaged image/png"):
        case.fetch()
    assert case.tries == 1


def test_a_cut_at_any_byte_lands_nothing(tmp_path: Path) -> None:
    data = encoded(8, 8, "JPEG")
    for end in range(len(data)):
        with pytest.raises(OutputError):
            Case(tmp_path, Answer(data[:end])).fetch(retries=Retries(attempts=1))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "error", [NotFoundError("The result is gone.", http_status=404), DownloadRefusedError("It is too large.")]
)
def test_what_no_repeat_can_mend_is_not_repeated(tmp_path: Path, error: Exception) -> None:
    case = Case(tmp_path, Answer(PNG_BYTES[:200], error=error))
    with pytest.raises(type(error)):
        case.fetch()
    assert case.tries == 1
    assert case.files == []


def test_an_html_page_with_status_200_is_not_stored_nor_read_to_its_end(tmp_path: Path) -> None:
    page = Answer(b"<!DOCTYPE html><html>" + b"<p>wait</p>" * 100_000)
    case = Case(tmp_path, page)
    with pytest.raises(
        NotMediaError, match=r"from https://cdn\.example/\.\.\. is not .* looks like an HTML page"
    ):
        case.fetch(retries=Retries(attempts=1))
    assert page.sent == 1000
    assert case.files == []


def test_a_storage_fault_is_given_one_more_attempt(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    case = Case(tmp_path, Answer(), place=f"{tmp_path}/file/out/")
    with pytest.raises(StorageError, match="Not a directory"):
        case.fetch(retries=Retries(attempts=5))
    assert case.tries == 2


def test_no_log_line_holds_a_url(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        output = Case(tmp_path, Answer(PNG_BYTES[:500]), Answer()).fetch()
    assert "Attempt 1 to fetch a result failed" in caplog.text
    assert "secret" not in caplog.text
    assert "secret" not in repr(output)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(source=lambda: png_stream(64 * 1024 * 1024)))
    tracemalloc.start()
    try:
        landed = case.fetch()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (landed.size_bytes or 0) > 64 * 1024 * 1024
    assert peak < 2 * 1024 * 1024


LARGE = b"".join(png_stream(5 * 1024 * 1024))


def test_a_large_file_is_whole_and_its_hash_too(tmp_path: Path) -> None:
    landed = Case(tmp_path, Answer(LARGE, chunk=70_001)).fetch()
    assert landed.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert (tmp_path / "task_1-0.png").read_bytes() == LARGE


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ({"error": LOST}, "The connection was cut"),
        ({"error": RuntimeError("a fault of the transport")}, "a fault of the transport"),
    ],
    ids=["connection", "unforeseen"],
)
def test_a_large_file_that_fails_leaves_nothing(tmp_path: Path, ending: dict[str, Any], message: str) -> None:
    case = Case(tmp_path, Answer(**{"data": LARGE, "chunk": 70_001, **ending}))
    with pytest.raises((OutputError, RuntimeError), match=message):
        case.fetch()
    assert case.files == []
    assert case.transport.open_now == 0


PROGRAM = """
import contextlib, functools, resource, sys, threading
from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.landing.fetch import Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.media.streams import png_stream

class Stream:
    length, coding = None, ""
    def chunks(self):
        if "full" in sys.argv:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
            return png_stream(8 * 1024 * 1024)
        return self.stalled()
    def stalled(self):
        yield sys.stdin.buffer.read(5000)
        print("reading", flush=True)
        threading.Event().wait(60)

class Never(threading.Event):
    def wait(self, timeout=None):
        return False

new_writer = functools.partial(
    OutputWriter, OutputPlace(sys.argv[1]), 0, "https://x/", lambda _: "task_1-0.png", "overwrite"
)
try:
    fetch(lambda url: contextlib.nullcontext(Stream()), "https://x/", new_writer, stop=Never())
except StorageError as error:
    print(error.message)
"""
ROOT = Path(__file__).parents[3]


def test_a_disk_that_fills_up_in_the_middle_is_told_as_that(
    tmp_path: Path, unmeasured_env: dict[str, str]
) -> None:
    """A real limit of the kernel; hit twice, as storage gets a second chance."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"{tmp_path}/", "full"],
        capture_output=True,
        text=True,
        check=True,
        env=unmeasured_env,
        cwd=ROOT,
    )
    assert run.stdout == (
        f"Storage failed while writing file://{tmp_path}/task_1-0.png: OSError: File too large.\n"
    )
    assert os.listdir(tmp_path) == []


def test_a_kill_in_the_middle_leaves_nothing_at_the_final_name(
    tmp_path: Path, unmeasured_env: dict[str, str]
) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    data = b"".join(png_stream(128 * 1024))
    command = [sys.executable, "-c", PROGRAM, f"{tmp_path}/"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=unmeasured_env, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(data[:5000])
        process.stdin.flush()
        assert process.stdout.readline() == b"reading\n"
        process.kill()
    assert (tmp_path / "task_1-0.png").read_bytes() == b"earlier"
    assert all(name.startswith(".rivya-") for name in os.listdir(tmp_path) if name != "task_1-0.png")
    assert Case(tmp_path, Answer()).fetch().size_bytes == len(PNG_BYTES)


def test_in_memory_storage_goes_the_same_way(memory_store: Any, tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(PNG_BYTES[:500]), Answer(), place="memory://mem@bucket/run/")
    landed = case.fetch()
    assert (landed.uri, landed.conn_id) == ("memory://bucket/run/task_1-0.png", "mem")
    assert list(memory_store.store) == ["/bucket/run/task_1-0.png"]


def test_the_transfer_has_ended_before_the_file_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flushing takes long; the connection serves the next file meanwhile."""
    case = Case(tmp_path, Answer())
    open_then: list[int] = []
    flush = os.fsync

    def noted(file: int) -> None:
        open_then.append(case.transport.open_now)
        flush(file)

    monkeypatch.setattr(os, "fsync", noted)
    case.fetch()
    assert set(open_then) == {0}


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
