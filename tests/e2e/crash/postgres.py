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
from collections.abc import Iterator
from pathlib import Path

from tools.stack.stack import free_port

_USER = "airflow"
_START_TIMEOUT = "60"


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


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """
    Run a server on a loopback port, its data in a temporary folder; both end with the block.

    :return: the URL of its empty database, for SQLAlchemy.
    """
    programs, owner, port = binaries(), _owner(), free_port()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="rivya-postgresql-"))
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        with open(folder / "out.log", "ab") as out:
            subprocess.run(command, check=True, cwd=folder, user=owner, stdout=out, stderr=out, timeout=120)

    options = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off "
        "-c full_page_writes=off -c max_connections=300 "
        # The workers of a scheduler that was killed keep its connection open, and with it its row locks.
        "-c idle_in_transaction_session_timeout=15s"
    )
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        run("initdb", "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", str(data), "-w", "-t", _START_TIMEOUT, "-o", options, "start")
        run("createdb", "-h", str(folder), "-p", str(port), "-U", _USER, "airflow")
        yield f"postgresql+psycopg2://{_USER}@127.0.0.1:{port}/airflow"
    finally:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGINT)
            run_end(pid)
        shutil.rmtree(folder, ignore_errors=True)


def run_end(pid: int) -> None:
    """Wait for the server's end, and insist."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            process.kill()
