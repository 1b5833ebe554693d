"""The rows that are left to submit: those without an answer first, then the plan in its order."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.batch.window import Action, Course, Limits, action, goes_on

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.row_job import BatchContext
    from airflow_provider_rivya.batch.table.planned import PlannedRow

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Left:
    """
    What earlier tries have left.

    :param running: rows to be waited for, or landed, or whose files have to be looked at.
    :param landed: how many rows are; ``failed``: how many are over without a result.
    """

    running: list[PlannedRow] = field(default_factory=list)
    landed: int = 0
    failed: int = 0


REPEATS: Final = 3
"""How often a row without an answer is put back."""
REFUSALS: Final = 10
"""How often one is that the gateway could not take in, although it took in others meanwhile."""


@dataclass(slots=True)
class Returns:
    """
    How often rows were put back by one try.

    :param taken_in: submissions that went well.
    """

    taken_in: int = 0
    _times: Counter[str] = field(default_factory=Counter)
    _refusals: Counter[str] = field(default_factory=Counter)
    _refused_at: dict[str, int] = field(default_factory=dict)

    def unanswered(self, key: str) -> float | None:
        """Return after how many seconds a row without an answer is asked for again; ``None``: no more."""
        if self._times[key] >= REPEATS:
            return None
        self._times[key] += 1
        return float(2 ** self._times[key])

    def refused_alone(self, key: str) -> bool:
        """Whether a row is refused again and again while others are taken in, and holds up the end."""
        first = self._refused_at.setdefault(key, self.taken_in)
        self._refusals[key] += 1
        return self._refusals[key] >= REFUSALS and self.taken_in > first


class Backlog:
    """
    What is left to submit; true while there is something.

    :param rows: yields the planned rows, from the first one each time it is called.
    :param limits: only so many rows, from the first, are taken up.
    :ivar limited: rows were left for later because of that.
    """

    def __init__(
        self, context: BatchContext, rows: Callable[[], Iterator[PlannedRow]], limits: Limits
    ) -> None:
        self._context = context
        self._rows = rows
        self._limits = limits
        self._first: deque[PlannedRow] = deque()
        self._fresh: Iterator[PlannedRow] = iter(())
        self._last: deque[PlannedRow] = deque()
        self._unsure: Iterator[PlannedRow] = iter(())
        self._more_unsure = False
        self._looked_at: set[str] = set()
        self._known: set[str] = set()
        self.limited = False

    def __bool__(self) -> bool:
        if self._more_unsure:
            return True
        if not self._first and (row := self.take()) is not None:
            self._first.append(row)
        return bool(self._first)

    def sort(self) -> Left:
        """See what is left of each row."""
        left, known, gone = Left(), self._known, 0
        book, files = self._context.ledger.book, self._context.files
        for row in self._rows():
            state = book.rows.get(row.key)
            if row.invalid is not None or state is None:
                continue
            what = self._action(row)
            if what == "done" and state.stored is not None:
                if (seen := files.sight(state, row.stem)) == "sound":
                    left.landed += 1
                    continue
                what = "wait"
                gone += seen == "gone"
            if what == "wait":
                left.running.append(row)
                known.add(row.key)
            elif what == "done":
                left.failed += 1
            elif self._is_unsure(row):
                self._more_unsure = True
            elif state.record is not None and state.record.pending:
                self._first.append(row)
                known.add(row.key)
        self._unsure = (row for row in self._rows() if self._is_unsure(row))
        self._fresh = (row for row in self._rows() if row.key not in known and self._is_fresh(row))
        files.forget()
        if gone:
            log.warning(
                "The files of %d stored row(s) are not here, or are others: they are copied or fetched.", gone
            )
        return left

    def take(self) -> PlannedRow | None:
        if self._first:
            return self._first.popleft()
        row = next(self._fresh, None)
        return self._last.popleft() if row is None and self._last else row

    def choose(self, room: int, course: Course) -> list[tuple[PlannedRow, bool]]:
        """Return the rows of the next window, and whether the budget has a new generation for each."""
        context = self._context
        self._looked_at.clear()
        if self._more_unsure:
            unsure = list(islice(self._unsure, room))
            self._looked_at, self._more_unsure = {row.key for row in unsure}, len(unsure) == room
            if unsure:
                return [(row, False) for row in unsure]
        course.spent = context.ledger.spent(context.epoch)
        rows: list[PlannedRow] = []
        while len(rows) < room and (row := self.take()) is not None:
            rows.append(row)
        chosen: list[tuple[PlannedRow, bool]] = []
        promised: list[float | None] = []
        for position, row in enumerate(rows):
            record = context.ledger.record(row.key)
            on_rerun = context.policy.on_rerun_after_delivery
            sent = record is not None and goes_on(record, row.fingerprint, context.epoch, on_rerun)
            affordable = course.affordable([*promised, row.price]) > len(promised)
            if not affordable and not sent:
                self._first.extendleft(reversed(rows[position:]))
                break
            if sent:
                course.over_budget = False
            elif affordable:
                promised.append(row.price)
            chosen.append((row, affordable))
        return chosen

    def again(self, row: PlannedRow, *, last: bool = False) -> None:
        """
        Put a row back.

        :param last: behind all others, so that rows that cannot be taken in hold up none that can.
        """
        if row.key in self._looked_at and row.key not in self._known:
            return  # it is among those that are fresh
        (self._last if last else self._first).append(row)

    def settle(self, row: PlannedRow) -> None:
        """Say that a row has what it asks for, or waits for it: it comes no more, unless it is put back."""
        if row.key in self._looked_at:
            self._known.add(row.key)

    def close(self) -> None:
        """Let go of the plan: what reads on in it refers to this object, and this to that."""
        self._fresh = self._unsure = iter(())

    def _is_unsure(self, row: PlannedRow) -> bool:
        """
        Whether only a row's files tell if a clear asks for what it has already.

        Such rows are looked at before the budget is: what it has costs nothing more.
        """
        record = self._context.ledger.record(row.key)
        if row.invalid is not None or row.fingerprint is not None or record is None:
            return False
        reuses = record.is_delivered and self._context.policy.on_rerun_after_delivery == "reuse"
        left = (record.pending or reuses) and record.cleared_since(self._context.epoch)
        return left and self._action(row) == "submit"

    def _is_fresh(self, row: PlannedRow) -> bool:
        if row.invalid is not None or self._action(row) != "submit":
            return False
        if self._limits.limit is not None and row.index >= self._limits.limit:
            self.limited = True
            return False
        return True

    def _action(self, row: PlannedRow) -> Action:
        context = self._context
        return action(
            context.ledger.book.rows.get(row.key),
            epoch=context.epoch,
            fingerprint=row.fingerprint,
            on_rerun=context.policy.on_rerun_after_delivery,
            row_attempts=self._limits.row_attempts,
        )
