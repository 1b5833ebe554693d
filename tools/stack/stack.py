"""Airflow's single components as one local unit: start, watch, restart, stop."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tools.stack.config import (
    LOOPBACK,
    Options,
    Secrets,
    StackConfig,
    base_options,
    component_environment,
    render_cfg,
)
from tools.stack.database import TEMPLATES, prepare_database
from tools.stack.keeper import DEFAULT_GRACE
from tools.stack.processes import Keeper, ProcessError, log_tail
from tools.stack.rest import AirflowClient, RestError, TaskState

# The job types are Airflow's names for the components in its ``job`` table; the API server keeps no job.
JOB_TYPES = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
API_SERVER = "api-server"
COMPONENTS = (API_SERVER, "dag-processor", "scheduler", "triggerer")
_POLL = 0.25


def free_port() -> int:
    """A TCP port that is free on loopback right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def missing_jobs(started: Mapping[str, datetime], live: Sequence[tuple[str, datetime]]) -> list[str]:
    """Which of the components have not reported yet.

    :param started: when each was started, by name (``triggerer``, ``triggerer-2``).
    :param live: job type and start of each live job; those older than the component belong to a predecessor.
    :return: the kinds of component for which fewer live jobs than components are there.
    """
    wanted = Counter(kind_of(name) for name in started if kind_of(name) in JOB_TYPES)
    missing: list[str] = []
    for kind, count in wanted.items():
        since = min(moment for name, moment in started.items() if kind_of(name) == kind)
        if sum(1 for job, start in live if job == JOB_TYPES[kind] and start >= since) < count:
            missing.append(kind)
    return missing


def kind_of(name: str) -> str:
    """``triggerer`` for ``triggerer-2``: a further component of a kind carries a number."""
    head, _, tail = name.rpartition("-")
    return head if tail.isdigit() else name


def take_home(config: StackConfig) -> IO[str]:
    """Make (or empty) the stack's home and lock it; the lock lasts until the returned file is closed.

    :raises ProcessError: if another stack has it.
    """
    config.home.parent.mkdir(parents=True, exist_ok=True)
    path = config.home.with_name(f"{config.home.name}.lock")
    lock = open(path, "w")  # noqa: SIM115 - it stays open as long as the stack
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ProcessError(f"another local Airflow is running in {config.home}") from None
    if config.fresh:
        shutil.rmtree(config.home, ignore_errors=True)
    config.home.mkdir(exist_ok=True)
    return lock


