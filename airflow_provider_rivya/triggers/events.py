"""Triggers of asset watchers: a DAG starts when generations that something else has submitted have ended."""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, ClassVar, Final, NamedTuple

from airflow_provider_rivya._compat import BaseEventTrigger, TriggerEvent
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.triggers.base import GenerationTrigger
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from airflow_provider_rivya.waiting.generation_id import id_fault

CATEGORIES: Final = ("image", "audio", "video")


class _Watched(NamedTuple):
    """What one watch is about; watchers that ask for the same share it."""

    generation_id: str
    category: str
    timeout: float


class _Stream:
    """The ends that the watchers of a connection wait for on an event loop, each watched once."""

    def __init__(self) -> None:
        self.ends: asyncio.Queue[tuple[_Watched, dict[str, Any] | Exception]] = asyncio.Queue()
        self._users: Counter[_Watched] = Counter()
        self._watching: dict[_Watched, asyncio.Task[None]] = {}

    @contextmanager
    def joined(self, trigger: GenerationEventTrigger, wanted: set[_Watched]) -> Iterator[None]:
        """Watch what is not being watched; what nobody wants any more is let go of at the end."""
        mine = frozenset(wanted)
        if not self._users:
            while not self.ends.empty():  # left behind for those who have gone
                self.ends.get_nowait()
        self._users.update(mine)
        for watched in mine - self._watching.keys():
            # An empty context: its lines are no more the first watcher's than another one's.
            self._watching[watched] = asyncio.create_task(
                self._watch(trigger, watched), context=contextvars.Context()
            )
        try:
            yield
        finally:
            self._users.subtract(mine)
            for watched in [each for each in mine if self._users[each] <= 0]:
                del self._users[watched]
                if (watching := self._watching.pop(watched, None)) is not None:
                    watching.cancel()

    async def _watch(self, trigger: GenerationEventTrigger, watched: _Watched) -> None:
        end: dict[str, Any] | Exception
        try:
            end = (await trigger._end_of(watched.generation_id)).payload
        except Exception as error:  # of this watch alone
            end = error
        del self._watching[watched]  # who joins later watches it again
        self.ends.put_nowait((watched, end))


_Key = tuple[str, str]
_streams: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Key, _Stream]] = (
    weakref.WeakKeyDictionary()
)


def _stream_of(key: _Key) -> _Stream:
    return _streams.setdefault(asyncio.get_running_loop(), {}).setdefault(key, _Stream())


class GenerationEventTrigger(BaseEventTrigger):
    """
    Watches generations, and fires one event for each when it has ended.

    The event is that of :class:`~airflow_provider_rivya.triggers.base.GenerationTrigger`: ``{"status",
    "task_id", "code"}``. All triggers of a connection share one client and one pace. A triggerer that is
    restarted reports all ends once more: the DAG must be able to run twice.

    :param generation_ids: the gateway's task ids, one or more.
    :param conn_id: the Airflow connection.
    :param category: ``image``, ``audio`` or ``video``: how often to ask.
    :param timeout: seconds after which a generation that has not ended is reported as ``timeout``.
    :raises InvalidRequestError: an argument is none that it takes.
    """

    trigger_class: ClassVar[type[GenerationTrigger]]

    def __init__(
        self, generation_ids: Sequence[str], conn_id: str, category: str = "image", timeout: float = 86_400.0
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it without annotations
        given: list[Any] = (
            [generation_ids] if isinstance(generation_ids, str) else list(generation_ids) or [None]
        )
        faults = [id_fault(value, f"generation_ids[{index}]") for index, value in enumerate(given)]
        if category not in CATEGORIES:
            faults.append(Fault("category", f"it is {category!r}", ", ".join(CATEGORIES)))
        span: Any = timeout
        if isinstance(span, bool) or not isinstance(span, int | float) or not 0 < span < math.inf:
            faults.append(Fault("timeout", f"it is {timeout!r}", "a number of seconds above 0"))
        if found := [fault for fault in faults if fault is not None]:
            raise InvalidRequestError(found)
        self.generation_ids = list(dict.fromkeys(str(value) for value in given))
        self.conn_id = conn_id
        self.category = category
        self.timeout = timeout

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "generation_ids": self.generation_ids,
                self.trigger_class.conn_id_argument: self.conn_id,
                "category": self.category,
                "timeout": self.timeout,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        watched = [asyncio.ensure_future(self._end_of(each)) for each in self.generation_ids]
        try:
            for ended in asyncio.as_completed(watched):
                yield await ended
            # Airflow would start a watcher that has returned once more, and all would be told again.
            await asyncio.Event().wait()
        finally:
            for each in watched:
                each.cancel()

    # -- in Airflow 3.3 and later, in the place of run(): one stream for all watchers of a connection ----

    def shared_stream_key(self) -> _Key:
        """Return what stands for the gateway and the connection."""
        return self.serialize()[0], self.conn_id

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        """Yield each end that a watcher of the connection waits for, whoever it is."""
        stream = _stream_of(cls(**kwargs).shared_stream_key())
        while True:
            yield await stream.ends.get()

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """Fire for the ends of this watcher's own generations, once each."""
        wanted = {_Watched(each, self.category, self.timeout) for each in self.generation_ids}
        with _stream_of(self.shared_stream_key()).joined(self, wanted):
            async for watched, end in shared_stream:
                if watched in wanted:
                    wanted.remove(watched)
                    if isinstance(end, Exception):
                        raise RuntimeError(f"{watched.generation_id} could not be watched") from end
                    yield TriggerEvent(end)

    async def _end_of(self, generation_id: str) -> TriggerEvent:
        deadline = time.time() + self.timeout
        trigger = self.trigger_class(generation_id, self.conn_id, self.category, None, deadline)
        async with aclosing(trigger.run()) as events:
            return await anext(events)


class RivyaGenerationEventTrigger(GenerationEventTrigger):
    """
    Watches generations at Rivya; see :class:`GenerationEventTrigger`.

    :param rivya_conn_id: the Airflow connection.
    """

    trigger_class: ClassVar[type[GenerationTrigger]] = RivyaTaskTrigger

    def __init__(
        self,
        generation_ids: Sequence[str],
        rivya_conn_id: str = "rivya_default",
        category: str = "image",
        timeout: float = 86_400.0,
    ) -> None:
        super().__init__(generation_ids, rivya_conn_id, category, timeout)


class ToApisGenerationEventTrigger(GenerationEventTrigger):
    """
    Watches generations at ToAPIs; see :class:`GenerationEventTrigger`.

    :param toapis_conn_id: the Airflow connection.
    """

    trigger_class: ClassVar[type[GenerationTrigger]] = ToApisTaskTrigger

    def __init__(
        self,
        generation_ids: Sequence[str],
        toapis_conn_id: str = "toapis_default",
        category: str = "image",
        timeout: float = 86_400.0,
    ) -> None:
        super().__init__(generation_ids, toapis_conn_id, category, timeout)
