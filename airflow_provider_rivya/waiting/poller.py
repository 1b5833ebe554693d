"""
One poller for all who wait through a client on an event loop: who is due, and how many are asked for at once.

What an answer means is decided, and said, by each waiter. A fault of one look reaches its own waiter alone.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnreachableError,
    GenerationError,
    NotFoundError,
)

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation

Seen: TypeAlias = "Generation | GatewayError"

SLOW: Final = 5.0
"""Seconds from which on an answer is slow: generations of such answers get half the places from then on."""
_MOST_SLOW: Final = 10_000
_LEFT_TO_SWEEP: Final = 256
_MOMENT: Final = 1.0
"""Seconds that a waiter gives a call beside the time that the call has: it knows better what went wrong."""


@dataclass(slots=True, eq=False)
class _Look:
    """
    One waiter's next look.

    :param within: seconds that one call for it may take.
    """

    generation_id: str
    category: str
    within: float
    answer: asyncio.Future[Seen]


class Poller:
    """
    Asks for the states of many generations. :func:`joined` lends the one of a client.

    The tasks that ask have an empty context: on a triggerer, the lines of a task would else land in the log
    of whichever waiter has caused it to be started.
    """

    def __init__(
        self, client: GatewayClient, slow: float = SLOW, left_to_sweep: int = _LEFT_TO_SWEEP
    ) -> None:
        self._client = client
        self._slow_from, self._left_to_sweep = slow, left_to_sweep
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.Context()
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, _Look]] = []
        self._ready: deque[_Look] = deque()
        self._ready_slow: deque[_Look] = deque()
        self._slow: set[str] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._asking_slow = 0
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self.waiters = 0

    async def look(self, generation_id: str, category: str, *, after: float, within: float) -> Seen:
        """
        Ask for a generation's state when it is due, and a place is free.

        :param after: seconds from now until it is due.
        :param within: seconds from then on that all of it may take.
        :return: what the gateway answered, or the error in its place, which is this waiter's own.
        """
        due = self._loop.time() + after
        look = _Look(generation_id, category, within, self._loop.create_future())
        heapq.heappush(self._due, (due, next(self._numbers), look))
        self._wake_at(due)
        try:
            async with asyncio.timeout_at(due + within + _MOMENT):
                return await look.answer
        except TimeoutError:
            return GatewayUnreachableError(
                "The gateway could not be asked in time: many are waiting, or it has asked for a pause",
                sent=False,
                retryable=True,
                conn_id=self._client.conn_id,
                generation_id=generation_id,
            )
        finally:
            if look.answer.cancelled():
                self._sweep()

    def close(self) -> None:
        """End what is still being asked for those who have left."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._asking:
            task.cancel()

    def _sweep(self) -> None:
        """Forget those who have left; not one by one, as each of them would cost a walk through all."""
        self._left += 1
        if self._left >= self._left_to_sweep and 2 * self._left >= len(self._due):
            self._left = 0
            self._due = [entry for entry in self._due if not entry[2].answer.done()]
            heapq.heapify(self._due)

    # -- who is next -------------------------------------------------------------------------------

    def _wake_at(self, when: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._wake, context=self._context)

    def _wake(self) -> None:
        self._timer = None
        # A timer may come a little before its time.
        now = self._loop.time() + 0.001
        while self._due and self._due[0][0] <= now:
            look = heapq.heappop(self._due)[2]
            (self._ready_slow if look.generation_id in self._slow else self._ready).append(look)
        if self._due:
            self._wake_at(self._due[0][0])
        self._ask_more()

    def _ask_more(self) -> None:
        places = self._client.settings.max_in_flight
        for _ in range(min(places - len(self._asking), len(self._ready) + len(self._ready_slow))):
            task = self._loop.create_task(self._ask(places), context=contextvars.Context())
            self._asking.add(task)
            task.add_done_callback(self._asking.discard, context=self._context)

    def _next(self, places: int) -> tuple[list[_Look], bool]:
        """
        Return who is asked for by one call; several only where the gateway has such a call.

        Those of slow answers get one place before all others, and up to half of them after these.
        """
        at_most = max(1, places // 2) if not self._ready else 1
        if self._ready_slow and self._asking_slow < at_most:
            return [self._ready_slow.popleft()], True
        looks: list[_Look] = []
        most = self._client.api.capabilities.statuses_at_once
        while (
            self._ready
            and len(looks) < most
            and self._ready[0].category == (looks or self._ready)[0].category
        ):
            looks.append(self._ready.popleft())
        return looks, False

    # -- asking ------------------------------------------------------------------------------------

    async def _ask(self, places: int) -> None:
        """Ask for one after the other, until nobody is due."""
        while True:
            looks, slow = self._next(places)
            if not looks:
                return
            # Whoever has left meanwhile is not asked for.
            looks = [look for look in looks if not look.answer.done()]
            if not looks:
                continue
            begun = self._loop.time()
            self._asking_slow += slow
            try:
                seen = await self._seen(looks, max(look.within for look in looks))
                for look, answer in zip(looks, seen, strict=True):
                    if not look.answer.done():
                        look.answer.set_result(answer)
            except Exception as error:  # no waiter waits for ever because of it, and each gets its own
                for look in looks:
                    if not look.answer.done():
                        look.answer.set_exception(_own(error))
            finally:
                self._asking_slow -= slow
                for look in looks:
                    look.answer.cancel()
                    self._note_time(look.generation_id, self._loop.time() - begun)

    async def _seen(self, looks: Sequence[_Look], within: float) -> list[Seen]:
        category, client = looks[0].category, self._client
        try:
            if len(looks) == 1:
                return [
                    await client.aget_generation(
                        looks[0].generation_id, category=category, repeat=False, within=within
                    )
                ]
            found = await client.aget_generations(
                [look.generation_id for look in looks], category=category, within=within
            )
        except GatewayError as error:
            return [error.replace(generation_id=look.generation_id) for look in looks]
        return [found.get(look.generation_id) or self._not_told_of(look) for look in looks]

    def _not_told_of(self, look: _Look) -> NotFoundError:
        return NotFoundError(
            "The gateway's answer about many generations does not name this one",
            conn_id=self._client.conn_id,
            generation_id=look.generation_id,
        )

    def _note_time(self, generation_id: str, seconds: float) -> None:
        self._slow.discard(generation_id)
        if seconds >= self._slow_from and len(self._slow) < _MOST_SLOW:
            self._slow.add(generation_id)


def _own(error: Exception) -> Exception:
    """Return an error of one waiter's own: the connection's, or one that nobody has foreseen."""
    if isinstance(error, GenerationError):
        return error.replace()
    return RuntimeError(f"{type(error).__name__}: {error}")


_Table: TypeAlias = "dict[GatewayClient, Poller]"
_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Table] = weakref.WeakKeyDictionary()


@contextmanager
def joined(client: GatewayClient) -> Iterator[Poller]:
    """Lend the poller of a client on the running event loop; the last to leave ends it."""
    table = _pollers.setdefault(asyncio.get_running_loop(), {})
    poller = table.get(client) or table.setdefault(client, Poller(client))
    poller.waiters += 1
    try:
        yield poller
    finally:
        poller.waiters -= 1
        if poller.waiters == 0:
            del table[client]
            poller.close()
