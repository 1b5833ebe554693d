from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from airflow_provider_rivya.storage.staged import LocalFile
from airflow_provider_rivya.storage.writeback import STEP, WriteBack, _system_call


def test_a_file_of_several_steps_is_as_it_was_written(tmp_path: Path) -> None:
    chunk = random.Random(1).randbytes(1_000_003)  # noqa: S311 - test data
    count = 2 * STEP // len(chunk) + 2
    with LocalFile(str(tmp_path), "large.bin") as staged:
        for _ in range(count):
            staged.write(chunk)
        staged.commit()
    with (tmp_path / "large.bin").open("rb") as file:
        assert all(file.read(len(chunk)) == chunk for _ in range(count))
        assert file.read() == b""


@pytest.mark.skipif(sys.platform != "linux", reason="the call is Linux's own")
def test_linux_has_the_call(tmp_path: Path) -> None:
    call = _system_call()
    assert call is not None
    with (tmp_path / "a").open("wb") as file:
        file.write(bytes(4096))
        assert call(file.fileno(), 0, 4096, 2) == 0
    assert call(-1, 0, 4096, 2) == -1


def test_a_hint_that_cannot_be_given_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        WriteBack(writing).reached(STEP)  # a pipe has nothing to write back
    finally:
        os.close(reading)
        os.close(writing)
    WriteBack(writing).reached(STEP)  # closed
