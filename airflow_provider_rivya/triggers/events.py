"""Triggers of asset watchers: a DAG starts when generations that something else has submitted have ended."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, ClassVar, Final

from airflow_provider_rivya._compat import BaseEventTrigger, TriggerEvent
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.triggers.base import GenerationTrigger
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from airflow_provider_rivya.waiting.generation_id import id_fault

CATEGORIES: Final = ("image", "audio", "video")


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

    async def _end_of(self, generation_id: str) -> TriggerEvent:
        now = time.time()
        trigger = self.trigger_class(generation_id, self.conn_id, self.category, now, now + self.timeout)
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
