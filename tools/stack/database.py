"""The metadata database of a stack: migrated once for an Airflow version, copied from then on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.processes import Keeper, ProcessError, log_tail

TEMPLATES = CHECKOUT / ".airflow" / "templates"
_MIGRATION_TIMEOUT = 300.0


def installed_airflow(python: Path) -> str:
    """The version of Airflow in the environment of ``python``, without importing it (which takes seconds)."""
    code = "from importlib.metadata import version; print(version('apache-airflow-core'))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def prepare_database(config: StackConfig, keeper: Keeper, env: Mapping[str, str], templates: Path) -> str:
    """Bring the stack's database to the installed Airflow's schema.

    A SQLite database in ``config.home`` is copied from a template, which the first migration for an Airflow
    version leaves in ``templates``. Any other database is migrated in place, every time.

    :return: what was done: ``"kept"``, ``"copied"`` or ``"migrated"``.
    """
    if config.sql_alchemy_conn is not None:
        _migrate(config, keeper, env)
        return "migrated"
    version = installed_airflow(config.python)
    database, stamp = config.home / "airflow.db", config.home / "airflow.db.version"
    if database.exists() and stamp.exists() and stamp.read_text() == version:
        return "kept"
    if database.exists():
        _migrate(config, keeper, env)
        done = "migrated"
    else:
        done = fresh_sqlite(database, version, lambda: _migrate(config, keeper, env), templates)
    stamp.write_text(version)
    return done


def fresh_sqlite(
    database: Path, version: str, migrate: Callable[[], None], templates: Path = TEMPLATES
) -> str:
    """Make a SQLite database that has an Airflow's schema; processes that do so at once migrate one.

    :param version: of that Airflow.
    :param migrate: makes ``database`` where there is no template yet.
    :return: what was done: ``"copied"`` or ``"migrated"``.
    """
    template = templates / f"airflow-{version}.db"
    with _alone_with(template):
        if template.exists():
            copy_sqlite(template, database)
            return "copied"
        migrate()
        copy_sqlite(database, template)
        return "migrated"


@contextlib.contextmanager
def _alone_with(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database, its write-ahead log included; ``target`` appears whole or not at all.

    A ``target`` that is there is written in place: who has opened it goes on with it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target if target.exists() else target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with (
            contextlib.closing(sqlite3.connect(source)) as old,
            contextlib.closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
        part.replace(target)
    finally:
        if part != target:
            part.unlink(missing_ok=True)


def _migrate(config: StackConfig, keeper: Keeper, env: Mapping[str, str]) -> None:
    name = "db-migrate"
    keeper.start(name, [str(config.python), "-m", "airflow", "db", "migrate"], env, config.home)
    code = keeper.wait(name, _MIGRATION_TIMEOUT)
    if code != 0:
        raise ProcessError(f"airflow db migrate ended with {code}:\n{log_tail(keeper.log_of(name))}")
