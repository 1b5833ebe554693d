"""
Drives the rows of a batch: submits windows of them, looks, lands, tops up, until all there is to do is wait.

One thread decides; the others do what it says. What is decided is in ``batch.window``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.batch.backlog import Backlog, Returns
from airflow_provider_rivya.batch.ledger import Entry, RowError
from airflow_provider_rivya.batch.progress import Progress, Report, Standing
from airflow_provider_rivya.batch.records import Window
from airflow_provider_rivya.batch.row_job import BatchContext, Flight
from airflow_provider_rivya.batch.window import (
    Course,
    Ended,
    Limits,
    account_refuses,
    available,
    may_try_again,
    row_error,
)
from airflow_provider_rivya.batch.work import Work
from airflow_provider_rivya.exceptions import GatewayUnavailableError, GenerationError
from airflow_provider_rivya.submission.context import Submission
from airflow_provider_rivya.submission.errors import NothingBegunError
from airflow_provider_rivya.submission.turn import SHORT, pause_after
from airflow_provider_rivya.waiting.decide import Sleep

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.table.planned import PlannedRow

log = logging.getLogger(__name__)

NOTED: Final = 200
"""Entries that the ledger keeps in memory before it writes them, or for so many seconds."""
NOTED_FOR: Final = 15.0
WATCHED: Final = 1_000  # that a trigger is told of: Airflow's database keeps its arguments
_REFRESH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    All there is to do is wait.

    :param ids: of generations at the gateway, by category.
    :param standing: of the batch.
    :param resume_at: when rows may be submitted again that the gateway has told to wait, seconds since the
        epoch; ``None``: there are none.
    """

    ids: dict[str, list[str]]
    standing: Standing
    resume_at: float | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """
    Nothing more is done by this try.

    :param ended: why.
    :param error: what ended it, where that was an error.
    """

    ended: Ended
    error: GenerationError | None = None


