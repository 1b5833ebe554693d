"""From what Airflow answers about a connection to its settings, or to an error that says what to do."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from airflow_provider_rivya._compat import is_connection_missing
from airflow_provider_rivya.api.connection import (
    ConnectionSettings,
    how_to_change,
    how_to_set,
    read_connection,
)
from airflow_provider_rivya.exceptions import ConnectionConfigError

log = logging.getLogger(__name__)
_NOTHING: Final = "Nothing was sent and nothing was charged."
_looking_up: ContextVar[bool] = ContextVar("rivya_looking_up", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    """Airflow reads the extra as well, to mask what is in it, and goes on where it cannot."""
    return not (_looking_up.get() and record.exc_info and "deserialize extra" in str(record.msg))


_LOG: Final = logging.getLogger("airflow.sdk.definitions.connection")
_LOG.addFilter(_not_ours)


@contextmanager
def looking_up() -> Iterator[None]:
    """Keep Airflow's traceback about an extra that is not JSON out of the log: the reader says it."""
    token = _looking_up.set(True)
    try:
        yield
    finally:
        _looking_up.reset(token)


@dataclass(frozen=True)
class ConnectionReader:
    """Reads a connection of one gateway."""

    conn_id: str
    conn_type: str

    def read(self, connection: Any, default_host: str) -> ConnectionSettings:
        """
        Read and check what Airflow has found.

        :raises ConnectionConfigError: it has fields that cannot be used.
        """
        if not connection.conn_type and os.environ.get(self._variable):
            raise self._unreadable_variable()
        if connection.conn_type != self.conn_type:
            raise ConnectionConfigError(
                f"The connection {self.conn_id!r} is of type {connection.conn_type!r}, "
                f"not {self.conn_type!r}",
                conn_id=self.conn_id,
                advice=how_to_change(self.conn_id),
                fate=_NOTHING,
            )
        settings = read_connection(
            conn_id=self.conn_id,
            conn_type=self.conn_type,
            default_host=default_host,
            host=connection.host,
            schema=connection.schema,
            port=connection.port,
            password=connection.password,
            extra=connection.extra,
        )
        for warning in settings.warnings:
            log.warning("Connection %s: %s", self.conn_id, warning)
        self._check_environment(settings)
        return settings

    def unreadable(self, error: Exception) -> ConnectionConfigError:
        """Return what is said where Airflow has found none."""
        if not self.conn_id:
            return ConnectionConfigError(
                "The id of the connection is empty.",
                advice=f"Give the id of an Airflow connection of type {self.conn_type!r}.",
                fate=_NOTHING,
            )
        missing = is_connection_missing(error)
        if os.environ.get(self._variable) and (missing or isinstance(error, ValueError)):
            # Airflow passes over what it cannot read, and finds no connection.
            return self._unreadable_variable()
        return ConnectionConfigError(
            f"There is no connection {self.conn_id!r}"
            if missing
            else f"The connection {self.conn_id!r} could not be read ({type(error).__name__})",
            conn_id=self.conn_id,
            advice=how_to_set(self.conn_id, self.conn_type) if missing else None,
            fate=_NOTHING,
            retryable=not missing,
        )

    def _check_environment(self, settings: ConnectionSettings) -> None:
        """Before anything is recorded or paid: later it would look like a request that may have arrived."""
        from airflow_provider_rivya.api.egress import EnvironmentFault, check_environment

        try:
            check_environment(settings.base_url)
        except EnvironmentFault as fault:
            raise ConnectionConfigError(
                f"The connection {self.conn_id!r} cannot be used in this environment: {fault}",
                conn_id=self.conn_id,
                fate=_NOTHING,
                retryable=True,
            ) from None

    @property
    def _variable(self) -> str:
        return f"AIRFLOW_CONN_{self.conn_id.upper()}"

    def _unreadable_variable(self) -> ConnectionConfigError:
        return ConnectionConfigError(
            f"The environment variable {self._variable} is set, but cannot be read as a connection",
            conn_id=self.conn_id,
            advice=f'It takes JSON such as {{"conn_type": "{self.conn_type}", "password": "YOUR_API_KEY"}}, '
            f"or a URI such as {self.conn_type}://:YOUR_API_KEY@.",
            fate=_NOTHING,
        )
