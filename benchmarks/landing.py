"""Landing one large file, side by side with ``curl -o`` from the same server to the same disk."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, unmeasured
from benchmarks.processes import ask, server

GOAL_RATIO = 0.8
GOAL_GROWTH_MB = 64


NO_CURL = "there is no curl"


def to_file(size: int, rounds: int, folder: Path | None) -> Iterator[Figure]:
    """Land a WAV file, whose structure costs next to nothing to check, to ``file://``."""
    what = f"landing {size / 1e9:g} GB to file://"
    return _beside_curl(what, ".wav", size, rounds, folder, GOAL_RATIO, GOAL_GROWTH_MB)


def picture_to_file(size: int, rounds: int, folder: Path | None) -> Iterator[Figure]:
    """Land a PNG file, of which every byte goes into a checksum of the format's own. There is no goal."""
    return _beside_curl(f"landing a PNG of {size / 1e9:g} GB to file://", ".png", size, rounds, folder)


def _beside_curl(
    what: str,
    suffix: str,
    size: int,
    rounds: int,
    folder: Path | None,
    goal_ratio: float | None = None,
    goal_growth: float | None = None,
) -> Iterator[Figure]:
    """
    Land a file of ``size`` bytes to ``file://``, in turns with ``curl -o``.

    A ratio is taken round by round, so that what else the machine does hits both, and every other round
    begins with the landing, so that neither is always the one to find the disk busy. A landed file was also
    hashed, checked and flushed to the disk; ``curl`` does none of that. How long a flush of its file takes
    is measured apart.
    """
    curl = shutil.which("curl")
    curls: list[_Curl] = []
    landings: list[dict[str, Any]] = []
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="rivya-bench-", dir=folder))
        url = stack.enter_context(server("benchmarks/serving.py", str(size))) + suffix
        for who in turns(rounds):
            if who == "landing":
                landings.append(ask("-m", "benchmarks.landing_once", url, f"file://{place}/"))
            elif curl is not None:
                curls.append(_curl(curl, url, Path(place) / "curl"))
    cpu = {
        "curl_cpu_s": _round([run.cpu_seconds for run in curls]),
        "landing_cpu_s": _round([landing["cpu_seconds"] for landing in landings]),
    }
    plain, flushed = [run.seconds for run in curls], [run.seconds + run.flush_seconds for run in curls]
    yield _speed(f"{what}, speed by that of curl -o", plain, landings, cpu, None)
    yield _speed(f"{what}, speed by that of curl -o and fsync", flushed, landings, {}, goal_ratio)
    yield _growth(what, landings, goal_growth)


def to_s3(size: int, folder: Path | None) -> Iterator[Figure]:
    """
    Land a file of ``size`` bytes to S3 once, where its libraries are, and fetch it once with ``curl -o``.

    The server is moto's, which takes far longer than anything here: the seconds are its, not ours. So
    there is no goal for the ratio.
    """
    what = f"landing {size / 1e9:g} GB to s3://"
    curl = shutil.which("curl")
    curls: list[float] = []
    landings: list[dict[str, Any]] = []
    missing = _missing_for_s3()
    if missing is None:
        with ExitStack() as stack:
            url = stack.enter_context(server("benchmarks/serving.py", str(size))) + ".wav"
            if curl is not None:
                place = stack.enter_context(tempfile.TemporaryDirectory(prefix="rivya-bench-", dir=folder))
                curls.append(_curl(curl, url, Path(place) / "curl").seconds)
            s3 = _s3(stack)
            landings.append(ask("-m", "benchmarks.landing_once", url, "s3://bucket/", environment=s3))
    yield _speed(f"{what} (moto), speed by that of curl -o", curls, landings, {}, None, missing)
    yield _growth(what, landings, GOAL_GROWTH_MB, missing)


def turns(rounds: int) -> list[str]:
    """Return who runs, in order: each once a round, and each first in every other round."""
    pair = ["curl", "landing"]
    return [who for number in range(rounds) for who in (pair if number % 2 == 0 else reversed(pair))]


def _speed(
    name: str,
    curls: list[float],
    landings: list[dict[str, Any]],
    more: dict[str, list[float]],
    goal: float | None,
    missing: str | None = None,
) -> Figure:
    figure = Figure(name, None, "x", goal=goal, better="above")
    if missing or not curls:
        return unmeasured(figure, missing or NO_CURL)
    seconds = [landing["seconds"] for landing in landings]
    ratios = [theirs / ours for theirs, ours in zip(curls, seconds, strict=True)]
    detail = {"ratios": _round(ratios), "curl_s": _round(curls), "landing_s": _round(seconds), **more}
    return replace(figure, value=statistics.median(ratios), detail=detail)


def _growth(
    what: str, landings: list[dict[str, Any]], goal: float | None, missing: str | None = None
) -> Figure:
    figure = Figure(f"{what}, growth of peak memory (the worst)", None, "MB", goal=goal)
    if missing:
        return unmeasured(figure, missing)
    detail = {name: _round([landing[name] for landing in landings]) for name in landings[0]}
    return replace(figure, value=max(landing["growth_mb"] for landing in landings), detail=detail)


@dataclass(frozen=True, slots=True)
class _Curl:
    """
    One transfer.

    :param seconds: until ``curl`` had ended; the file may still be in memory alone.
    :param flush_seconds: until it was on the disk, from then on.
    :param cpu_seconds: of ``curl``.
    """

    seconds: float
    cpu_seconds: float
    flush_seconds: float


def _curl(curl: str, url: str, target: Path) -> _Curl:
    begun, before = time.perf_counter(), os.times()
    command = [curl, "--silent", "--fail", "--noproxy", "*", "-o", str(target), url]
    subprocess.run(command, check=True)  # noqa: S603 - of our own making
    ended, after = time.perf_counter(), os.times()
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    flushed = time.perf_counter()
    target.unlink()
    cpu = sum(after[2:4]) - sum(before[2:4])  # of the processes that have ended
    return _Curl(ended - begun, cpu, flushed - ended)


def _missing_for_s3() -> str | None:
    for library in ("s3fs", "moto", "boto3", "airflow.providers.amazon"):
        try:
            found = importlib.util.find_spec(library)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return f"{library} is not installed"
    return None


def _s3(stack: ExitStack) -> dict[str, str]:
    endpoint = stack.enter_context(server("benchmarks/storing.py"))
    # moto puts a large object together in one go, and would take a repeated request for an error.
    patience = {"read_timeout": 300}
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1", "config_kwargs": patience}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    return {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection)}


def _round(values: list[float]) -> list[float]:
    return [round(value, 2) for value in values]