class BatchRun:
    """
    One try of a batch, from wherever earlier ones have left it.

    :param rows: yields the planned rows, from the first one each time it is called.
    :param total: how many they are.
    :param limits: what the author has decided.
    :param deadline: when this try gives up, seconds since the epoch.
    :param min_credits_left: what the account must have left; asked for before each window.
    :param report: who is told where it stands.
    """

    def __init__(
        self,
        context: BatchContext,
        rows: Callable[[], Iterator[PlannedRow]],
        total: int,
        limits: Limits,
        deadline: float,
        min_credits_left: float | None = None,
        report: Report | None = None,
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._limits = limits
        self._deadline = deadline
        self._min_credits_left = min_credits_left
        self._course = Course(limits)
        self._flights: dict[str, Flight] = {}
        self._backlog = Backlog(context, rows, limits)
        self._returns = Returns()
        self._paused_until = 0.0
        self._pauses = 0
        self._refreshed_at = float("-inf")
        wanted, budget = min(total, limits.limit or total), limits.max_credits_total
        spent = partial(context.ledger.spent, context.epoch)
        self._progress = Progress(wanted, spent, budget, self._clock.time(), report or Report())

    def go(self, *, here: float | None, ended: Collection[str] = ()) -> Waiting | Over:
        """
        Work until there is nothing to do but to wait, or nothing at all.

        :param here: seconds to wait in this process; ``None``: to the end.
        :param ended: generations that are known to have ended.
        :raises LedgerLostError: another copy of the task goes on.
        """
        self._begin(set(ended))
        try:
            with closing(self._backlog), closing(Work(self._context)) as work:
                return self._loop(work, here)
        finally:
            if self._context.ledger.usable:
                self._context.ledger.flush()
                self._progress.say(self._clock.time(), len(self._flights), last=True)

    # -- the loop ----------------------------------------------------------------------------------

    def _loop(self, work: Work, here: float | None) -> Waiting | Over:
        idle = 0.0
        while True:
            for ended, outcome in work.ended():
                if isinstance(ended, Flight):
                    self._looked(ended, outcome)
                else:
                    self._submitted(ended, outcome)
            ledger, stop, now = self._context.ledger, self._context.stop, self._clock.time()
            ledger.check()
            ledger.flush(at_least=NOTED, seconds=NOTED_FOR)
            self._progress.say(now, len(self._flights))
            late = now >= self._deadline or stop.is_set()
            if not late:
                self._look_at_due(work, now)
                if not work.submits and now >= self._paused_until:
                    self._submit_more(work)
            if work:
                continue
            if late:
                return self._late(stopped=stop.is_set())
            if (over := self._over()) is not None:
                return over
            until = self._next_moment(now)
            paused = self._paused_until > now and self._more()
            if here is not None and until > now:
                standing = self._progress.standing(now, len(self._flights))
                if paused and self._paused_until - now > max(SHORT, here - idle):
                    return Waiting(self._ids(), standing, self._paused_until)
                if not paused and self._flights and idle + (until - now) > here:
                    return Waiting(self._ids(), standing)
            stop.wait(max(0.0, min(until, self._deadline) - now))
            idle += self._clock.time() - now

    def _next_moment(self, now: float) -> float:
        moments = [flight.due for flight in self._flights.values()]
        if self._paused_until > now and self._more():
            moments.append(self._paused_until)
        return min(moments, default=now)

    def _look_at_due(self, work: Work, now: float) -> None:
        if work.free_looks <= 0:
            return
        due = (flight for flight in self._flights.values() if flight.due <= now and not flight.looking)
        for flight in nsmallest(work.free_looks, due, key=attrgetter("due")):
            work.look(flight, self._refresh)

    def _submit_more(self, work: Work) -> None:
        context, course = self._context, self._course
        course.running = len(self._flights)
        room = course.room()
        if not room or not self._backlog:
            return
        if self._min_credits_left is not None and not self._read_balance(self._min_credits_left):
            return
        if not (chosen := self._backlog.choose(room, course)):
            return
        window = Window(context.ledger, [row.key for row, _ in chosen])
        for row, may_pay in chosen:
            work.submit(row, window, context.policy if may_pay else context.looking)

    def _read_balance(self, wanted: float) -> bool:
        """Ask what the account has; whether that could be told, and is enough for something."""
        course = self._course
        try:
            course.available = available(self._context.client.get_credits(), wanted)
        except GenerationError as error:
            pause = pause_after(error, self._pauses, sent=False)
            if pause is None:
                course.stopped = error
            else:
                self._pauses += 1
                self._paused_until = self._clock.time() + pause
            return False
        return True

    def _more(self) -> bool:
        """Whether there are rows left to submit, and they may be."""
        course = self._course
        return not course.closed and not course.over_budget and bool(self._backlog)

    # -- what has become of a row ------------------------------------------------------------------

    def _submitted(self, row: PlannedRow, outcome: Submission | GenerationError) -> None:
        if isinstance(outcome, GenerationError):
            self._went_wrong(row, outcome)
            return
        self._pauses = 0
        self._backlog.settle(row)
        self._returns.taken_in += 1
        record = outcome.record
        self._course.charged(row.price, record.credits)
        if record.is_delivered and self._context.stands(row):
            self._progress.landed += 1
            return
        flight = self._flight(row)
        if flight is not None and (answer := outcome.answer) is not None and answer.ended:
            flight.known, flight.due = answer, 0.0

    def _looked(self, flight: Flight, outcome: Sleep | GenerationError | None) -> None:
        flight.looking = False
        if isinstance(outcome, Sleep):
            flight.due = self._clock.time() + outcome.seconds
            return
        del self._flights[flight.row.key]
        self._course.over_budget = False  # what it has cost is known now, and may be less
        self._learn_cost(flight.row)
        if outcome is None:
            self._progress.landed += 1
            self._course.ended("succeeded")
        else:
            self._went_wrong(flight.row, outcome)

    def _learn_cost(self, row: PlannedRow) -> None:
        if self._limits.max_credits_total is not None:
            state = self._context.ledger.book.rows[row.key]
            told = state.record.credits if state.record else None
            if state.result is not None:
                told = state.result.read().get("credits_final")
            self._course.charged(row.price, told)

    def _went_wrong(self, row: PlannedRow, error: GenerationError) -> None:
        context, course = self._context, self._course
        if not context.ledger.usable or isinstance(error, NothingBegunError):
            return
        state = context.ledger.book.rows.get(row.key)
        record = state.record if state else None
        found = row_error(error, record, context.epoch)
        attempts = self._limits.row_attempts
        again = state and record and record.has_failed and may_try_again(record, state.begun, attempts)
        if again and not course.closed:
            self._backlog.again(row)
            return
        if found.status in ("uncertain", "not_submitted") and not context.stop.is_set():
            sent = found.status == "uncertain"
            pause = pause_after(error, self._pauses, sent=sent)
            if sent and not error.final and (wait_for := self._returns.unanswered(row.key)) is not None:
                pause = wait_for
            elif isinstance(error, GatewayUnavailableError) and self._returns.refused_alone(row.key):
                pause = None  # as a file that is never taken in
            elif pause is not None and self._paused_until <= self._clock.time():
                self._pauses += 1
                log.warning("Nothing is submitted for %.0f s. %s", pause, error.message)
            if pause is not None:
                self._paused_until = max(self._paused_until, self._clock.time() + pause)
                self._backlog.again(row, last=not sent)
                return
        if found.status == "not_submitted" and context.stop.is_set():
            return  # that is no news of the row
        if account_refuses(error) and course.stopped is None:
            course.stopped = error
            log.error("Nothing more is submitted; what runs is stored. %s", error)
        self._note(row, found)

    def _note(self, row: PlannedRow, error: RowError) -> None:
        self._context.ledger.note(Entry(row.key, error=error))
        was_broken = self._course.broken
        self._course.ended(error.status)
        self._progress.row_failed(row.key, error)
        if self._course.broken and not was_broken:
            log.error("%d rows in a row have failed: nothing more is submitted.", self._course.consecutive)

    # -- beginning and ending ----------------------------------------------------------------------

    def _begin(self, ended: Collection[str]) -> None:
        """See what earlier tries have left."""
        self._context.ledger.check()
        left = self._backlog.sort()
        self._progress.begin(left.landed, left.failed)
        for row in left.running:
            self._flight(row, ended)

    def _flight(self, row: PlannedRow, ended: Collection[str] = ()) -> Flight | None:
        record = self._context.ledger.record(row.key)
        if record is None or record.generation_id is None:
            return None
        wait_for, now = self._context.wait_for(row, record, self._deadline), self._clock.time()
        over = record.is_delivered or record.generation_id in ended
        due = 0.0 if over else now + wait_for.first(now).seconds
        flight = Flight(row, record, wait_for, due)
        self._flights[row.key] = flight
        return flight

    def _over(self) -> Over | None:
        course = self._course
        if self._flights or self._more():
            return None
        if course.stopped is not None:
            return Over("done", course.stopped)
        if course.broken:
            return Over("breaker")
        if course.over_budget:
            return Over("budget")
        return Over("limit" if self._backlog.limited else "done")

    def _late(self, *, stopped: bool) -> Over:
        conn_id = self._context.client.conn_id
        error = GenerationError("The task was asked to stop", conn_id=conn_id, retryable=True)
        return Over("timeout", error if stopped else None)

    def _ids(self) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = {}
        for flight in islice(self._flights.values(), WATCHED):
            category = flight.record.category or flight.row.category
            ids.setdefault(category, []).append(flight.record.generation_id or "")
        return ids

    def _refresh(self) -> None:
        if self._clock.monotonic() - self._refreshed_at >= _REFRESH:
            self._refreshed_at = self._clock.monotonic()
            self._context.client.refresh()
