"""Fetching large results: memory, a disk that fills up, a process that is killed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import DownloadError, OutputError
from tests.unit.landing.transport import PNG_BYTES, Answer, Case
from tests.unit.media.streams import png_stream

LOST = DownloadError("The connection was cut.", retryable=True)


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
