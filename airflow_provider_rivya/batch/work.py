"""What the threads of a run are at: rows that are submitted, rows that are looked at and landed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch import row_job
from airflow_provider_rivya.batch.window import WINDOW

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.records import Window
    from airflow_provider_rivya.batch.row_job import BatchContext, Flight
    from airflow_provider_rivya.batch.table.planned import PlannedRow
    from airflow_provider_rivya.submission.context import SubmissionPolicy

LOOKS_AT_ONCE: Final = 8
"""Rows that are looked at, and landed, at the same time."""
_TICK: Final = 0.2


class Work:
    """
    The threads, and what they are at.

    :ivar submits: how many rows are being submitted.
    """

    def __init__(self, context: BatchContext) -> None:
        self._context = context
        self._submitting = ThreadPoolExecutor(WINDOW, thread_name_prefix="rivya-row")
        # Threads of their own: each thread keeps some of the memory of what it has fetched.
        self._looking = ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="rivya-look")
        self._rows: dict[Future[Any], PlannedRow] = {}
        self._flights: dict[Future[Any], Flight] = {}
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()

    def __bool__(self) -> bool:
        return bool(self._rows or self._flights)

    @property
    def submits(self) -> int:
        return len(self._rows)

    @property
    def free_looks(self) -> int:
        """How many more may be looked at."""
        return LOOKS_AT_ONCE - len(self._flights)

    def submit(self, row: PlannedRow, window: Window, policy: SubmissionPolicy) -> None:
        self._rows[self._begin(self._submitting, row_job.submit, row, window, policy)] = row

    def look(self, flight: Flight, refresh: Callable[[], None]) -> None:
        flight.looking = True
        self._flights[self._begin(self._looking, row_job.look, flight, refresh)] = flight

    def ended(self) -> Iterator[tuple[PlannedRow | Flight, Any]]:
        """Yield what has ended, and how; wait a moment for the first, where there is something."""
        with suppress(Empty):
            future = self._done.get(timeout=_TICK if self else 0.0)
            while True:
                of = self._flights.pop(future) if future in self._flights else self._rows.pop(future)
                yield of, future.result()
                future = self._done.get_nowait()

    def close(self) -> None:
        """Wait for all of them."""
        self._submitting.shutdown(wait=True)
        self._looking.shutdown(wait=True)

    def _begin(self, pool: ThreadPoolExecutor, call: Callable[..., Any], *given: Any) -> Future[Any]:
        future = pool.submit(call, self._context, *given)
        future.add_done_callback(self._done.put)
        return future
