"""What Airflow's provider of SQLite does, which is in no lock: a common-sql hook for its connections."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from airflow.models.connection import Connection as ServerConnection
from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.sdk.definitions.connection import Connection


class SqliteHook(DbApiHook):
    conn_name_attr = "sqlite_conn_id"
    default_conn_name = "sqlite_default"

    def get_conn(self) -> sqlite3.Connection:
        return sqlite3.connect(str(self.get_connection(self.get_conn_id()).host))


def give_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an Airflow connection of the type ``sqlite`` have this hook."""

    def get_hook(connection: Any, **_: object) -> SqliteHook:
        assert connection.conn_type == "sqlite"
        return SqliteHook(sqlite_conn_id=connection.conn_id)

    for kind in (Connection, ServerConnection):  # outside of a task, Airflow 3.1 has the latter
        monkeypatch.setattr(kind, "get_hook", get_hook)
