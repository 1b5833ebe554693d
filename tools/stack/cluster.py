"""A stack as on several machines: CeleryExecutor, Redis, PostgreSQL, S3 with remote logs, two of each."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tools.stack import machine, postgres, services
from tools.stack.config import LOOPBACK, Options, StackConfig, render_cfg
from tools.stack.keeper import DEFAULT_GRACE
from tools.stack.processes import ProcessError
from tools.stack.rest import AirflowClient
from tools.stack.stack import API_SERVER, AirflowStack, kind_of

BUCKET, LOGS = "rivya", "logs"
WORKERS = ("worker-1", "worker-2")
SCHEDULERS = ("scheduler-1", "scheduler-2")
TRIGGERERS = ("triggerer-1", "triggerer-2")
COMPONENTS = (API_SERVER, "dag-processor", *SCHEDULERS, *TRIGGERERS, *WORKERS)
_READY = re.compile(r"celery@\S+ ready\.")
NO_DATABASE = "postgresql+psycopg2://none@127.0.0.1:9/none"
"""Workers of Airflow 3 need none: nobody listens there."""


@dataclass(frozen=True)
class Ports:
    """What a machine reaches the others' services at, on loopback."""

    api: int
    broker: int
    results: int
    s3: int


class CeleryStack(AirflowStack):
    """
    A running Airflow of several machines: each worker has one of its own, see ``machine.py``.

    :param concurrency: tasks that each worker runs at once.
    :ivar disk: where every worker's machine has a disk of its own.
    """

    def __init__(
        self, config: StackConfig, *, say: Callable[[str], None] = lambda _text: None, concurrency: int = 3
    ) -> None:
        if lacking := services.missing():
            raise ProcessError("\n".join(lacking))
        super().__init__(dataclasses.replace(config, fresh=True), say=say)
        self.postgres = postgres.Postgres(idle=90)
        self.config = dataclasses.replace(self.config, sql_alchemy_conn=self.postgres.url)
        self.client = AirflowClient(LOOPBACK, self.port, timeout=120)
        self.redis = services.Redis(config.home / "redis")
        self.s3 = services.S3(config.python, BUCKET, LOGS)
        self.disk = config.home / "disk"
        self.concurrency = concurrency
        self._ready_before: dict[str, int] = {}

    def start(self, components: Sequence[str] = COMPONENTS, *, timeout: float = 600.0) -> None:
        """Start the services, then as :meth:`AirflowStack.start`."""
        self.disk.mkdir()
        self.postgres.start(self.keeper)
        self.redis.start(self.keeper, self._env)
        self.s3.start(self.keeper, self._env, self.config.home)
        self.set_connections({services.CONN_ID: services.aws_connection(self.s3.port)})
        self._say("PostgreSQL, Redis and S3 run")
        alike = (
            "machines of their own (mount, host name and process namespaces)"
            if machine.namespaces()
            else "processes with folders of their own, as this user may make no namespaces"
        )
        self._say(f"the workers are {alike}")
        super().start(components, timeout=timeout)

    def ports(self, _name: str) -> Ports:
        """What a machine reaches the services at."""
        return Ports(self.port, self.redis.port, self.postgres.port, self.s3.port)

    def _layers(self) -> list[Options]:
        base, *further = super()._layers()
        ports = Ports(self.port, self.redis.port, self.postgres.port, self.s3.port)
        return [base, cluster_options(self.concurrency), _ways(ports), *further]

    def add(self, name: str) -> None:
        """Start one component, or switch a worker's machine on. Does not wait."""
        if kind_of(name) == "worker":
            self.add_worker(name)
        else:
            super().add(name)

    def folder_of(self, name: str) -> Path:
        """What a machine has of its own."""
        return self.config.home / "machines" / name

    def add_worker(self, name: str, **env: str) -> None:
        """
        Switch a worker's machine on.

        :param env: further environment of it.
        """
        folder, ports = self.folder_of(name), self.ports(name)
        home = folder / "airflow"
        home.mkdir(parents=True, exist_ok=True)
        own = {
            "core": {"execution_api_server_url": f"http://{LOOPBACK}:{ports.api}/execution/"},
            "database": {"sql_alchemy_conn": NO_DATABASE},
            "logging": {"base_log_folder": str(home / "logs")},
            "dag_processor": {"dag_bundle_storage_path": str(home / "bundles")},
        }
        self._write_cfg(render_cfg(*self._layers(), _ways(ports), own), home)
        worker = [str(self.config.python), "-m", "airflow", "celery", "worker", "--skip-serve-logs"]
        worker += ["-c", str(self.concurrency)]
        # Airflow 3.1 runs no task of a worker that is named so; a machine has a name anyway.
        worker += [] if machine.namespaces() else ["--celery-hostname", name]
        self._ready_before[name] = self._times_ready(name)
        self._started[name] = datetime.now(UTC)
        self.keeper.start(
            name,
            machine.command_of(self.config.python, name, folder, self.disk, worker),
            {
                **self._env,
                f"AIRFLOW_CONN_{services.CONN_ID.upper()}": services.aws_connection(ports.s3),
                "AIRFLOW_HOME": str(home),
                "HOME": str(folder / "home"),
                "TMPDIR": str(folder / "tmp"),
                **env,
            },
            folder,
        )

    def again(self, name: str) -> None:
        """Start the worker's main process again on its machine, which is still up."""
        self._ready_before[name] = self._times_ready(name)
        (self.folder_of(name) / machine.GO).touch()

    def first_process(self, name: str) -> psutil.Process:
        """The one above everything on a worker's machine."""
        process = psutil.Process(self.keeper.pid_of(name))
        return process.children()[0] if machine.namespaces() else process

    def main_process(self, name: str) -> psutil.Process:
        """
        Celery's main process on a worker's machine.

        :raises LookupError: it has ended.
        """
        for child in self.first_process(name).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "MainProcess" in " ".join(child.cmdline()):
                    return child
        raise LookupError(f"no worker runs on {name}")

    def machine_of(self, pid: int) -> str:
        """
        The worker on whose machine a process runs.

        :raises LookupError: it runs on none.
        """
        above = {pid, *(parent.pid for parent in psutil.Process(pid).parents())}
        for name in self._started:
            if kind_of(name) == "worker" and self.keeper.pid_of(name) in above:
                return name
        raise LookupError(f"process {pid} runs on no worker's machine")

    def _times_ready(self, name: str) -> int:
        with contextlib.suppress(FileNotFoundError):
            return len(_READY.findall(self.keeper.log_of(name).read_text(errors="replace")))
        return 0

    def _unhealthy(self, names: Sequence[str]) -> list[str]:
        workers = [name for name in names if kind_of(name) == "worker"]
        missing = super()._unhealthy([name for name in names if name not in workers])
        return [*missing, *(name for name in workers if self._times_ready(name) <= self._ready_before[name])]

    def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """End everything, the database first: else it would wait for all that is connected to it."""
        with contextlib.suppress(ProcessError, KeyError, TimeoutError):
            self.postgres.stop(self.keeper)
        super().stop(grace)
        self.postgres.__exit__(None, None, None)


def cluster_options(concurrency: int) -> Options:
    """What distinguishes this Airflow from that of one machine, but for where its services are."""
    return {
        "core": {"executor": "CeleryExecutor", "parallelism": "32"},
        "celery": {"worker_concurrency": str(concurrency), "sync_parallelism": "1"},
        "dag_processor": {"parsing_processes": "1"},
        # Eight components on a machine that may have two cores.
        "scheduler": {"scheduler_idle_sleep_time": "1"},
        "workers": {"execution_api_timeout": "60"},
        "logging": {
            "remote_logging": "True",
            "remote_base_log_folder": f"s3://{LOGS}/airflow",
            "remote_log_conn_id": services.CONN_ID,
            "delete_local_logs": "False",
        },
    }


def _ways(ports: Ports) -> Options:
    return {
        "celery": {
            "broker_url": f"redis://{LOOPBACK}:{ports.broker}/0",
            "result_backend": f"db+{postgres.url_at(ports.results)}",
        }
    }
