"""What one process has learnt of how long generations take is known to the next one on this machine."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_rivya.waiting import memory
from airflow_provider_rivya.waiting.durations import ENOUGH, Durations, Likely

GATEWAY = "https://rivya.ai"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where it is kept; each call of :func:`known_to_the_next_process` is a process of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path / f"airflow-provider-rivya-{os.getuid()}"
    memory.recall.cache_clear()


def known_to_the_next_process(monkeypatch: pytest.MonkeyPatch) -> Likely | None:
    process = Durations()
    monkeypatch.setattr(memory, "DURATIONS", process)
    memory.recall.cache_clear()
    for _ in range(3):
        memory.recall()
    return process.likely(GATEWAY, "z-image", "image")


def test_the_next_process_knows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(ENOUGH):
        assert known_to_the_next_process(monkeypatch) is None
        memory.remember(GATEWAY, "z-image", "image", 2.0 + number / 100)
    likely = known_to_the_next_process(monkeypatch)
    assert likely is not None
    assert likely.usual == pytest.approx(2.02, abs=0.01)
    assert [file.name for file in folder.iterdir()] == ["durations.json"]
    assert folder.stat().st_mode & 0o077 == 0
    for _ in range(70):
        memory.remember(GATEWAY, "z-image", "image", 7.0)
    assert (folder / "durations.json").stat().st_size < 2000
    likely = known_to_the_next_process(monkeypatch)
    assert likely is not None
    assert likely.usual == pytest.approx(7.0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{not json",
        "[" * 100_000,
        "null",
        "5",
        json.dumps([[GATEWAY, "z-image", ["2", None, -1, 0, 1e99, [2]]], 3, [GATEWAY], {"a": 1}]),
        "[" + json.dumps([GATEWAY, "z-image", [float("nan")]]) + "]",
    ],
    ids=["empty", "cut", "deep", "null", "number", "odd values", "nan"],
)
def test_what_cannot_be_read_is_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    folder.mkdir(mode=0o700)
    (folder / "durations.json").write_text(content)
    assert known_to_the_next_process(monkeypatch) is None
    memory.remember(GATEWAY, "z-image", "image", 2.0)
    assert json.loads((folder / "durations.json").read_text())[0] == [GATEWAY, "z-image", [2.0]]


@pytest.mark.parametrize("odd", ["others may write there", "a link", "a file"])
def test_a_folder_that_is_not_its_own_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir(mode=0o777)
    elsewhere.chmod(0o777)
    if odd == "a file":
        folder.write_text("")
    elif odd == "a link":
        folder.symlink_to(elsewhere)
    else:
        elsewhere.rename(folder)
    memory.remember(GATEWAY, "z-image", "image", 2.0)
    assert known_to_the_next_process(monkeypatch) is None
    assert not elsewhere.exists() or not list(elsewhere.iterdir())
