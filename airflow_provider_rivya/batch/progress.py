"""What the log says while a batch runs: now and then how it goes; of single rows warnings alone."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.redaction import clean

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.ledger import RowError

log = logging.getLogger(__name__)

SAID_EVERY: Final = 30.0
ROWS_TOLD: Final = 20


@dataclass(slots=True)
class Progress:
    """
    Where a batch stands.

    :param total: how many rows it has.
    :param said_at: when it was told last, seconds since the epoch.
    """

    total: int
    said_at: float
    landed: int = 0
    failed: int = 0

    def row_failed(self, key: str, error: RowError) -> None:
        if error.status != "not_submitted":
            self.failed += 1
        if self.failed <= ROWS_TOLD:
            log.warning("Row %r has no result (%s). %s", clean(key, 80), error.status, error.text)

    def say(self, now: float, running: int, spent: float, budget: float | None, deadline: float) -> None:
        """Say where it stands, if that was not said just before."""
        if now - self.said_at < SAID_EVERY:
            return
        self.said_at = now
        log.info(
            "%d of %d rows landed, %d running, %d failed; %g credits%s; %.0f s left.",
            self.landed,
            self.total,
            running,
            self.failed,
            spent,
            "" if budget is None else f" of {budget:g}",
            max(0.0, deadline - now),
        )


# -- of single rows ------------------------------------------------------------------------------------

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
