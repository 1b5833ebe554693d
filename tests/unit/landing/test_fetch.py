from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    DownloadError,
    DownloadRefusedError,
    GatewayUnreachableError,
    NotFoundError,
    NotMediaError,
    OutputError,
    StorageError,
)
from airflow_provider_rivya.landing.fetch import LandedFile, Output, land, land_all
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.media.samples import by_name, cut, encoded
from tests.unit.media.test_inspect import png_stream

URL = "https://cdn.example/results/secret-token/a.bin?sig=secret"
PNG_BYTES = encoded(300, 200, "PNG")
MAX = 10_000_000


@dataclass
class Answer:
    """One answer of the faked transport; ``error`` ends it after its chunks."""

    data: bytes = PNG_BYTES
    length: int | None = None
    error: Exception | None = None
    chunk: int = 1000
    source: Callable[[], Iterator[bytes]] | None = None
    sent: int = 0

    def chunks(self) -> Iterator[bytes]:
        for piece in self.source() if self.source else cut(self.data, self.chunk):
            self.sent += len(piece)
            yield piece
        if self.error:
            raise self.error


@dataclass
class Transport:
    """What the HTTP layer offers: URLs that answer, one answer after the other, the last one again."""

    answers: dict[str, list[Answer]]
    opened: list[str] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def __call__(self, url: str, /) -> Iterator[Answer]:
        with self.lock:
            self.opened.append(url)
            queue = self.answers[url]
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
        try:
            yield answer
        finally:
            with self.lock:
                self.open_now -= 1


class Case:
    """One file to land in a folder of its own."""

    def __init__(self, folder: Path, *answers: Answer) -> None:
        self.folder = folder
        self.transport = Transport({URL: list(answers)})
        self.place = OutputPlace(f"{folder}/")
        self.waits: list[float] = []

    def land(self, **options: Any) -> LandedFile:
        options = {"max_bytes": MAX, "wait": self.waits.append, **options}
        return land(self.transport, URL, self.place, self.place.namer("task_1", 0), **options)

    @property
    def files(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    @property
    def tries(self) -> int:
        return len(self.transport.opened)


def test_a_landed_file_is_described(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(length=len(PNG_BYTES)))
    assert case.land() == LandedFile(
        uri=f"file://{tmp_path}/task_1-0.png",
        conn_id=None,
        mime_type="image/png",
        size_bytes=len(PNG_BYTES),
        sha256=hashlib.sha256(PNG_BYTES).hexdigest(),
        width=300,
        height=200,
        kind="image",
    )
    assert (tmp_path / "task_1-0.png").read_bytes() == PNG_BYTES
    assert case.files == ["task_1-0.png"]
    assert case.waits == []


@pytest.mark.parametrize("chunk", [1, 13, 10**6])
@pytest.mark.parametrize("name", ["jpeg", "webp-animated", "mp4", "mp3-one-frame", "wav"])
def test_the_bytes_decide_the_extension(tmp_path: Path, name: str, chunk: int) -> None:
    sample = by_name(name)
    landed = Case(tmp_path, Answer(sample.data, chunk=chunk)).land()
    assert landed.uri.endswith(f"task_1-0.{sample.media_type.extension}")
    assert (tmp_path / landed.uri.rsplit("/", 1)[1]).read_bytes() == sample.data


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (Answer(PNG_BYTES[:500], length=len(PNG_BYTES)), DownloadError),
        (Answer(PNG_BYTES + b"more", length=len(PNG_BYTES)), DownloadError),
        (Answer(PNG_BYTES[:500]), DownloadError),
        (Answer(b"", length=0), DownloadError),
        (Answer(PNG_BYTES[:100] + b"\0" + PNG_BYTES[101:]), DownloadError),
        (Answer(b"<html>busy</html>"), NotMediaError),
        (
            Answer(PNG_BYTES[:500], error=GatewayUnreachableError("The connection was cut.", retryable=True)),
            GatewayUnreachableError,
        ),
    ],
    ids=["cut", "too long", "cut without length", "empty", "flipped", "html", "connection"],
)
def test_a_broken_transfer_is_fetched_again(tmp_path: Path, broken: Answer, error: type[Exception]) -> None:
    mended = Case(tmp_path / "mended", broken, broken, Answer())
    assert mended.land().size_bytes == len(PNG_BYTES)
    assert mended.files == ["task_1-0.png"]
    assert len(mended.waits) == 2
    assert 1 <= mended.waits[0] < mended.waits[1]

    (tmp_path / "lost").mkdir()
    lost = Case(tmp_path / "lost", broken)
    with pytest.raises(error) as caught:
        lost.land()
    assert lost.files == []
    assert lost.tries == 3
    assert "secret" not in str(caught.value)


