"""How a batch goes: a line now and then, and a report to whoever asked; of single rows warnings alone."""

from __future__ import annotations

import contextvars
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.credits import plain
from airflow_provider_rivya.redaction import clean

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.ledger import RowError

log = logging.getLogger(__name__)

SAID_EVERY: Final = 30.0
ROWS_TOLD: Final = 20
WARNED: Final = 100
"""Rows of which one kind of warning is told: as many as a crash can leave without an answer."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where a batch stands.

    :param rows: how many it has.
    :param running: at the gateway; ``ended``: of those, known to have ended.
    :param credits: that were, or may have been, paid.
    :param budget: what all may cost; ``None``: there is no limit.
    :param seconds_left: until all rows are over, by how it has gone so far; ``None``: nobody can tell yet.
    """

    rows: int
    landed: int
    failed: int
    running: int
    credits: float
    budget: float | None = None
    seconds_left: float | None = None
    ended: int = 0

    def __str__(self) -> str:
        ended = f" ({self.ended} of them ended)" if self.ended else ""
        budget = "" if self.budget is None else f" of {plain(self.budget)}"
        left = "" if self.seconds_left is None else f"; about {self.seconds_left:.0f} s left"
        return (
            f"{self.landed} of {self.rows} rows stored, {self.running} running{ended}, {self.failed} failed; "
            f"{plain(self.credits)}{budget} credits{left}."
        )

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Report:
    """
    Who is told where a batch stands, beside the log.

    :param tell: is called from the thread that drives the batch.
    :param every: seconds between two calls; the last word is always told.
    """

    tell: Callable[[Standing], None] = lambda standing: None
    every: float = SAID_EVERY


@dataclass(slots=True)
class Progress:
    """
    Counts what a try sees, and tells of it.

    :param rows: how many are to be made.
    :param credits: reads what was, or may have been, paid; that takes a moment.
    :param began_at: when the try began, seconds since the epoch.
    """

    rows: int
    credits: Callable[[], float]
    budget: float | None
    began_at: float
    report: Report = field(default_factory=Report)
    landed: int = 0
    failed: int = 0
    _before: int = 0
    _named: int = 0
    _said_at: float = 0.0
    _told_at: float = 0.0

    def begin(self, landed: int, failed: int) -> None:
        """Take over what earlier tries have come to."""
        self.landed, self.failed, self._before = landed, failed, landed + failed
        self._said_at = self.began_at
        _filter.said.clear()

    def row_failed(self, key: str, error: RowError) -> None:
        if error.status != "not_submitted":
            self.failed += 1
        if error.kind == "key":
            return  # that is told once, of the account
        self._named += 1
        if self._named <= ROWS_TOLD:
            log.warning("Row %r has no result (%s). %s", clean(key, 80), error.status, error.text)

    def standing(self, now: float, running: int) -> Standing:
        over = self.landed + self.failed
        here = over - self._before
        to_come = self.rows - over
        left = (now - self.began_at) / here * to_come if here and to_come > 0 else None
        return Standing(self.rows, self.landed, self.failed, running, self.credits(), self.budget, left)

    def say(self, now: float, running: int, *, last: bool = False) -> None:
        """
        Tell where it stands, if that was not done just before.

        :param last: this try waits here no longer.
        """
        says, tells = now - self._said_at >= SAID_EVERY, last or now - self._told_at >= self.report.every
        if not (says or tells):
            return
        standing = self.standing(now, running)
        if says:
            self._said_at = now
            log.info("%s", standing)
        if tells:
            self._told_at = now
            self.report.tell(standing)


# -- of single rows ------------------------------------------------------------------------------------

_row: contextvars.ContextVar[str | None] = contextvars.ContextVar("rivya_row", default=None)

_PACKAGE: Final = "airflow_provider_rivya"
_TALKATIVE: Final = (
    "gallery.files",
    "generation.finalize",
    "generation.job",
    "landing.fetch",
    "landing.land",
    "landing.writer",
    "media.stills",
    "request.body",
    "request.prepare",
    "request.references",
    "submission.keeper",
    "submission.lookup",
    "submission.machine",
    "submission.paid_call",
    "waiting.loop",
)


class _OfRows(logging.Filter):
    """Lets the first warnings of each kind pass, and what is the same for many rows once."""

    def __init__(self) -> None:
        super().__init__()
        self.said: Counter[Any] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        row = _row.get()
        if row is None:
            return True
        if record.levelno < logging.WARNING:
            return False
        text, kind = record.getMessage(), (record.pathname, record.lineno)
        if text in self.said or self.said[kind] >= WARNED:
            return False
        self.said.update((text, kind))
        last = " No more rows are told of that." if self.said[kind] == WARNED else ""
        record.msg, record.args = f"Row {clean(row, 80)!r}: {text}{last}", ()
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
