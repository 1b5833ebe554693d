"""Where something is within Airflow's UI, for whoever looks at it there."""

from __future__ import annotations

from urllib.parse import urlsplit


def in_ui(path: str) -> str:
    """Return a path of the API server below the one that it is served at: ``[api] base_url``."""
    from airflow.configuration import conf

    return urlsplit(str(conf.get("api", "base_url", fallback="") or "")).path.rstrip("/") + path
