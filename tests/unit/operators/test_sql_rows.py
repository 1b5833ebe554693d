"""Rows of a query: streamed, by the names that the database gives them; a real database is behind it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.operators.sql_rows import read_sql
from tests.sqlite_hook import give_hook


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database, and the Airflow connection ``shop`` to it."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table products (sku integer, title text)")
        connection.executemany("insert into products values (?, ?)", [(n, f"t{n}") for n in range(2500)])
    connection.close()

    give_hook(monkeypatch)
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return path


def test_all_rows_come_under_their_names(database: Path) -> None:
    rows: list[Any] = list(read_sql("select sku, title as name from products order by sku", "shop"))
    assert len(rows) == 2500
    assert rows[-1] == {"sku": 2499, "name": "t2499"}


def test_a_query_without_rows_is_an_empty_table(database: Path) -> None:
    assert list(read_sql("select * from products where sku < 0", "shop")) == []


@pytest.mark.parametrize(
    ("sql", "conn_id", "told"),
    [
        ("select * from nowhere", "shop", "rows_sql: the database refuses it"),
        ("select 1", None, "rows_conn_id: rows_sql needs it"),
        ("select 1", "none", "rows_conn_id: 'none' cannot be used"),
        ("select * from products a join products b using (title)", "shop", "it has two columns 'sku'"),
        ("update products set title = ''", "shop", "the database has no rows for it; allowed: a query"),
    ],
)
def test_what_cannot_be_read_is_told(database: Path, sql: str, conn_id: str | None, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        list(read_sql(sql, conn_id))
