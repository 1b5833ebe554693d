"""What ``make demo`` and ``make up`` share: a sandbox, a stack connected to it, lines for a person."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tools.stack.cluster import CeleryStack
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.processes import ending_signals_raise
from tools.stack.stack import AirflowStack

SANDBOX = "sandbox"
SANDBOX_READY = "Rivya sandbox listening on "
SANDBOX_KEYS = {"rivya": "rvya_sk_sandbox", "toapis": "sk-sandbox"}
EXAMPLE_DAGS = CHECKOUT / "example_dags"
OUTPUT = CHECKOUT / "output"


class Progress:
    """Prints a line a step, each with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def __call__(self, text: str) -> None:
        """Print one step."""
        print(f"{self.elapsed:6.1f} s  {text}", flush=True)


def sandbox_connections(url: str) -> dict[str, str]:
    """The default Airflow connections to a sandbox, one for each gateway, as JSON."""
    return {
        f"{gateway}_default": json.dumps({"conn_type": gateway, "host": url, "password": key})
        for gateway, key in SANDBOX_KEYS.items()
    }


EXECUTORS: dict[str, Callable[..., AirflowStack]] = {"local": AirflowStack, "celery": CeleryStack}


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses the executor."""
    what = "celery: with Redis, PostgreSQL, S3, two of every component; begins from nothing each time"
    parser.add_argument("--executor", choices=EXECUTORS, default="local", help=what)


@contextlib.contextmanager
def local_airflow(
    config: StackConfig,
    progress: Progress,
    *,
    speed: float,
    credits: float = 1_000,
    executor: str = "local",
) -> Iterator[tuple[AirflowStack, str]]:
    """A healthy stack connected to a fresh sandbox, and the sandbox's address; both end with the block.

    :param speed: how many times faster than the real gateway the sandbox generates.
    :param credits: that its account has.
    :param executor: one of ``EXECUTORS``.
    """
    with ending_signals_raise(), EXECUTORS[executor](config, say=progress) as stack:
        stack.run_process(SANDBOX, sandbox_command(config.python, speed, credits))
        url = stack.wait_for_output(SANDBOX, SANDBOX_READY)
        progress(f"sandbox gateway at {url}")
        stack.set_connections(sandbox_connections(url))
        stack.start()
        yield stack, url
        progress("stopping")


def sandbox_command(python: Path, speed: float, credits: float) -> Sequence[str]:
    """How a sandbox on a free port is started."""
    numbers = ["--speed", f"{speed:g}", "--credits", f"{credits:g}"]
    return [str(python), "-m", "airflow_provider_rivya.sandbox", "--port", "0", *numbers]
