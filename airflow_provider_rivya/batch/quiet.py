"""Keeps what is said of every single generation out of a batch's log; warnings are told with their row."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from airflow_provider_rivya.redaction import clean

_row: contextvars.ContextVar[str | None] = contextvars.ContextVar("rivya_row", default=None)

_PACKAGE: Final = "airflow_provider_rivya"
_TALKATIVE: Final = (
    "generation.finalize",
    "generation.job",
    "landing.fetch",
    "landing.land",
    "landing.writer",
    "request.body",
    "request.prepare",
    "submission.keeper",
    "submission.lookup",
    "submission.machine",
    "submission.paid_call",
    "waiting.loop",
)


class _OfRows(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        row = _row.get()
        if row is None:
            return True
        if record.levelno < logging.WARNING:
            return False
        record.msg, record.args = f"Row {clean(row, 80)!r}: {record.getMessage()}", ()
        return True


_filter = _OfRows()
for _name in _TALKATIVE:
    logging.getLogger(f"{_PACKAGE}.{_name}").addFilter(_filter)


@contextmanager
def about(row: str) -> Iterator[None]:
    """Say that what is logged here is about one row of many."""
    token = _row.set(row)
    try:
        yield
    finally:
        _row.reset(token)
