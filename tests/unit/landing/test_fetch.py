from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    DownloadError,
    DownloadRefusedError,
    NotFoundError,
    NotMediaError,
    OutputError,
    StorageError,
)
from airflow_provider_rivya.landing.fetch import Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.path import default_name
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.landing.transport import PNG_BYTES, URL, Answer, Transport
from tests.unit.media.samples import encoded
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
    )
    assert (tmp_path / "task_1-0.png").read_bytes() == PNG_BYTES
    assert case.files == ["task_1-0.png"]
    assert case.stop.seconds == []


LOST = DownloadError("The connection was cut.", retryable=True)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (Answer(PNG_BYTES[:500]), DownloadError),
        (Answer(b""), DownloadError),
        (Answer(PNG_BYTES[:100] + b"\0" + PNG_BYTES[101:]), DownloadError),
        (Answer(b"<html>busy</html>"), NotMediaError),
        (Answer(PNG_BYTES[:500], error=LOST), DownloadError),
    ],
    ids=["cut", "empty", "flipped", "html", "connection"],
)
def test_a_broken_transfer_is_fetched_again(tmp_path: Path, broken: Answer, error: type[Exception]) -> None:
    mended = Case(tmp_path / "mended", broken, broken, Answer())
    assert mended.fetch().size_bytes == len(PNG_BYTES)
    assert mended.files == ["task_1-0.png"]
    assert len(mended.stop.seconds) == 2
    assert 1 <= mended.stop.seconds[0] < mended.stop.seconds[1]

    (tmp_path / "lost").mkdir()
    lost = Case(tmp_path / "lost", broken)
    with pytest.raises(error) as caught:
        lost.fetch()
    assert lost.files == []
    assert lost.tries == 3
    assert len(lost.stop.seconds) == 2
    assert "secret" not in str(caught.value)


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
    assert "Attempt 1 to land a result failed" in caplog.text
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
        ({"data": LARGE[:-3]}, "damaged image/png"),
    ],
    ids=["connection", "unforeseen", "damaged"],
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
    length = None
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
