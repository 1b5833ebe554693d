"""How the benchmarks show what they measured, and what they could not measure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from airflow_provider_rivya.api.call import SMALL
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import PNG, WAV, MediaType
from benchmarks import stall
from benchmarks.figure import Figure, exit_code, table, unmeasured
from benchmarks.landing import GOAL_GROWTH_MB, turns
from benchmarks.processes import server
from tools.locks import CHECKOUT

MET = Figure("met", 1.0, "ms", goal=2)
MISSED = Figure("missed", 3.0, "ms", goal=2)
FREE = Figure("free", 3.0, "ms")
NOT = unmeasured(Figure("not", None, "x", goal=0.8, better="above"), "there is no curl")


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ([MET, FREE], 0),
        ([MET, NOT], 2),
        ([MISSED, NOT], 1),
        ([MISSED, MET], 1),
        ([], 0),
    ],
)
def test_the_exit_code(figures: list[Figure], code: int) -> None:
    assert exit_code(figures) == code


def test_what_was_not_measured_says_so_in_table_and_json() -> None:
    _, met, missed, free, absent = table([MET, MISSED, FREE, NOT]).splitlines()
    assert met.split() == ["met", "1.00", "ms", "<=", "2", "met"]
    assert missed.split()[-1] == "MISSED"
    assert free.split() == ["free", "3.00", "ms"]
    assert " ".join(absent.split()) == "not not measured >= 0.8 there is no curl"
    told = json.loads(json.dumps(NOT.to_json()))
    assert (told["value"], told["met"], told["detail"]) == (None, None, {"not measured": "there is no curl"})


def test_each_is_the_first_in_every_other_round() -> None:
    assert turns(3) == ["curl", "landing", "landing", "curl", "curl", "landing"]


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with server("benchmarks/serving.py", "1000") as url:
        yield url


@pytest.mark.parametrize("size", [1000, 57 + 65536 - 1, 57 + 65536, 57 + 65536 + 11, 300_000])
@pytest.mark.parametrize(("suffix", "found"), [(".wav", WAV), (".png", PNG)])
def test_what_is_served_is_whole(served: str, suffix: str, found: MediaType, size: int) -> None:
    inspector = StreamInspector()
    with urlopen(f"{served}{suffix}?bytes={size}") as answer:  # noqa: S310
        inspector.feed(answer.read())
    facts = inspector.finish()
    assert (facts.media_type, facts.size_bytes) == (found, size)


def test_the_chunks_of_a_served_picture_go_on_where_the_noise_begins_anew(served: str) -> None:
    inspector = StreamInspector()
    with urlopen(f"{served}.png?bytes=17000000") as answer:  # noqa: S310
        while chunk := answer.read(1 << 20):
            inspector.feed(chunk)
    assert inspector.finish().size_bytes == 17_000_000


@pytest.mark.parametrize(("part", "met"), [("landing", True), ("landing-png", None)])
def test_landing_without_curl(tmp_path: Path, part: str, met: bool | None) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", part, "--megabytes", "2", "--rounds", "1"],
        cwd=CHECKOUT,
        env={**os.environ, "PATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    speed, flushed, growth, _ = lines[1:]
    for figure in (speed, flushed):
        assert (figure["value"], figure["detail"]) == (None, {"not measured": "there is no curl"})
    assert growth["met"] is met
    assert growth["value"] < GOAL_GROWTH_MB
    assert done.stdout.count("not measured") == 4


def test_every_answer_of_the_stall_is_read_in_full() -> None:
    """One that is too large would be turned down before anything reads it."""
    sizes = [len(body) for body in stall.shapes().values()]
    assert len(sizes) >= 15
    assert all(SMALL // 2 < size <= SMALL for size in sizes)