def test_a_cut_at_any_byte_lands_nothing(tmp_path: Path) -> None:
    data = encoded(8, 8, "JPEG")
    for end in range(len(data)):
        with pytest.raises(OutputError):
            Case(tmp_path, Answer(data[:end])).land(attempts=1)
    assert os.listdir(tmp_path) == []


def test_messages_name_the_host_and_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        Case(tmp_path, Answer(PNG_BYTES[:500], length=999_999)).land(attempts=1)
    assert caught.value.message == (
        "The transfer from https://cdn.example/... broke off: 500 bytes came, 999999 were announced."
    )


def test_what_no_repeat_can_mend_is_not_repeated(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(b"", error=NotFoundError("The result is gone.", http_status=404)))
    with pytest.raises(NotFoundError):
        case.land()
    assert case.tries == 1


@pytest.mark.parametrize("length", [None, len(PNG_BYTES)], ids=["while streaming", "declared"])
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, length: int | None) -> None:
    answer = Answer(length=length)
    case = Case(tmp_path, answer)
    with pytest.raises(DownloadRefusedError, match=r"at least \d+ bytes; max_output_bytes .* allows 700\."):
        case.land(max_bytes=700)
    assert case.tries == 1
    assert case.files == []
    assert answer.sent == (1000 if length is None else 0)


def test_an_html_page_with_status_200_is_not_stored_nor_read_to_its_end(tmp_path: Path) -> None:
    page = Answer(b"<!DOCTYPE html><html>" + b"<p>wait</p>" * 100_000)
    case = Case(tmp_path, page)
    with pytest.raises(
        NotMediaError, match=r"from https://cdn\.example/\.\.\. is not .* looks like an HTML page"
    ):
        case.land(attempts=1)
    assert page.sent == 1000
    assert case.files == []


def test_a_storage_fault_is_given_one_more_attempt(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    case = Case(tmp_path, Answer())
    case.place = OutputPlace(f"{tmp_path}/file/out/")
    with pytest.raises(StorageError, match="Not a directory"):
        case.land(attempts=5)
    assert case.tries == 2


def test_overwrite_replaces_what_stands_there(tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    assert not Case(tmp_path, Answer()).land(if_exists="overwrite").kept
    assert (tmp_path / "task_1-0.png").read_bytes() == PNG_BYTES


def test_fail_leaves_another_content_alone(tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    case = Case(tmp_path, Answer())
    with pytest.raises(StorageError, match="exists already with another content") as caught:
        case.land(if_exists="fail")
    assert not caught.value.retryable
    assert case.tries == 1
    assert (tmp_path / "task_1-0.png").read_bytes() == b"earlier"


@pytest.mark.parametrize("if_exists", ["overwrite", "fail", "skip"])
def test_a_retry_never_stumbles_over_its_own_file(tmp_path: Path, if_exists: str) -> None:
    first = Case(tmp_path, Answer()).land(if_exists=if_exists)
    second = Case(tmp_path, Answer()).land(if_exists=if_exists)
    assert (second.uri, second.sha256, second.width) == (first.uri, first.sha256, first.width)
    assert second.kept == (if_exists != "overwrite")
    assert os.listdir(tmp_path) == ["task_1-0.png"]


def test_skip_keeps_and_describes_what_stands_there(tmp_path: Path) -> None:
    other = encoded(10, 20, "PNG")
    (tmp_path / "task_1-0.png").write_bytes(other)
    answer = Answer()
    landed = Case(tmp_path, answer).land(if_exists="skip")
    assert (landed.width, landed.height, landed.kept) == (10, 20, True)
    assert landed.sha256 == hashlib.sha256(other).hexdigest()
    assert answer.sent < len(PNG_BYTES)


def test_skip_does_not_vouch_for_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(PNG_BYTES[:-5])
    with pytest.raises(
        StorageError, match=r"stands at file:.*task_1-0\.png is a damaged image/png file"
    ) as caught:
        Case(tmp_path, Answer()).land(if_exists="skip")
    assert "if_exists='overwrite'" in str(caught.value)


def test_a_fixed_name_is_kept_whatever_the_bytes_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = Case(tmp_path, Answer(by_name("jpeg").data))
    case.place = OutputPlace(f"{tmp_path}/cover.png")
    with caplog.at_level("INFO"):
        assert case.land().mime_type == "image/jpeg"
    assert case.files == ["cover.png"]
    assert "holds image/jpeg, whatever its name says" in caplog.text


def test_no_log_line_holds_a_url(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        Case(tmp_path, Answer(PNG_BYTES[:500]), Answer()).land()
    assert "Attempt 1 to land a result failed" in caplog.text
    assert "secret" not in caplog.text
    assert "secret" not in repr(Output(URL, str))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(source=lambda: png_stream(64 * 1024 * 1024)))
    tracemalloc.start()
    try:
        landed = case.land(max_bytes=10**9)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert landed.size_bytes > 64 * 1024 * 1024
    assert peak < 2 * 1024 * 1024


LARGE = b"".join(png_stream(5 * 1024 * 1024))


def hashing_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "rivya-beside"]


def test_a_large_file_is_whole_and_its_hash_too(tmp_path: Path) -> None:
    landed = Case(tmp_path, Answer(LARGE, length=len(LARGE), chunk=70_001)).land()
    assert landed.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert (tmp_path / "task_1-0.png").read_bytes() == LARGE
    assert hashing_threads() == []


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ({"length": 10**8}, f"broke off: {len(LARGE)} bytes came"),
        ({"error": DownloadError("The connection was cut.", retryable=True)}, "The connection was cut"),
        ({"error": RuntimeError("a fault of the transport")}, "a fault of the transport"),
        ({}, "at least 51[0-9]+ bytes"),
        ({"data": LARGE[:-3]}, "damaged image/png"),
    ],
    ids=["cut", "connection", "unforeseen", "too large", "damaged"],
)
def test_a_large_file_that_fails_leaves_neither_bytes_nor_a_thread(
    tmp_path: Path, ending: dict[str, Any], message: str
) -> None:
    case = Case(tmp_path, Answer(**{"data": LARGE, "chunk": 70_001, **ending}))
    with pytest.raises((OutputError, RuntimeError), match=message):
        case.land(max_bytes=10**9 if ending else 5_100_000)
    assert case.files == []
    assert hashing_threads() == []
    assert case.transport.open_now == 0


