"""ToAPIs' hook and trigger as they are away from a sandbox: under the documented limits, at their tempo."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_rivya.api.connection import ConnectionSettings
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from airflow_provider_rivya.waiting.pace import Pace


class Hook(ToApisHook):
    """The real one, which takes a sandbox on this machine for a gateway."""

    def _pace_of(self, settings: ConnectionSettings) -> Pace:
        with self._guard:
            if self._pace is None:
                pace = Pace(self.api.rate_limits, spread=random.SystemRandom().random())
                self._pace = (settings.base_url, None), pace
            return self._pace[1]


class Trigger(ToApisTaskTrigger):
    """Waits with that hook."""

    hook_class: ClassVar[type[ToApisHook]] = Hook


def connection(url: str, extra: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return the environment with the connection ``bench``."""
    fields = {"conn_type": "toapis", "host": url, "password": "sk-sandbox", "extra": dict(extra or {})}
    return {"AIRFLOW_CONN_BENCH": json.dumps(fields)}
