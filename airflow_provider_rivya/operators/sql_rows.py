"""The table of a batch: rows that were given, or of a query through Airflow's common-sql hooks, streamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, Final

from airflow_provider_rivya._compat import BaseHook
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.staged import may_pass, not_now, reason_of

_BLOCK: Final = 1_000


def open_table(rows: Any, sql: str | None, conn_id: str | None) -> Iterable[Mapping[str, Any]]:
    """
    Open the table of a batch.

    :raises InvalidRequestError: it is given twice, or not at all; or see :func:`read_sql` and
        :func:`~airflow_provider_rivya.batch.table.rows.read_rows`.
    """
    from airflow_provider_rivya.batch.table.rows import read_rows

    if (rows is None) == (sql is None):
        raise _refused(
            "rows, rows_sql", f"{'neither is' if rows is None else 'both are'} given", "one of them"
        )
    return read_rows(rows, conn_id) if sql is None else read_sql(sql, conn_id)


def read_sql(sql: str, conn_id: str | None) -> Iterator[Mapping[str, Any]]:
    """
    Yield the rows of a query, as the database hands them out.

    :raises InvalidRequestError: there is no such connection, or the database refuses the query.
    :raises StorageError: the database cannot be reached, or broke off; a retry may read all of it.
    """
    from airflow_provider_rivya.batch.table.refusal import twice

    if not conn_id:
        raise _refused("rows_conn_id", "rows_sql needs it", "the id of a connection to a database")
    try:
        hook = BaseHook.get_connection(conn_id).get_hook()
        connection = hook.get_conn()
    except Exception as error:
        if _is_outage(error):
            raise not_now("the database of rows_sql", error, conn_id) from None
        raise _refused("rows_conn_id", f"{conn_id!r} cannot be used: {reason_of(error)}") from None
    with closing(connection):
        try:
            cursor = _streaming(connection)
            cursor.execute(sql)
            block = cursor.fetchmany(_BLOCK)
            names = [column[0] for column in cursor.description or ()]
        except Exception as error:
            raise _refused("rows_sql", f"the database refuses it: {reason_of(error)}") from None
        if not names:
            raise _refused("rows_sql", "the database has no rows for it", "a query")
        if (doubled := twice(names)) is not None:
            problem = f"it has two columns {clean(doubled)!r}"
            raise _refused("rows_sql", problem, "each name once, with 'as'")
        with closing(cursor):
            count = 0
            while block:
                for values in block:
                    yield dict(zip(names, values, strict=True))
                count += len(block)
                try:
                    block = cursor.fetchmany(_BLOCK)
                except Exception as error:
                    if _is_outage(error):
                        raise not_now("the database of rows_sql", error, conn_id) from None
                    problem = f"the database gave up after {count} rows: {reason_of(error)}"
                    raise _refused("rows_sql", problem) from None


def _is_outage(error: Exception) -> bool:
    """Whether a driver says that it is about the connection; DB-API gives such errors these names."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return may_pass(error) or not names.isdisjoint({"OperationalError", "InterfaceError"})


def _streaming(connection: Any) -> Any:
    """Return a cursor that does not fetch everything first; one of PostgreSQL has to be named for that."""
    if type(connection).__module__.partition(".")[0] in ("psycopg2", "psycopg"):
        return connection.cursor(name="rivya_rows")
    return connection.cursor()


def _refused(path: str, problem: str, allowed: str = "") -> InvalidRequestError:
    return InvalidRequestError([Fault(path, problem, allowed)], subject="The table")
