"""Attempts to fetch one result: what is fetched again, what is kept of damage, what is told."""

from __future__ import annotations

import hashlib
import os
import tempfile
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
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.result import Output
from tests.unit.landing.transport import PNG_BYTES, URL, Answer, Case
from tests.unit.media.samples import encoded


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


def test_a_pause_that_the_host_asks_for_is_not_shortened(tmp_path: Path) -> None:
    asked = DownloadError("Busy.", retryable=True, retry_after=77.0)
    case = Case(tmp_path, Answer(b"", error=asked), Answer())
    case.fetch()
    assert case.stop.seconds == [77.0]
    longer = Case(tmp_path / "longer", Answer(b"", error=asked.replace(retry_after=121.0)))
    with pytest.raises(DownloadError, match="Busy"):
        longer.fetch()
    assert (longer.tries, longer.stop.seconds) == (1, [])


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


def test_in_memory_storage_goes_the_same_way(memory_store: Any, tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(PNG_BYTES[:500]), Answer(), place="memory://mem@bucket/run/")
    landed = case.fetch()
    assert (landed.uri, landed.conn_id) == ("memory://bucket/run/task_1-0.png", "mem")
    assert list(memory_store.store) == ["/bucket/run/task_1-0.png"]
