"""What Airflow reads about this provider."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya import __version__
from airflow_provider_rivya.api.gateways import gateways
from airflow_provider_rivya.hooks.form import conn_fields, ui_field_behaviour


def get_provider_info() -> dict[str, Any]:
    """Return the provider info (schema: ``provider.yaml.schema.json`` of Airflow)."""
    return {
        "package-name": "airflow-provider-rivya",
        "name": "Rivya",
        "description": "Paid, asynchronous image, video and audio generation through the gateways Rivya and "
        "ToAPIs.",
        "versions": [__version__],
        "integrations": [
            {"integration-name": facts.title, "external-doc-url": facts.docs_url, "tags": ["service"]}
            for facts in gateways()
        ],
        "hooks": _modules("hooks"),
        "operators": _modules("operators"),
        "sensors": _modules("sensors"),
        "triggers": _modules("triggers", "batch", "events"),
        "extra-links": [
            "airflow_provider_rivya.links.rivya.RivyaResultLink",
            "airflow_provider_rivya.links.rivya.RivyaGalleryLink",
        ],
        "plugins": [{"name": "rivya", "plugin-class": "airflow_provider_rivya.plugin.plugin.RivyaPlugin"}],
        "config": {
            "rivya": {
                "description": "Options of the API server: the page Gallery, and the receiver of webhooks.",
                "options": {
                    "ui_media": {
                        "description": "Whether the page Gallery shows files to users who may read the "
                        "DAG's XComs.",
                        "version_added": None,
                        "type": "boolean",
                        "example": "True",
                        "default": "False",
                    },
                    "ui_media_roots": {
                        "description": "Comma-separated folders from which the page may show files.",
                        "version_added": None,
                        "type": "string",
                        "example": "s3://my_conn@bucket/pictures/",
                        "default": "",
                    },
                    "toapis_webhook_conn_ids": {
                        "description": "Comma-separated connections for which ToAPIs' "
                        "webhooks are received. Each has the signing secret in its extra, as webhook_secret. "
                        "Empty: none.",
                        "version_added": None,
                        "type": "string",
                        "example": "toapis_default",
                        "default": "",
                    },
                },
            }
        },
        "task-decorators": [
            {
                "name": f"{facts.name}_generate",
                "class-name": f"airflow_provider_rivya.decorators.{facts.name}.{facts.name}_generate_task",
            }
            for facts in gateways()
        ]
        + [
            {
                "name": f"{name}_batch",
                "class-name": f"airflow_provider_rivya.decorators.batch.{name}_batch_task",
            }
            for name in ("rivya", "toapis")
        ],
        # Read by Airflow 3.2 and later; the console script "rivya" is there in any case.
        "cli": ["airflow_provider_rivya.cli.definition.get_rivya_cli_commands"],
        "connection-types": [
            {
                "connection-type": facts.name,
                "hook-class-name": facts.hook_class,
                "hook-name": facts.title,
                "ui-field-behaviour": ui_field_behaviour(facts.name),
                "conn-fields": conn_fields(),
            }
            for facts in gateways()
        ],
    }


def _modules(part: str, *shared: str) -> list[dict[str, Any]]:
    return [
        {
            "integration-name": facts.title,
            "python-modules": [f"airflow_provider_rivya.{part}.{name}" for name in (facts.name, *shared)],
        }
        for facts in gateways()
    ]
