"""What the triggers of all gateways share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow_provider_rivya._compat import BaseTrigger, TriggerEvent
from airflow_provider_rivya.credits import reserved
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.waiting.decide import PATIENCE, Patience

if TYPE_CHECKING:
    from airflow_provider_rivya.api.connection import ConnectionSettings

log = logging.getLogger(__name__)

_MOST_WOKEN: Final = 10_000
_woken: dict[tuple[str, str], str] = {}
"""By connection and generation: the event for which this process has taken a waiting over from itself."""


class GenerationTrigger(BaseTrigger):
    """
    Waits in the triggerer until a generation has ended. It only reads, so it may run twice, be
    moved or be lost without harm. One that takes a generation up late, or again, says so.

    Its arguments are ids and numbers, as Airflow stores and logs them: no key, no URL, no prompt.
    It fires one event, ``{"status", "task_id", "code"}``, where status is ``succeeded``,
    ``failed`` (the gateway's verdict), ``timeout``, ``not_found`` or ``refused``; whoever resumes
    reads the generation again.

    :param generation_id: the gateway's task id.
    :param conn_id: the Airflow connection.
    :param category: ``image``, ``audio`` or ``video``: how often to ask.
    :param submitted_at: seconds since the epoch; ``None``: not known.
    :param deadline: seconds since the epoch. Absolute: a restart of the triggerer does not
        prolong the waiting.
    :param credits_reserved: what it costs, where the gateway has said, for the log.
    :param event_id: of an event that has announced an end: the gateway is asked at once, as the event is
        not believed. Set by :mod:`airflow_provider_rivya.plugin.webhooks.waiting`.
    """

    hook_class: ClassVar[type[GatewayHook]]
    conn_id_argument: ClassVar[str]
    patience: ClassVar[Patience] = PATIENCE
    connection_pause: ClassVar[float] = 10.0
    """Seconds between two attempts to read a connection that cannot be used."""

    def __init__(
        self,
        generation_id: str,
        conn_id: str,
        category: str,
        submitted_at: float | None,
        deadline: float,
        credits_reserved: float | None = None,
        event_id: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it without annotations
        self.generation_id = generation_id
        self.conn_id = conn_id
        self.category = category
        self.submitted_at = submitted_at
        self.deadline = deadline
        self.credits_reserved = credits_reserved
        self.event_id = event_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        arguments = {
            "generation_id": self.generation_id,
            self.conn_id_argument: self.conn_id,
            "category": self.category,
            "submitted_at": self.submitted_at,
            "deadline": self.deadline,
            "credits_reserved": self.credits_reserved,
        }
        if self.event_id is not None:
            arguments["event_id"] = self.event_id
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        from airflow_provider_rivya.triggers.shared_hook import shared_hook
        from airflow_provider_rivya.waiting.loop import Target, awatch
        from airflow_provider_rivya.waiting.verdict import BAD_CONNECTION

        if (line := self._first_line()) is not None:
            self.log.info("%s", line)
        try:
            async with shared_hook(self.hook_class, self.conn_id) as hook:
                target = Target.of(
                    self.generation_id,
                    hook.api,
                    await self._settings(hook),
                    self.category,
                    max(0.0, self.deadline - time.time()),
                    self.submitted_at,
                    self.patience,
                )
                finished = await awatch(hook, target, at_once=self.event_id is not None)
            event = {"status": finished.outcome, "task_id": self.generation_id, "code": finished.code}
        except ConnectionConfigError as error:
            self.log.error("Generation %s cannot be watched. %s", self.generation_id, error)
            event = {"status": "refused", "task_id": self.generation_id, "code": BAD_CONNECTION}
        yield TriggerEvent(event)

    def _first_line(self) -> str | None:
        from airflow_provider_rivya.waiting.progress import watched_late

        if self.event_id is None:
            if self.submitted_at is None:
                return None
            return watched_late(
                self.generation_id, self.submitted_at, time.time(), self.deadline, self.credits_reserved
            )
        if len(_woken) >= _MOST_WOKEN:
            del _woken[next(iter(_woken))]
        _woken[self.conn_id, self.generation_id] = self.event_id
        return f"Generation {self.generation_id}: the gateway reports its end by an event; asking it"

    async def _settings(self, hook: GatewayHook) -> ConnectionSettings:
        """
        Read the connection, which was good when the generation was submitted, and wait for it if need be.

        Where its API server or a secrets backend is away, Airflow says that there is no such connection.

        :raises ConnectionConfigError: it could not be used for as long as a refused key is waited for.
        """
        give_up = min(self.deadline, time.time() + self.patience.refused)
        while True:
            try:
                return await hook.asettings()
            except ConnectionConfigError as error:
                left = give_up - time.time()
                if left <= 0:
                    raise
                pause = min(self.connection_pause, left)
                log.warning(
                    "Generation %s: the connection cannot be used. %s. The generation itself goes on at the "
                    "gateway; trying again in %.0f s.",
                    self.generation_id,
                    error.message.rstrip("."),
                    pause,
                )
                await asyncio.sleep(pause)

    async def on_kill(self) -> None:
        """
        Say what becomes of the remote task (called by Airflow 3.3 and later).

        It is called on a clear, a mark and a takeover by another triggerer alike, so it claims no
        more than it knows.
        """
        if _woken.get((self.conn_id, self.generation_id), self.event_id) != self.event_id:
            return  # an event came: the trigger in the place of this one watches it
        self.log.warning(
            "Generation %s is no longer watched by this triggerer. The gateway cannot cancel it: it goes on "
            "there and is paid for (%s). If this task runs again with the same request, it re-attaches.",
            self.generation_id,
            reserved(self.credits_reserved),
        )
