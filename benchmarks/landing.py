"""Landing one large file, side by side with ``curl -o`` from the same server to the same disk."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure

GOAL_RATIO = 0.8
GOAL_GROWTH_MB = 64
HERE = Path(__file__).parent
READY = "READY "


def measure(size: int, rounds: int, folder: Path | None) -> Iterator[Figure]:
    """
    Land a file of ``size`` bytes to ``file://`` and, where its libraries are, to S3 (moto's server).

    The kinds take turns, so that what else the machine does hits all of them.
    """
    curl = shutil.which("curl")
    if curl is None:
        print("landing: there is no curl to compare with", file=sys.stderr)
        return
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="rivya-bench-", dir=folder))
        url = stack.enter_context(_process("serving.py", str(size)))
        targets: dict[str, tuple[str, dict[str, str]]] = {"file://": (f"file://{place}/", {})}
        s3 = _s3(stack)
        if s3 is not None:
            targets["s3://"] = ("s3://bucket/", s3)
        seconds: dict[str, list[float]] = {"curl": [], **{name: [] for name in targets}}
        growth: dict[str, list[float]] = {name: [] for name in targets}
        for _ in range(rounds):
            seconds["curl"].append(_curl(curl, url, Path(place) / "curl.wav"))
            for name, (output_path, environment) in targets.items():
                told = _land(url, output_path, environment)
                seconds[name].append(told["seconds"])
                growth[name].append(told["growth_mb"])
    for name in targets:
        ratio = statistics.median(seconds["curl"]) / statistics.median(seconds[name])
        yield Figure(
            name=f"landing {size / 1e9:g} GB to {name}, speed by that of curl -o",
            value=ratio,
            unit="x",
            goal=GOAL_RATIO if name == "file://" else None,
            better="above",
            detail={"curl_s": _round(seconds["curl"]), "landing_s": _round(seconds[name])},
        )
        yield Figure(
            name=f"landing {size / 1e9:g} GB to {name}, growth of peak memory (the worst)",
            value=max(growth[name]),
            unit="MB",
            goal=GOAL_GROWTH_MB,
            detail={"runs": _round(growth[name])},
        )


def _curl(curl: str, url: str, target: Path) -> float:
    begun = time.perf_counter()
    command = [curl, "--silent", "--fail", "--noproxy", "*", "-o", str(target), url]
    subprocess.run(command, check=True)  # noqa: S603 - of our own making
    spent = time.perf_counter() - begun
    target.unlink()
    return spent


def _land(url: str, output_path: str, environment: dict[str, str]) -> dict[str, Any]:
    """Land in a process of its own, whose peak memory is this landing's alone."""
    done = subprocess.run(  # noqa: S603 - of our own making
        [sys.executable, "-m", "benchmarks.landing_once", url, output_path],
        cwd=HERE.parent,
        env=_environment(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"landing failed: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.rpartition("ANSWER ")[2])
    return told


def _environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return {**kept, "AIRFLOW_HOME": tempfile.gettempdir() + "/rivya-bench-home", **more}


def _s3(stack: ExitStack) -> dict[str, str] | None:
    for library in ("s3fs", "moto", "boto3", "airflow.providers.amazon"):
        try:
            found = importlib.util.find_spec(library)
        except ModuleNotFoundError:
            found = None
        if found is None:
            print(f"landing: {library} is not installed, so S3 is left out", file=sys.stderr)
            return None
    endpoint = stack.enter_context(_process("storing.py"))
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    return {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection)}


def _process(program: str, *arguments: str) -> AbstractContextManager[str]:
    """Run a server beside us for as long as it is needed, and return the URL that it prints."""

    @contextmanager
    def run() -> Iterator[str]:
        command = [sys.executable, str(HERE / program), *arguments]
        server = subprocess.Popen(  # noqa: S603 - of our own making
            command, stdout=subprocess.PIPE, text=True
        )
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line.startswith(READY):
                raise RuntimeError(f"{program} did not start: {line!r}")
            yield line.removeprefix(READY).strip()
        finally:
            server.terminate()
            server.wait(10)
            if server.stdout:
                server.stdout.close()

    return run()


def _round(values: list[float]) -> list[float]:
    return [round(value, 2) for value in values]
