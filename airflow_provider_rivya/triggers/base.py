"""What the triggers of all gateways share."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from airflow_provider_rivya._compat import BaseTrigger, TriggerEvent
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.hooks.base import GatewayHook


class GenerationTrigger(BaseTrigger):
    """
    Waits in the triggerer until a generation has ended. It only reads, so it may run twice, be
    moved or be lost without harm. One that takes a generation up again says so.

    Its arguments are ids and numbers, as Airflow stores and logs them: no key, no URL, no prompt.
    It fires one event, ``{"status", "task_id", "code"}``, where status is ``succeeded``,
    ``failed`` (the gateway's verdict), ``timeout``, ``not_found`` or ``refused``; whoever resumes
    reads the generation again.

    :param generation_id: the gateway's task id.
    :param conn_id: the Airflow connection.
    :param category: ``image``, ``audio`` or ``video``: how often to ask.
    :param submitted_at: seconds since the epoch.
    :param deadline: seconds since the epoch. Absolute: a restart of the triggerer does not
        prolong the waiting.
    """

    hook_class: ClassVar[type[GatewayHook]]
    conn_id_argument: ClassVar[str]

    def __init__(
        self, generation_id: str, conn_id: str, category: str, submitted_at: float, deadline: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it without annotations
        self.generation_id = generation_id
        self.conn_id = conn_id
        self.category = category
        self.submitted_at = submitted_at
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "generation_id": self.generation_id,
                self.conn_id_argument: self.conn_id,
                "category": self.category,
                "submitted_at": self.submitted_at,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_rivya.generation.narration import resumed
        from airflow_provider_rivya.hooks.watching import Target, awatch
        from airflow_provider_rivya.triggers.poller import shared_hook

        line = resumed(self.generation_id, self.submitted_at, time.time(), self.deadline)
        if line is not None:
            self.log.info("%s", line)
        try:
            async with shared_hook(self.hook_class, self.conn_id) as hook:
                target = Target.of(
                    self.generation_id,
                    await hook.asettings(),
                    self.category,
                    max(0.0, self.deadline - time.time()),
                    self.submitted_at,
                )
                finished = await awatch(hook, target)
            event = {"status": finished.outcome, "task_id": self.generation_id, "code": finished.code}
        except ConnectionConfigError as error:
            self.log.error("Generation %s cannot be watched. %s", self.generation_id, error)
            event = {"status": "refused", "task_id": self.generation_id, "code": "connection"}
        yield TriggerEvent(event)

    async def on_kill(self) -> None:
        """
        Say what becomes of the remote task (called by Airflow 3.3 and later).

        It is called on a clear, a mark and a takeover by another triggerer alike, so it claims no
        more than it knows.
        """
        self.log.warning(
            "Generation %s is no longer watched by this triggerer. The gateway cannot cancel it: it goes on "
            "there and is paid for. If this task runs again with the same request, it re-attaches.",
            self.generation_id,
        )
