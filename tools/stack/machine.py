"""
The first process of a worker's machine: ``machine.py NAME FOLDER DISK COMMAND...``.

Where ``unshare`` can make the namespaces, the machine has a host name, a process tree and a disk of its own,
at the same path ``DISK`` as every other machine's; the end of this process is then a power cut. When the
worker's main process ends, the machine stays up, with what that left behind, and starts it again once
``FOLDER/go`` is there.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

_UNSHARE = ["unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"]
GO = "go"


@functools.cache
def namespaces() -> bool:
    """Whether this user may make them."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_UNSHARE, "true"], check=False, capture_output=True).returncode == 0


def command_of(python: Path, name: str, folder: Path, disk: Path, worker: list[str]) -> list[str]:
    """How a machine is switched on."""
    machine = [str(python), "-P", __file__, name, str(folder), str(disk), *worker]
    return [*_UNSHARE, *machine] if namespaces() else machine


def _settle(name: str, folder: Path, disk: Path) -> None:
    for part in ("home", "tmp", "disk"):
        (folder / part).mkdir(exist_ok=True)
    if os.getpid() == 1:
        socket.sethostname(name)
        mount = shutil.which("mount") or "/bin/mount"
        subprocess.run([mount, "--bind", str(folder / "disk"), str(disk)], check=True)
    os.chdir(folder / "home")


def _wait(child: int) -> int:
    """Wait for the worker, and bury whatever else ends meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def main(name: str, folder: str, disk: str, *worker: str) -> NoReturn:
    """Run the worker, and again when told to; until a signal."""
    home = Path(folder)
    _settle(name, home, Path(disk))
    # Process 1 of a namespace hears no signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    while True:
        process = subprocess.Popen(worker)
        code = _wait(process.pid)
        print(f"machine {name}: the worker ended with {code}", flush=True)
        while not (home / GO).exists():
            time.sleep(0.2)
        (home / GO).unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
