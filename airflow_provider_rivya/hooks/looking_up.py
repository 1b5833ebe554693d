"""Keeps Airflow's traceback about an extra that is not JSON out of the log: the hook says it in a line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_looking_up: ContextVar[bool] = ContextVar("rivya_looking_up", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    """Airflow reads the extra as well, to mask what is in it, and goes on where it cannot."""
    return not (_looking_up.get() and record.exc_info and "deserialize extra" in str(record.msg))


_LOG: Final = logging.getLogger("airflow.sdk.definitions.connection")
_LOG.addFilter(_not_ours)


@contextmanager
def looking_up() -> Iterator[None]:
    """Say that a connection is read whose extra is checked afterwards."""
    token = _looking_up.set(True)
    try:
        yield
    finally:
        _looking_up.reset(token)
