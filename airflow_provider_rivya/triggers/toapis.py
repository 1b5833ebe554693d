"""The trigger for ToAPIs."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.triggers.base import GenerationTrigger


class ToApisTaskTrigger(GenerationTrigger):
    """
    Waits for a generation at ToAPIs; see :class:`~airflow_provider_rivya.triggers.base.GenerationTrigger`.

    :param toapis_conn_id: the Airflow connection.
    :param event_id: of a webhook's event that has announced an end.
    """

    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    conn_id_argument: ClassVar[str] = "toapis_conn_id"

    def __init__(
        self,
        generation_id: str,
        toapis_conn_id: str,
        category: str,
        submitted_at: float | None,
        deadline: float,
        credits_reserved: float | None = None,
        event_id: str | None = None,
    ) -> None:
        super().__init__(
            generation_id, toapis_conn_id, category, submitted_at, deadline, credits_reserved, event_id
        )
