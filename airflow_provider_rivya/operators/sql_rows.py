"""Rows of a query, through Airflow's common-sql hooks, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final

from airflow_provider_rivya._compat import BaseHook
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.storage.staged import reason_of

_BLOCK: Final = 1_000


def read_sql(sql: str, conn_id: str | None) -> Iterator[Mapping[str, Any]]:
    """
    Yield the rows of a query, as the database hands them out.

    :raises InvalidRequestError: there is no such connection, or the database refuses the query.
    """
    if not conn_id:
        raise _refused("rows_conn_id", "rows_sql needs it", "the id of a connection to a database")
    try:
        hook = BaseHook.get_connection(conn_id).get_hook()
        connection = hook.get_conn()
    except Exception as error:
        raise _refused("rows_conn_id", f"{conn_id!r} cannot be used: {reason_of(error)}") from None
    with closing(connection):
        try:
            cursor = _streaming(connection)
            cursor.execute(sql)
            block = cursor.fetchmany(_BLOCK)
            names = [column[0] for column in cursor.description]
        except Exception as error:
            raise _refused("rows_sql", f"the database refuses it: {reason_of(error)}") from None
        with closing(cursor):
            while block:
                for values in block:
                    yield dict(zip(names, values, strict=True))
                block = cursor.fetchmany(_BLOCK)


def _streaming(connection: Any) -> Any:
    """Return a cursor that does not fetch everything first; one of PostgreSQL has to be named for that."""
    if type(connection).__module__.partition(".")[0] in ("psycopg2", "psycopg"):
        return connection.cursor(name="rivya_rows")
    return connection.cursor()


def _refused(path: str, problem: str, allowed: str = "") -> InvalidRequestError:
    return InvalidRequestError([Fault(path, problem, allowed)], subject="The table")
