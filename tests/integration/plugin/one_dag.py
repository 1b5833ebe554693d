"""An auth manager whose user ``narrow`` may read one DAG alone."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

READABLE = "another_dag"


class OneDagAuthManager(SimpleAuthManager):
    """Airflow's simple one, but for that user."""

    def is_authorized_dag(self, *, user: Any, details: Any = None, **more: Any) -> bool:
        if user.username == "narrow" and (details is None or details.id != READABLE):
            return False
        return bool(super().is_authorized_dag(user=user, details=details, **more))
