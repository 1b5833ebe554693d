"""The connection to the sandbox, called under the documented limits, at the tempo of a gateway elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.api.connection import ConnectionSettings
from airflow_provider_rivya.api.gateway import GatewayApi
from airflow_provider_rivya.waiting import pace


def _as_elsewhere(api: GatewayApi, settings: ConnectionSettings, spread: float) -> pace.Pace:
    return pace.Pace(api.rate_limits, settings.max_requests_per_second, spread=spread)


def as_elsewhere() -> None:
    """Have this process forget that a gateway on this machine is a sandbox, whose time runs faster."""
    pace.pace_for = _as_elsewhere


def connection(url: str, extra: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return the environment with the connection ``bench``."""
    fields = {"conn_type": "toapis", "host": url, "password": "sk-sandbox", "extra": dict(extra or {})}
    return {"AIRFLOW_CONN_BENCH": json.dumps(fields)}
