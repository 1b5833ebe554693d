"""The trigger for Rivya."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.triggers.base import GenerationTrigger


class RivyaTaskTrigger(GenerationTrigger):
    """
    Waits for a generation at Rivya; see :class:`~airflow_provider_rivya.triggers.base.GenerationTrigger`.

    :param rivya_conn_id: the Airflow connection.
    """

    hook_class: ClassVar[type[RivyaHook]] = RivyaHook
    conn_id_argument: ClassVar[str] = "rivya_conn_id"

    def __init__(
        self,
        generation_id: str,
        rivya_conn_id: str,
        category: str,
        submitted_at: float | None,
        deadline: float,
        credits_reserved: float | None = None,
    ) -> None:
        super().__init__(generation_id, rivya_conn_id, category, submitted_at, deadline, credits_reserved)
