"""What Airflow reads about this provider."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya import __version__
from airflow_provider_rivya.hooks.connection import conn_fields

UI_FIELD_BEHAVIOUR: dict[str, Any] = {
    "hidden-fields": ["login", "port", "schema"],
    "relabeling": {"password": "API key"},
    "placeholders": {"host": "https://rivya.ai", "password": "rvya_sk_..."},
}


def get_provider_info() -> dict[str, Any]:
    """Return the provider info (schema: ``provider.yaml.schema.json`` of Airflow)."""
    return {
        "package-name": "airflow-provider-rivya",
        "name": "Rivya",
        "description": "Paid, asynchronous image, video and audio generation through the gateway Rivya.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": "Rivya",
                "external-doc-url": "https://rivya.ai/docs/api",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": "Rivya", "python-modules": ["airflow_provider_rivya.hooks.rivya"]}],
        "operators": [
            {"integration-name": "Rivya", "python-modules": ["airflow_provider_rivya.operators.rivya"]}
        ],
        "triggers": [
            {"integration-name": "Rivya", "python-modules": ["airflow_provider_rivya.triggers.rivya"]}
        ],
        "connection-types": [
            {
                "connection-type": "rivya",
                "hook-class-name": "airflow_provider_rivya.hooks.rivya.RivyaHook",
                "hook-name": "Rivya",
                "ui-field-behaviour": UI_FIELD_BEHAVIOUR,
                "conn-fields": conn_fields(),
            }
        ],
    }
