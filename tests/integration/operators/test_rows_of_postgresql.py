"""Rows of a real PostgreSQL: read as a stream, whatever the provider that makes the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_rivya._compat import BaseHook
from airflow_provider_rivya.exceptions import InvalidRequestError, StorageError
from airflow_provider_rivya.operators.sql_rows import read_sql
from tools.stack import postgres
from tools.stack.processes import Keeper


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not postgres.available():
        pytest.skip("there is no PostgreSQL server on this machine, or no driver in this environment")
    with ExitStack() as open_things:
        database = open_things.enter_context(postgres.Postgres())
        keeper = Keeper(tmp_path_factory.mktemp("postgresql"))
        open_things.callback(keeper.stop)
        database.start(keeper)
        yield database.url.replace("+psycopg2", "")


@pytest.fixture
def connections(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the hook has opened; its own part, from a connection's id to the driver, is the provider's."""
    psycopg2 = pytest.importorskip("psycopg2")
    opened: list[Any] = []

    class Hook:
        def get_conn(self) -> Any:
            opened.append(psycopg2.connect(server))
            return opened[-1]

    class Connection:
        get_hook: Callable[[], Hook] = Hook

    monkeypatch.setattr(BaseHook, "get_connection", lambda conn_id: Connection)
    yield opened
    for connection in opened:
        connection.close()


def test_rows_are_streamed(connections: list[Any]) -> None:
    query = "select 'p' || n as sku, n * 1.5 as price, null as photo from generate_series(1, 5000) n"
    rows = read_sql(query, "warehouse")
    first = next(rows)
    assert (first["sku"], float(first["price"]), first["photo"]) == ("p1", 1.5, None)
    with connections[0].cursor() as other:
        other.execute("select name from pg_cursors")
        assert other.fetchall() == [("rivya_rows",)]  # the server holds what was not read yet
    assert sum(1 for _ in rows) == 4999
    assert connections[0].closed


def test_a_query_without_rows_is_an_empty_table(connections: list[Any]) -> None:
    assert list(read_sql("select 1 as sku where false", "warehouse")) == []


def test_a_wrong_query_is_told(connections: list[Any]) -> None:
    with pytest.raises(InvalidRequestError, match="rows_sql: the database refuses it: UndefinedTable"):
        next(read_sql("select * from nothing", "warehouse"))
    assert connections[0].closed


def test_a_query_that_fails_on_its_way_is_told_with_how_far_it_came(connections: list[Any]) -> None:
    query = "select 1 / (4500 - n) as sku from generate_series(1, 5000) n"
    with pytest.raises(InvalidRequestError, match="the database gave up after 4000 rows: DivisionByZero"):
        list(read_sql(query, "warehouse"))


def test_a_server_that_breaks_off_may_be_asked_again(connections: list[Any], server: str) -> None:
    rows = read_sql("select n as sku from generate_series(1, 5000) n", "warehouse")
    next(rows)
    psycopg2 = pytest.importorskip("psycopg2")
    other = psycopg2.connect(server)
    with other, other.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s)", [connections[0].info.backend_pid])
    other.close()
    with pytest.raises(StorageError, match="cannot be reached right now") as told:
        list(rows)
    assert told.value.retryable
    assert not told.value.final
