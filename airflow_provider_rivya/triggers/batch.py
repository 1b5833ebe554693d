"""Waits in the triggerer for many generations of one task."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow_provider_rivya._compat import BaseTrigger, TriggerEvent
from airflow_provider_rivya.batch.progress import SAID_EVERY, Standing
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.waiting.progress import Narrator

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.exceptions import GatewayError
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.waiting.decide import Finished

log = logging.getLogger(__name__)

QUIET: Final = 20.0
"""Seconds without another end after which those that have ended are landed."""


class Silent(Narrator):
    """Says nothing: many are told of in one line."""

    def tell(self, now: float, seen: Generation | GatewayError) -> tuple[int, str] | None:
        return None


class BatchTrigger(BaseTrigger):
    """
    Waits until half of many generations have ended, or any after a quiet time, or a deadline has come. It
    only reads, so it may run twice, be moved or be lost without harm.

    Its arguments are ids and numbers. It fires one event, ``{"status", "ended", "code"}``, where status is
    ``ended``, ``timeout`` or ``refused``, and ``ended`` are the ids that have ended; whoever resumes reads
    the generations again.

    :param ids: of the generations, by category.
    :param conn_id: the Airflow connection.
    :param deadline: seconds since the epoch. Absolute: a restart of the triggerer does not prolong it.
    :param standing: numbers of the batch when the worker left it, for the log.
    :param resume_at: when rows may be submitted again, seconds since the epoch: it ends then at the latest.
    """

    hook_class: ClassVar[type[GatewayHook]]
    conn_id_argument: ClassVar[str]

    def __init__(
        self,
        ids: Mapping[str, Sequence[str]],
        conn_id: str,
        deadline: float,
        standing: Mapping[str, Any] | None = None,
        resume_at: float | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it without annotations
        self.ids = ids
        self.conn_id = conn_id
        self.deadline = deadline
        self.standing = standing
        self.resume_at = resume_at

    def serialize(self) -> tuple[str, dict[str, Any]]:
        arguments = {
            "ids": self.ids,
            self.conn_id_argument: self.conn_id,
            "deadline": self.deadline,
            "standing": self.standing,
        }
        if self.resume_at is not None:
            arguments["resume_at"] = self.resume_at
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_rivya.triggers.shared_hook import shared_hook

        try:
            async with shared_hook(self.hook_class, self.conn_id) as hook:
                event = await self._watch(hook)
        except ConnectionConfigError as error:
            self.log.error("The connection cannot be used. %s", error)
            event = {"status": "refused", "ended": [], "code": "connection"}
        yield TriggerEvent(event)

    async def _watch(self, hook: GatewayHook) -> dict[str, Any]:
        from airflow_provider_rivya.waiting.loop import Target, awatch

        settings = await hook.asettings()
        waits: dict[asyncio.Task[Finished], str] = {}
        for category, ids in self.ids.items():
            for generation_id in ids:
                left = self.deadline - time.time()
                target = Target.of(generation_id, hook.api, settings, category, left, narrator=Silent)
                # An empty context: else all of it lands in the log of whichever waiter came first.
                watching = asyncio.create_task(awatch(hook, target), context=contextvars.Context())
                waits[watching] = generation_id
        try:
            return await self._until_enough(waits)
        finally:
            for watching in waits:
                watching.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _until_enough(self, waits: Mapping[asyncio.Task[Finished], str]) -> dict[str, Any]:
        total, running, began_at = len(waits), set(waits), time.time()
        ended: list[str] = []
        last = said_at = now = began_at
        until = self.deadline if self.resume_at is None else min(self.resume_at, self.deadline)
        while True:
            patience = max(0.0, min(1.0 if ended else SAID_EVERY, until - now))
            done: set[asyncio.Task[Finished]] = set()
            if running:
                done, running = await asyncio.wait(
                    running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
            else:
                await asyncio.sleep(patience)
            now = time.time()
            ended += [waits[watching] for watching in done if watching.result().outcome != "timeout"]
            last = now if done else last
            if now - said_at >= SAID_EVERY:
                said_at = now
                self.log.info("%s", self._line(len(ended), total, now - began_at))
            if now >= self.deadline or (waits and not running and not ended):
                return {"status": "timeout", "ended": ended, "code": None}
            if now >= until:
                return {"status": "resume", "ended": ended, "code": None}
            if waits and (2 * len(ended) >= total or (ended and now - last >= QUIET)):
                return {"status": "ended", "ended": ended, "code": None}

    def _line(self, ended: int, total: int, waited: float) -> str:
        """Say where the batch stands, by what the worker has told and what is seen here."""
        if not self.standing:
            return f"{ended} of {total} generations have ended."
        standing = Standing(**self.standing)
        left = None if standing.seconds_left is None else max(0.0, standing.seconds_left - waited)
        return str(replace(standing, running=total, ended=ended, seconds_left=left))

    async def on_kill(self) -> None:
        """
        Say what becomes of the generations (called by Airflow 3.3 and later).

        It is called on a clear, a mark and a takeover by another triggerer alike, so it claims no more than
        it knows.
        """
        self.log.warning(
            "%d generations are no longer watched by this triggerer. The gateway cannot cancel them: they go "
            "on there and are paid for. If this task runs again, it goes on with them.",
            sum(map(len, self.ids.values())),
        )


class RivyaBatchTrigger(BatchTrigger):
    """
    Waits for generations at Rivya; see :class:`BatchTrigger`.

    :param rivya_conn_id: the Airflow connection.
    """

    hook_class: ClassVar[type[RivyaHook]] = RivyaHook
    conn_id_argument: ClassVar[str] = "rivya_conn_id"

    def __init__(
        self,
        ids: Mapping[str, Sequence[str]],
        rivya_conn_id: str,
        deadline: float,
        standing: Mapping[str, Any] | None = None,
        resume_at: float | None = None,
    ) -> None:
        super().__init__(ids, rivya_conn_id, deadline, standing, resume_at)


class ToApisBatchTrigger(BatchTrigger):
    """
    Waits for generations at ToAPIs; see :class:`BatchTrigger`.

    :param toapis_conn_id: the Airflow connection.
    """

    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    conn_id_argument: ClassVar[str] = "toapis_conn_id"

    def __init__(
        self,
        ids: Mapping[str, Sequence[str]],
        toapis_conn_id: str,
        deadline: float,
        standing: Mapping[str, Any] | None = None,
        resume_at: float | None = None,
    ) -> None:
        super().__init__(ids, toapis_conn_id, deadline, standing, resume_at)
