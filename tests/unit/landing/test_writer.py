from __future__ import annotations

import functools
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.landing.fetch import Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.path import default_name
from airflow_provider_rivya.storage.place import IfExists, OutputPlace
from tests.unit.landing.transport import PNG_BYTES, URL, Answer, Transport
from tests.unit.media.samples import by_name, encoded

Write = Callable[..., Output]
WAYS: list[IfExists] = ["overwrite", "fail", "skip"]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write one answer, as a fetch does."""

    def run(answer: Answer, if_exists: IfExists = "overwrite", name: str = "") -> Output:
        place = OutputPlace(f"{tmp_path}/{name}")
        new_writer = functools.partial(
            OutputWriter,
            place,
            0,
            URL,
            lambda media_type: place.fixed_name or default_name("task_1", 0, media_type),
            if_exists,
        )
        return fetch(
            Transport([answer]), URL, new_writer, stop=threading.Event(), retries=Retries(attempts=1)
        )

    return run


@pytest.mark.parametrize("chunk", [1, 13, 10**6])
@pytest.mark.parametrize("name", ["jpeg", "webp-animated", "mp4", "mp3-one-frame", "wav"])
def test_the_bytes_decide_the_extension(write: Write, tmp_path: Path, name: str, chunk: int) -> None:
    sample = by_name(name)
    uri = str(write(Answer(sample.data, chunk=chunk)).uri)
    assert uri.endswith(f"task_1-0.{sample.media_type.extension}")
    assert (tmp_path / uri.rsplit("/", 1)[1]).read_bytes() == sample.data


def test_overwrite_replaces_what_stands_there(write: Write, tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    write(Answer())
    assert (tmp_path / "task_1-0.png").read_bytes() == PNG_BYTES


def test_fail_leaves_another_content_alone(write: Write, tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(b"earlier")
    with pytest.raises(StorageError, match="exists already with another content") as caught:
        write(Answer(), "fail")
    assert not caught.value.retryable
    assert (tmp_path / "task_1-0.png").read_bytes() == b"earlier"
    assert os.listdir(tmp_path) == ["task_1-0.png"]


@pytest.mark.parametrize("if_exists", WAYS)
def test_a_retry_never_stumbles_over_its_own_file(write: Write, tmp_path: Path, if_exists: IfExists) -> None:
    first = write(Answer(), if_exists)
    written = (tmp_path / "task_1-0.png").stat().st_ino
    assert write(Answer(), if_exists) == first
    assert os.listdir(tmp_path) == ["task_1-0.png"]
    kept = (tmp_path / "task_1-0.png").stat().st_ino == written
    assert kept == (if_exists != "overwrite")


def test_skip_keeps_and_describes_what_stands_there(write: Write, tmp_path: Path) -> None:
    other = encoded(10, 20, "PNG")
    (tmp_path / "task_1-0.png").write_bytes(other)
    answer = Answer()
    landed = write(answer, "skip")
    assert (landed.width, landed.height) == (10, 20)
    assert landed.sha256 == hashlib.sha256(other).hexdigest()
    assert answer.sent < len(PNG_BYTES)


def test_skip_does_not_vouch_for_a_damaged_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "task_1-0.png").write_bytes(PNG_BYTES[:-5])
    with pytest.raises(
        StorageError, match=r"stands at file:.*task_1-0\.png is a damaged image/png file"
    ) as caught:
        write(Answer(), "skip")
    assert "if_exists='overwrite'" in str(caught.value)


def test_a_fixed_name_is_kept_whatever_the_bytes_are(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        assert write(Answer(by_name("jpeg").data), name="cover.png").mime_type == "image/jpeg"
    assert os.listdir(tmp_path) == ["cover.png"]
    assert "holds image/jpeg, whatever its name says" in caplog.text