FULL = """
import contextlib, hashlib, os, resource, sys, threading
from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.landing.fetch import land
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.media.test_inspect import png_stream

class Stream:
    length = None
    def chunks(self):
        return png_stream(8 * 1024 * 1024)

place = OutputPlace(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    land(
        lambda url: contextlib.nullcontext(Stream()), "https://x/", place, place.namer("task_1", 0),
        max_bytes=10**9, wait=lambda _: None,
    )
except StorageError as error:
    print(error.message)
print([thread.name for thread in threading.enumerate()])
"""


def test_a_disk_that_fills_up_in_the_middle_is_told_as_that(
    tmp_path: Path, unmeasured_env: dict[str, str]
) -> None:
    """A real limit of the kernel, hit while the hash is under way; twice, as storage gets a second chance."""
    run = subprocess.run(
        [sys.executable, "-c", FULL, f"{tmp_path}/"],
        capture_output=True,
        text=True,
        check=True,
        env=unmeasured_env,
        cwd=Path(__file__).parents[3],
    )
    assert (
        f"Storage failed while writing file://{tmp_path}/task_1-0.png: OSError: File too large." in run.stdout
    )
    assert "['MainThread']" in run.stdout
    assert os.listdir(tmp_path) == []


def test_in_memory_storage_goes_the_same_way(memory_store: Any) -> None:
    transport = Transport({URL: [Answer(PNG_BYTES[:500]), Answer()]})
    place = OutputPlace("memory://mem@bucket/run/")
    landed = land(transport, URL, place, place.namer("task_1", 0), max_bytes=MAX, wait=lambda _: None)
    assert (landed.uri, landed.conn_id) == ("memory://bucket/run/task_1-0.png", "mem")
    assert list(memory_store.store) == ["/bucket/run/task_1-0.png"]


def several(count: int) -> tuple[dict[str, list[Answer]], list[str], list[bytes]]:
    contents = [encoded(50 + index, 40, "PNG") for index in range(count)]
    urls = [f"https://cdn.example/secret/{index}" for index in range(count)]
    return {url: [Answer(data)] for url, data in zip(urls, contents, strict=True)}, urls, contents


def land_several(transport: Transport, folder: Path, urls: list[str], **options: Any) -> list[LandedFile]:
    place = OutputPlace(f"{folder}/")
    outputs = [Output(url, place.namer("task_1", index)) for index, url in enumerate(urls)]
    return land_all(transport, outputs, place, max_bytes=MAX, wait=lambda _: None, **options)


