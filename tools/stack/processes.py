"""The owner's end of the keeper, and the proof that nothing was left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psutil

from tools.stack.keeper import DEFAULT_GRACE, descendants

_KEEPER = Path(__file__).with_name("keeper.py")
_START_TIMEOUT = 10.0


class ProcessError(RuntimeError):
    """A component could not be started, or ended when it should not have."""


class Keeper:
    """Starts processes whose whole descent ends with this object, with this program, or on :meth:`stop`.

    :param log_dir: where the output of the keeper and of the processes goes, one file each.
    """

    def __init__(self, log_dir: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.log_dir = log_dir
        self._changed = threading.Condition()
        self._pids: dict[str, int] = {}
        self._codes: dict[str, int | None] = {}
        self._refused: dict[str, str] = {}
        with open(log_dir / "keeper.log", "ab") as errors:
            self._process = subprocess.Popen(
                # -P: the folder of the script must not stand before the libraries on sys.path.
                [sys.executable, "-P", str(_KEEPER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise ProcessError("the keeper has no pipes")
        self._requests, self._events = self._process.stdin, self._process.stdout
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read_events, name="keeper-events", daemon=True)
        self._reader.start()

    def log_of(self, name: str) -> Path:
        """The file that the named process writes its output to."""
        return self.log_dir / f"{name}.log"

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> int:
        """Start a process under a name that is free or whose process has ended; returns its pid.

        :raises ProcessError: if it cannot be executed, or the keeper is gone.
        """
        with self._changed:
            if self._codes.get(name, 0) is None:
                raise ProcessError(f"{name} is running already (pid {self._pids[name]})")
            self._pids.pop(name, None)
            self._refused.pop(name, None)
        log = self.log_of(name)
        self._ask(
            {
                "op": "start",
                "name": name,
                "argv": list(argv),
                "env": dict(env),
                "cwd": str(cwd),
                "log": str(log),
            }
        )
        with self._changed:
            self._changed.wait_for(
                lambda: name in self._pids or name in self._refused or not self._reader.is_alive(),
                _START_TIMEOUT,
            )
            if name not in self._pids:
                raise ProcessError(
                    f"{name} did not start: {self._refused.get(name, 'the keeper does not answer')}"
                )
            return self._pids[name]

    def pid_of(self, name: str) -> int:
        """The named process; of one that has ended, the pid that it had."""
        with self._changed:
            return self._pids[name]

    def send_signal(self, name: str, number: signal.Signals, *, tree: bool = False) -> None:
        """Signal the named process, with ``tree`` all its descendants too; without effect if it has ended."""
        self._ask({"op": "signal", "name": name, "signal": int(number), "tree": tree})

    def exit_code(self, name: str) -> int | None:
        """None while the process runs; else its exit code, negative for the signal that ended it."""
        with self._changed:
            return self._codes[name]

    def wait(self, name: str, timeout: float) -> int:
        """Wait for the process to end.

        :raises TimeoutError: if it still runs after ``timeout`` seconds.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._codes[name] is not None or not self._reader.is_alive(), timeout
            )
            code = self._codes[name]
            if code is None:
                raise TimeoutError(f"{name} (pid {self._pids[name]}) still runs after {timeout:g} s")
            return code

    def stop(self, grace: float = DEFAULT_GRACE) -> list[str]:
        """End every process and the keeper itself.

        :param grace: seconds between SIGTERM and SIGKILL.
        :return: a line for each process that outlived the keeper and was killed here; there should be none.
        """
        with contextlib.suppress(ProcessError):
            self._ask({"op": "stop", "grace": grace})
        with contextlib.suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(grace + 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        self._events.close()
        return end_leftovers(self.pid)

    def _ask(self, request: dict[str, Any]) -> None:
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except (OSError, ValueError) as error:
            raise ProcessError(f"the keeper (pid {self.pid}) is gone: {error}") from error

    def _read_events(self) -> None:
        for line in self._events:
            event = json.loads(line)
            name = event["name"]
            with self._changed:
                match event["event"]:
                    case "started":
                        self._pids[name], self._codes[name] = event["pid"], None
                    case "refused":
                        self._refused[name] = event["error"]
                    case "exited" if self._pids.get(name) == event["pid"]:
                        self._codes[name] = event["code"]
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def log_tail(path: Path, lines: int = 30) -> str:
    """The last lines of a log file; empty if there is none."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def end_leftovers(session: int) -> list[str]:
    """Kill, by pid, what still runs in a session whose leader has ended; one line for each such process."""
    lines: list[str] = []
    deadline = time.monotonic() + 5
    while (left := descendants(session)) and time.monotonic() < deadline:
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                lines.append(f"pid {process.pid}: {' '.join(process.cmdline())[:120]}")
                process.kill()
        time.sleep(0.05)
    return lines


def running_with(home: Path) -> list[int]:
    """Pids of the processes of this user that mention ``home`` in their environment, arguments or open files.

    Three places, since a process that sets its own title overwrites its environment block.
    """
    needle = str(home)
    found: list[int] = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            texts = [
                *process.environ().values(),
                *process.cmdline(),
                *(file.path for file in process.open_files()),
            ]
            if any(needle in text for text in texts):
                found.append(process.pid)
    return found


@contextlib.contextmanager
def ending_signals_raise() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does: by an exception, so that clean-up runs.

    The first one raises ``SystemExit(128 + number)`` (``KeyboardInterrupt`` for SIGINT); later ones are
    swallowed, lest an impatient second Ctrl-C cut the clean-up short. A SIGHUP that was ignored before (nohup
    does that) stays ignored.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def once(number: int, _frame: FrameType | None) -> NoReturn:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    previous = {number: signal.signal(number, once) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
