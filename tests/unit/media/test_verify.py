"""Decoding in a process of its own: what is missing, and its bounds."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import DownloadError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import MediaFacts
from airflow_provider_rivya.media.verify import Bounds, decoded, verify_faults
from tests.unit.media.samples import by_name


def facts_of(data: bytes) -> MediaFacts:
    inspector = StreamInspector()
    inspector.feed(data)
    return inspector.finish()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(by_name("png").data)
    return path


def test_missing_libraries_are_told_before_anything_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verify_faults("decode") == []
    monkeypatch.setitem(sys.modules, "av", None)
    (fault,) = verify_faults("decode")
    assert (fault.path, fault.problem) == ("verify", "decoding needs PyAV")
    assert "airflow-provider-rivya[verify]" in fault.allowed
    assert verify_faults("structure") == []


@pytest.mark.parametrize(
    ("bounds", "doubt"),
    [
        (Bounds(seconds=0), "it could not be decoded within 0 s"),
        (Bounds(memory_bytes=1024**2), "it could not be decoded within 1 MiB"),
    ],
    ids=["time", "memory"],
)
def test_what_takes_too_much_is_a_doubt(picture: Path, bounds: Bounds, doubt: str) -> None:
    facts = facts_of(picture.read_bytes())
    told = decoded(str(picture), facts, "The file", threading.Event(), bounds)
    assert doubt in told.doubts[0]
    assert told.sha256 == facts.sha256


def test_it_is_given_up_when_the_task_ends(picture: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(DownloadError, match="given up"):
        decoded(str(picture), facts_of(picture.read_bytes()), "The file", stop)


def test_without_room_for_a_copy_it_is_a_doubt(picture: Path) -> None:
    told = decoded(None, facts_of(picture.read_bytes()), "The file", threading.Event())
    assert "has no room for a copy" in told.doubts[0]


def test_junk_behind_the_end_of_sound_is_no_damage(tmp_path: Path) -> None:
    data = by_name("mp3-lame").data + b"<html>late error</html>"
    path = tmp_path / "a.mp3"
    path.write_bytes(data)
    told = decoded(str(path), facts_of(data), "The file", threading.Event())
    assert told.doubts == ("23 bytes follow its end",)
