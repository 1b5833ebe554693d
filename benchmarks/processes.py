"""Processes that a benchmark runs beside itself, so that what they take is not counted as ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
ANSWER = "ANSWER "


@contextmanager
def server(*arguments: str, ready: str = "READY ") -> Iterator[str]:
    """
    Run a Python program for as long as it is needed, and return the URL that it prints.

    :param ready: what stands before the URL, on the first line.
    """
    process = subprocess.Popen(  # noqa: S603 - of our own making
        [sys.executable, *arguments], cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith(ready):
            raise RuntimeError(f"{arguments[0]} did not start: {line!r}")
        yield line.removeprefix(ready).strip()
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


def ask(*arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """
    Run a Python program to its end and return what it tells with :func:`answer`.

    It sees nothing of the Airflow that this process was told of.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    kept["AIRFLOW_HOME"] = f"{tempfile.gettempdir()}/rivya-bench-home"
    done = subprocess.run(  # noqa: S603 - of our own making
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**kept, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.rpartition(ANSWER)[2])
    return told


def answer(**told: Any) -> None:
    """Tell the process that asked what was measured."""
    print(f"{ANSWER}{json.dumps(told)}", flush=True)