class AirflowStack:
    """A running local Airflow. Use it as a context manager: leaving it leaves no process.

    :param config: the places and settings.
    :param say: told of each step, for a person to follow.
    :param templates: where migrated SQLite databases are kept between stacks.
    :ivar client: REST client of the API server.
    """

    def __init__(
        self,
        config: StackConfig,
        *,
        say: Callable[[str], None] = lambda _text: None,
        templates: Path = TEMPLATES,
    ) -> None:
        self.config = config
        self.port = free_port()
        self.client = AirflowClient(LOOPBACK, self.port)
        self._say = say
        self._templates = templates
        self._env = component_environment(config, os.environ)
        self._started: dict[str, datetime] = {}
        self._lock = take_home(config)
        self.keeper = Keeper(config.log_dir)

    @property
    def url(self) -> str:
        """Address of the UI and the API."""
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, components: Sequence[str] = COMPONENTS, *, timeout: float = 180.0) -> None:
        """Write ``airflow.cfg``, prepare the database, start the components together, wait for their health.

        :raises ProcessError: if one of them ends meanwhile, with the tail of its output.
        :raises TimeoutError: if they are not healthy in time, naming those that are missing.
        """
        self._write_cfg(render_cfg(*self._layers()), self.config.home)
        done = prepare_database(self.config, self.keeper, self._env, self._templates)
        self._say(f"metadata database {done}")
        self._say(f"starting {', '.join(components)}")
        for name in components:
            self.add(name)
        self.wait_healthy(components, timeout)

    def _layers(self) -> list[Options]:
        """The layers of ``airflow.cfg``, later ones winning."""
        keys = Secrets.load_or_create(self.config.home)
        return [base_options(self.config, keys, self.port), self.config.options]

    @staticmethod
    def _write_cfg(text: str, home: Path) -> None:
        path = home / "airflow.cfg"
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)

    def add(self, name: str) -> None:
        """Start one component; ``triggerer-2`` is a second triggerer. Does not wait."""
        arguments = {
            API_SERVER: ["--host", LOOPBACK, "--port", str(self.port), "--workers", "1"],
            # The API server reads the log files itself; Airflow's log servers would bind to every interface.
            "scheduler": ["--skip-serve-logs"],
            "triggerer": ["--skip-serve-logs"],
        }
        kind = kind_of(name)
        argv = [str(self.config.python), "-m", "airflow", kind, *arguments.get(kind, [])]
        self._started[name] = datetime.now(UTC)
        self.keeper.start(name, argv, self._env, self.config.home)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL, *, timeout: float = 30.0) -> int:
        """End one component by a signal to its main process alone; returns its exit code."""
        self.keeper.send_signal(name, number)
        code = self.keeper.wait(name, timeout)
        self._started.pop(name, None)
        return code

    def restart(self, name: str, number: signal.Signals = signal.SIGTERM, *, timeout: float = 120.0) -> None:
        """End one component by a signal, start it again and wait until it is healthy."""
        self.kill(name, number, timeout=timeout)
        self.add(name)
        self.wait_healthy([name], timeout)

    def wait_healthy(self, names: Sequence[str], timeout: float) -> None:
        """Wait until the API server answers and each named component has sent a heartbeat since its start."""
        began = time.monotonic()
        waiting: list[str] = list(names)
        while True:
            self.check()
            now_waiting = self._unhealthy(names)
            for name in [name for name in waiting if name not in now_waiting]:
                self._say(f"{name} healthy")
            waiting = now_waiting
            if not waiting:
                return
            if time.monotonic() - began > timeout:
                raise TimeoutError(
                    f"not healthy after {timeout:g} s: {', '.join(waiting)}; output in {self.config.log_dir}"
                )
            time.sleep(_POLL)

    def ended(self) -> list[str]:
        """One text for each component that should run but has ended, with the tail of its output."""
        return [
            f"{name} ended with {code}:\n{log_tail(self.keeper.log_of(name))}"
            for name in self._started
            if (code := self.keeper.exit_code(name)) is not None
        ]

    def _unhealthy(self, names: Sequence[str]) -> list[str]:
        try:
            live = self.client.live_jobs()
        except (OSError, RestError):
            return list(names)
        missing = missing_jobs({name: self._started[name] for name in names}, live)
        return [name for name in names if kind_of(name) in missing]

    def wait_for_dag(self, dag_id: str, timeout: float = 60.0) -> None:
        """Wait until the Dag processor has delivered the Dag.

        :raises TimeoutError: with the import errors that Airflow reports.
        """
        deadline = time.monotonic() + timeout
        while not self.client.has_dag(dag_id):
            errors = self.client.import_errors()
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join([f"no Dag {dag_id!r} after {timeout:g} s", *errors]))
            time.sleep(_POLL)

    def follow_run(
        self, dag_id: str, run_id: str, timeout: float, on_change: Callable[[TaskState], None] | None = None
    ) -> str:
        """Follow a run to its end as :meth:`AirflowClient.wait_for_run` does, while all components live.

        :raises ProcessError: if a component ends meanwhile.
        """
        return self.client.wait_for_run(dag_id, run_id, timeout, on_change=on_change, each_look=self.check)

    def check(self) -> None:
        """Raise a ProcessError if a component has ended."""
        if ended := self.ended():
            raise ProcessError("\n".join(ended))

    def run_process(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Run a further process, a sandbox say, that ends with the stack."""
        self.keeper.start(name, argv, {**self._env, **(env or {})}, self.config.home)

    def wait_for_output(self, name: str, prefix: str, timeout: float = 60.0) -> str:
        """What follows ``prefix`` on the first line of that kind in a process's output.

        :raises ProcessError: if the process ends without having written one, or does not in time.
        """
        deadline = time.monotonic() + timeout
        log = self.keeper.log_of(name)
        while True:
            code = self.keeper.exit_code(name)
            with contextlib.suppress(FileNotFoundError):
                for line in log.read_text(errors="replace").splitlines(keepends=True):
                    if line.startswith(prefix) and line.endswith("\n"):
                        return line.removeprefix(prefix).strip()
            if code is not None or time.monotonic() > deadline:
                raise ProcessError(f"{name} (exit code {code}) did not say {prefix!r}:\n{log_tail(log)}")
            time.sleep(0.05)

    def set_connections(self, connections: Mapping[str, str]) -> None:
        """Hand connections to the components that are started from now on, as ``AIRFLOW_CONN_*``."""
        self._env.update({f"AIRFLOW_CONN_{conn_id.upper()}": value for conn_id, value in connections.items()})

    def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """End everything; say what had to be killed after the keeper's end (there should be nothing)."""
        for line in self.keeper.stop(grace):
            self._say(f"left behind, killed now: {line}")
        self._lock.close()
