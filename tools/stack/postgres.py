"""A throw-away PostgreSQL server for a stack: so many tasks at once are more than SQLite's one lock bears."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.stack.config import LOOPBACK
from tools.stack.processes import Keeper, ProcessError, log_tail
from tools.stack.stack import free_port

NAME = "postgresql"
_USER = "airflow"
_START_TIMEOUT = 60.0


def binaries() -> Path | None:
    """Return where PostgreSQL's server programs are: on the path, or where Debian puts them; the newest."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0])
    )
    return versions[-1].parent if versions else None


def available() -> bool:
    """Whether a server can be started, and Airflow's Python has the drivers for it."""
    return binaries() is not None and all(map(importlib.util.find_spec, ("psycopg2", "asyncpg")))


def _owner() -> str | None:
    """The server refuses to run as root; another user of this machine runs it then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("PostgreSQL does not run as root, and there is no user nobody")


class Postgres:
    """
    A server on a loopback port, its data in a temporary folder, which ends with the block.

    A keeper runs it, so that it does not outlive the program that asked for it.

    :param idle: seconds for which a transaction may do nothing. The workers of a scheduler that was killed
        keep its connection open, and with it its row locks; the API server does nothing in one while it
        fetches a log from elsewhere.
    """

    def __init__(self, idle: int = 15) -> None:
        programs = binaries()
        if programs is None:
            raise ProcessError("PostgreSQL's server is not installed: apt-get install postgresql")
        self.port = free_port()
        self._idle = idle
        self._programs, self._owner = programs, _owner()
        self._folder = Path(tempfile.mkdtemp(prefix="rivya-postgresql-"))
        if self._owner is not None:
            shutil.chown(self._folder, self._owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The URL of its database, for SQLAlchemy."""
        return url_at(self.port)

    def start(self, keeper: Keeper) -> None:
        """Run the server and wait until it answers; the first time with an empty database."""
        data = self._folder / "data"
        fresh = not data.exists()
        if fresh:
            self._run("initdb", "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        settings = {
            "listen_addresses": LOOPBACK,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "300",
            "idle_in_transaction_session_timeout": f"{self._idle}s",
        }
        command = [str(self._programs / "postgres"), "-D", str(data), "-p", str(self.port)]
        command += ["-k", str(self._folder)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        if self._owner is not None:
            group = str(pwd.getpwnam(self._owner).pw_gid)
            command = ["setpriv", f"--reuid={self._owner}", f"--regid={group}", "--clear-groups", *command]
        keeper.start(NAME, command, dict(os.environ), self._folder)
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._answers():
            if keeper.exit_code(NAME) is not None or time.monotonic() > deadline:
                raise ProcessError(f"PostgreSQL does not answer:\n{log_tail(keeper.log_of(NAME))}")
            time.sleep(0.1)
        if fresh:
            self._run("createdb", "-h", str(self._folder), "-p", str(self.port), "-U", _USER, "airflow")

    def stop(self, keeper: Keeper) -> None:
        """End it as a restart by the system does; who is connected is cut off."""
        keeper.send_signal(NAME, signal.SIGINT)
        keeper.wait(NAME, _START_TIMEOUT)

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder), "-p", str(self.port)]
        return subprocess.run(command, check=False, cwd=self._folder).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        with open(self._folder / "out.log", "ab") as out:
            subprocess.run(
                command, check=True, cwd=self._folder, user=self._owner, stdout=out, stderr=out, timeout=120
            )


def url_at(port: int) -> str:
    """The URL of a stack's database behind a loopback port."""
    return f"postgresql+psycopg2://{_USER}@{LOOPBACK}:{port}/airflow"
