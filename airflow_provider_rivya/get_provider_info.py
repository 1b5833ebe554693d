"""What Airflow reads about this provider."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya import __version__
from airflow_provider_rivya.hooks.connection import conn_fields
from airflow_provider_rivya.hooks.form import UI_FIELD_BEHAVIOUR


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
        "sensors": [
            {"integration-name": "Rivya", "python-modules": ["airflow_provider_rivya.sensors.rivya"]}
        ],
        "triggers": [
            {"integration-name": "Rivya", "python-modules": ["airflow_provider_rivya.triggers.rivya"]}
        ],
        "extra-links": ["airflow_provider_rivya.links.rivya.RivyaResultLink"],
        "task-decorators": [
            {
                "name": "rivya_generate",
                "class-name": "airflow_provider_rivya.decorators.rivya.rivya_generate_task",
            }
        ],
        # Read by Airflow 3.2 and later; the console script "rivya" is there in any case.
        "cli": ["airflow_provider_rivya.cli.definition.get_rivya_cli_commands"],
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
