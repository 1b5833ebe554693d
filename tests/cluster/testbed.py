"""The Airflow to play on: machines whose cables can be cut, components that are started again."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

import psutil

from tests.cluster.cables import Cable, Cables
from tools.stack.cluster import COMPONENTS, CeleryStack, Ports
from tools.stack.keeper import DEFAULT_GRACE
from tools.stack.machine import namespaces
from tools.stack.processes import ProcessError
from tools.stack.stack import kind_of

CABLES = ("api", "broker", "results", "s3")
PATIENCE = 300.0
"""Seconds that a component may take to come back: the machine may be busy with other things."""


class Testbed(CeleryStack):
    """A stack whose workers reach the services over cables of their own."""

    _cables: dict[str, dict[str, Cable]] | None = None

    def ports(self, name: str) -> Ports:
        """What a machine reaches the services at: its cables."""
        return Ports(**{to: cable.port for to, cable in self.cables_of(name).items()})

    def cables_of(self, name: str) -> dict[str, Cable]:
        """A machine's cables, by what they lead to."""
        if self._cables is None:
            self._cables, self._carrier = {}, Cables()
        if name not in self._cables:
            ports = super().ports(name)
            self._cables[name] = {to: self._carrier.lay(getattr(ports, to)) for to in CABLES}
        return self._cables[name]

    def power_off(self, name: str) -> None:
        """End a whole machine at once; its disk stays."""
        self.keeper.send_signal(name, signal.SIGKILL, tree=True)
        self.keeper.wait(name, 30)

    def freeze(self, name: str) -> list[psutil.Process]:
        """Pause a whole machine, as a virtual one that moves; return what is paused."""
        first = self.first_process(name)
        frozen = [first, *first.children(recursive=True)]
        for process in frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        return frozen

    @contextlib.contextmanager
    def taking_no_more(self, name: str) -> Iterator[None]:
        """Have a worker take no further task meanwhile; what it runs goes on."""
        self._queue("remove-queue", name)
        try:
            yield
        finally:
            self._queue("add-queue", name)

    def _queue(self, command: str, name: str) -> None:
        host = f"celery@{name}" if namespaces() else name
        asked = ["-m", "airflow", "celery", command, "--queues", "default", "--celery-hostname", host]
        self.run_process(command, [str(self.config.python), *asked])
        if code := self.keeper.wait(command, PATIENCE):
            raise ProcessError(f"{command} of {name} ended with {code}")

    def said(self, text: str, *names: str) -> int:
        """How often components have written this."""
        logs = [self.keeper.log_of(name) for name in names]
        return sum(path.read_text(errors="replace").count(text) for path in logs if path.exists())

    def _is_gone(self, name: str) -> bool:
        if self.keeper.exit_code(name) is not None:
            return True
        if kind_of(name) != "worker":
            return False
        try:
            self.main_process(name)
        except LookupError:
            return True
        return False

    def is_healthy(self) -> bool:
        """Whether all components have sent a heartbeat since they were started."""
        return not self._unhealthy(COMPONENTS)

    def recover(self, *, wait: bool = True) -> list[str]:
        """Do what a process manager does: start again whatever has ended; return its names."""
        gone = [name for name in COMPONENTS if self._is_gone(name)]
        for name in gone:
            if self.keeper.exit_code(name) is None:
                self.again(name)
            else:
                self.add(name)
        if wait and not self.is_healthy():
            self.wait_healthy(COMPONENTS, PATIENCE)
        return gone

    @contextlib.contextmanager
    def watched_over(self) -> Iterator[list[str]]:
        """Let a process manager look after the components; the list gets the names of what ended."""
        over, ended = threading.Event(), list[str]()

        def watch() -> None:
            while not over.wait(2):
                for name in COMPONENTS:
                    if kind_of(name) != "worker" and self.keeper.exit_code(name) is not None:
                        ended.append(name)
                        self.add(name)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield ended
        finally:
            over.set()
            thread.join()

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds so far of every component with all below it, the ended ones included."""
        found = {}
        for name in (*COMPONENTS, "redis", "s3", "postgresql"):
            total = 0.0
            with contextlib.suppress(psutil.NoSuchProcess):
                top = psutil.Process(self.keeper.pid_of(name))
                for process in [top, *top.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        times = process.cpu_times()
                        total += times.user + times.system + times.children_user + times.children_system
            found[name] = round(total, 1)
        return found

    def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """End everything."""
        super().stop(grace)
        if self._cables is not None:
            self._carrier.close()
