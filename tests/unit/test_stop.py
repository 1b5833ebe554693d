"""A flag that a signal handler sets ends a wait."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from airflow_provider_rivya.stop import StopFlag

ROOT = Path(__file__).parents[2]
WAITING = """
import signal
from airflow_provider_rivya.stop import StopFlag

flag = StopFlag()
signal.signal(signal.SIGTERM, lambda *_: flag.set())
print("waiting", flush=True)
print(flag.wait(3600.0), flag.is_set(), flush=True)
"""


def test_a_signal_ends_a_wait() -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == ("True True\n", 0)


def test_a_wait_ends_without_it() -> None:
    flag = StopFlag()
    assert flag.wait(0.01) is False
    assert not flag.is_set()


def test_what_is_set_is_not_waited_for() -> None:
    flag = StopFlag()
    flag.set()
    assert flag.wait(3600.0)
    assert flag.wait(0.0)
