"""What Airflow reads about this provider."""

from __future__ import annotations

from typing import Any, Final

from airflow_provider_rivya import __version__
from airflow_provider_rivya.api.fields import conn_fields
from airflow_provider_rivya.hooks.form import ui_field_behaviour

_GATEWAYS: Final = (
    ("rivya", "Rivya", "https://rivya.ai/docs/api"),
    ("toapis", "ToAPIs", "https://docs.toapis.com"),
)
_CLASS_PREFIX: Final = {"rivya": "Rivya", "toapis": "ToApis"}


def get_provider_info() -> dict[str, Any]:
    """Return the provider info (schema: ``provider.yaml.schema.json`` of Airflow)."""
    return {
        "package-name": "airflow-provider-rivya",
        "name": "Rivya",
        "description": "Paid, asynchronous image, video and audio generation through the gateways Rivya and "
        "ToAPIs.",
        "versions": [__version__],
        "integrations": [
            {"integration-name": title, "external-doc-url": url, "tags": ["service"]}
            for _, title, url in _GATEWAYS
        ],
        "hooks": _modules("hooks"),
        "operators": _modules("operators"),
        "sensors": _modules("sensors"),
        "triggers": _modules("triggers"),
        "extra-links": ["airflow_provider_rivya.links.rivya.RivyaResultLink"],
        "task-decorators": [
            {
                "name": f"{name}_generate",
                "class-name": f"airflow_provider_rivya.decorators.{name}.{name}_generate_task",
            }
            for name, _, _ in _GATEWAYS
        ],
        # Read by Airflow 3.2 and later; the console script "rivya" is there in any case.
        "cli": ["airflow_provider_rivya.cli.definition.get_rivya_cli_commands"],
        "connection-types": [
            {
                "connection-type": name,
                "hook-class-name": f"airflow_provider_rivya.hooks.{name}.{_CLASS_PREFIX[name]}Hook",
                "hook-name": title,
                "ui-field-behaviour": ui_field_behaviour(name),
                "conn-fields": conn_fields(),
            }
            for name, title, _ in _GATEWAYS
        ],
    }


def _modules(part: str) -> list[dict[str, Any]]:
    return [
        {"integration-name": title, "python-modules": [f"airflow_provider_rivya.{part}.{name}"]}
        for name, title, _ in _GATEWAYS
    ]