def test_several_files_land_at_once_and_in_order(tmp_path: Path) -> None:
    answers, urls, contents = several(8)
    meeting = threading.Barrier(4, timeout=60)

    def meet(data: bytes) -> Callable[[], Iterator[bytes]]:
        def source() -> Iterator[bytes]:
            meeting.wait()
            yield data

        return source

    for queue in answers.values():
        queue[0].source = meet(queue[0].data)
    transport = Transport(answers)

    landed = land_several(transport, tmp_path, urls)

    assert [file.width for file in landed] == [50 + index for index in range(8)]
    assert [(tmp_path / f"task_1-{index}.png").read_bytes() for index in range(8)] == contents
    assert transport.most_open == 4


def test_nothing_to_land(tmp_path: Path) -> None:
    assert land_several(Transport({}), tmp_path, []) == []


def test_when_some_fail_all_is_told_and_the_others_stay(tmp_path: Path) -> None:
    answers, urls, _ = several(5)
    answers[urls[1]] = [Answer(b"<html>")]
    answers[urls[3]] = [Answer(PNG_BYTES[:77])]
    with pytest.raises(OutputError, match="2 of 5 outputs could not be landed") as caught:
        land_several(Transport(answers), tmp_path, urls)
    assert "output 1: The file from https://cdn.example/... is not" in caught.value.message
    assert "output 3: The file from https://cdn.example/... is a damaged image/png" in caught.value.message
    assert caught.value.retryable
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert "secret" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == [f"task_1-{index}.png" for index in (0, 2, 4)]

    answers[urls[1]] = answers[urls[3]] = [Answer()]
    assert len(land_several(Transport(answers), tmp_path, urls, if_exists="fail")) == 5


def test_a_single_failure_keeps_its_kind(tmp_path: Path) -> None:
    answers, urls, _ = several(3)
    answers[urls[1]] = [Answer(b"<html>")]
    with pytest.raises(NotMediaError):
        land_several(Transport(answers), tmp_path, urls)


def test_an_interruption_gives_up_the_transfers_in_flight(tmp_path: Path) -> None:
    started, interrupted = threading.Event(), threading.Event()

    def endless() -> Iterator[bytes]:
        stream = png_stream(2**30)
        for piece in stream:
            yield piece
            started.set()
            interrupted.wait(60)

    transport = Transport({URL: [Answer(source=endless)]})
    place = OutputPlace(f"{tmp_path}/")

    class Interrupted(BaseException):
        pass

    def interrupt(number: int, frame: object) -> None:
        interrupted.set()
        raise Interrupted

    def send() -> None:
        started.wait(60)
        os.kill(os.getpid(), signal.SIGUSR1)

    earlier = signal.signal(signal.SIGUSR1, interrupt)
    sender = threading.Thread(target=send)
    try:
        sender.start()
        with pytest.raises(Interrupted):
            land_all(transport, [Output(URL, place.namer("task_1", 0))], place, max_bytes=2**31)
        assert hashing_threads() == []
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, earlier)
    # A signal between the start of a pool's thread and its registration leaves one that nobody waits for.
    for thread in threading.enumerate():
        if thread.name.startswith("rivya-land"):
            thread.join(60)
    assert os.listdir(tmp_path) == []
    assert transport.open_now == 0


KILLED = """
import contextlib, sys, time
from airflow_provider_rivya.landing.fetch import land
from airflow_provider_rivya.storage.place import OutputPlace

class Stream:
    length = None
    def chunks(self):
        yield sys.stdin.buffer.read(5000)
        print("reading", flush=True)
        time.sleep(60)

place = OutputPlace(sys.argv[1])
name_for = place.namer("task_1", 0)
land(lambda url: contextlib.nullcontext(Stream()), "https://x/", place, name_for, max_bytes=10**9)
"""


def test_a_kill_in_the_middle_leaves_nothing_at_the_final_name(
    tmp_path: Path, unmeasured_env: dict[str, str]
) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    data = b"".join(png_stream(128 * 1024))
    command = [sys.executable, "-c", KILLED, f"{tmp_path}/"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=unmeasured_env
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(data[:5000])
        process.stdin.flush()
        assert process.stdout.readline() == b"reading\n"
        process.kill()
    assert (tmp_path / "task_1-0.png").read_bytes() == b"earlier"
    assert all(name.startswith(".rivya-") for name in os.listdir(tmp_path) if name != "task_1-0.png")
    assert Case(tmp_path, Answer()).land().size_bytes == len(PNG_BYTES)
