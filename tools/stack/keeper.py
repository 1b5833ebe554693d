"""The process that owns a stack's components, so that none outlives the program that asked for them.

Airflow's components fork workers, supervisors and runners, some in process groups of their own, and several
rewrite their environment block when they set a title. Nothing but ancestry identifies them all. The keeper
therefore leads a session of its own and is the *child subreaper* (Linux): whatever the components start, and
whatever is orphaned on the way, stays below the keeper in the process tree.

It reads requests from stdin and writes events to stdout, one JSON object a line:

- ``{"op": "start", "name", "argv", "env", "cwd", "log"}`` is answered by
  ``{"event": "started", "name", "pid"}`` or ``{"event": "refused", "name", "error"}``;
- ``{"op": "signal", "name", "signal", "tree"}`` has no answer;
- ``{"op": "stop", "grace"}`` ends everything, the keeper last;
- ``{"event": "exited", "name", "pid", "code"}`` tells of the end of a component, whenever that is.

End of file on stdin means that the owner is gone, by whatever end: the keeper then stops everything just as
for ``stop``. SIGTERM, SIGINT and SIGHUP do the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Any

import psutil

PR_SET_CHILD_SUBREAPER = 36
DEFAULT_GRACE = 5.0
_POLL = 0.05


def become_subreaper() -> bool:
    """Ask the kernel to hand this process the orphans below it; False where there is no such call."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def descendants(root: int) -> list[psutil.Process]:
    """Every live process below ``root`` or in the session that ``root`` leads, without ``root`` itself."""
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(root).children(recursive=True):
            found[process.pid] = process
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if process.pid != root and os.getsid(process.pid) == root:
                found[process.pid] = process
    return [process for process in found.values() if _is_alive(process)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class KeeperLoop:
    """State of the keeper: the components by name, and what is still to be told to the owner."""

    def __init__(self) -> None:
        self.components: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False
        self.grace = DEFAULT_GRACE
        self._unread = b""
        self._wake_read, wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _on_stop_signal(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def run(self) -> None:
        """Serve requests until told to stop, then leave nothing behind."""
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not self.stopping:
                for key, _ in selector.select():
                    if key.fd == self._wake_read:
                        os.read(self._wake_read, 4096)
                    else:
                        self._read_requests()
                self.reap()
        self.end_all()

    def _read_requests(self) -> None:
        chunk = os.read(sys.stdin.fileno(), 65536)
        if not chunk:
            self.stopping = True
            return
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            self._serve(json.loads(line))

    def _serve(self, request: dict[str, Any]) -> None:
        match request["op"]:
            case "start":
                self._start(request)
            case "signal":
                self._signal(request["name"], request["signal"], tree=request["tree"])
            case "stop":
                self.grace = request["grace"]
                self.stopping = True

    def _start(self, request: dict[str, Any]) -> None:
        name = request["name"]
        try:
            with open(request["log"], "ab") as log:
                process = subprocess.Popen(
                    request["argv"],
                    env=request["env"],
                    cwd=request["cwd"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        except OSError as error:
            self.tell({"event": "refused", "name": name, "error": str(error)})
            return
        self.components[name] = process
        self.tell({"event": "started", "name": name, "pid": process.pid})

    def _signal(self, name: str, number: int, *, tree: bool) -> None:
        process = self.components.get(name)
        if process is None or process.returncode is not None:
            return
        targets = [process.pid]
        if tree:
            targets += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def reap(self) -> None:
        """Collect every ended child; tell the owner about those that are components."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for name, process in self.components.items():
                if process.pid == pid:
                    process.returncode = os.waitstatus_to_exitcode(status)
                    self.tell({"event": "exited", "name": name, "pid": pid, "code": process.returncode})

    def tell(self, event: dict[str, Any]) -> None:
        """Write one event; an owner that is gone cannot be told, and that is no reason to stop stopping."""
        with contextlib.suppress(OSError):
            os.write(sys.stdout.fileno(), json.dumps(event).encode() + b"\n")

    def end_all(self) -> None:
        """SIGTERM to the components; SIGKILL, until none is left, to whatever outlives the grace time."""
        for component in self.components.values():
            if component.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(component.pid, signal.SIGTERM)
        deadline = time.monotonic() + self.grace
        while self._alive() and time.monotonic() < deadline:
            time.sleep(_POLL)
        while left := self._alive():
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    title = " ".join(process.cmdline())[:200]
                    print(
                        f"killing {process.pid} after {self.grace:g} s: {title}", file=sys.stderr, flush=True
                    )
                    process.kill()
            time.sleep(_POLL)

    def _alive(self) -> list[psutil.Process]:
        self.reap()
        return descendants(os.getpid())


def main() -> int:
    """Run as ``python keeper.py`` by :class:`tools.stack.processes.Keeper`."""
    become_subreaper()
    KeeperLoop().run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
