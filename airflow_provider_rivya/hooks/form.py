"""
The connection's form, in both of the shapes that Airflow asks for it.

Airflow 3.2 and later read the provider info alone; Airflow 3.1 asks the hook, with the names that Airflow 2
had. Without Airflow, as the provider info is read by every Airflow component.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from airflow_provider_rivya.api.gateways import facts_of
from airflow_provider_rivya.api.settings.fields import FieldInfo, connection_fields


def ui_field_behaviour(conn_type: str) -> dict[str, Any]:
    """
    Return the ``ui-field-behaviour`` part of the provider info.

    The port is shown although the host may hold it: the page of Airflow 3.3.1 and 3.3.2 sends port 0 where
    there is none, and the API server then refuses the test (https://github.com/apache/airflow/pull/73298).

    :param conn_type: name of the gateway.
    """
    facts = facts_of(conn_type)
    return {
        "hidden-fields": ["login", "schema"],
        "relabeling": {"password": "API key"},
        "placeholders": {"port": "443", "host": facts.default_host, "password": facts.key_placeholder},
    }


def field_behaviour(conn_type: str) -> dict[str, Any]:
    """Return :func:`ui_field_behaviour` as a hook's ``get_ui_field_behaviour`` spells it."""
    return {name.replace("-", "_"): value for name, value in ui_field_behaviour(conn_type).items()}


def conn_fields() -> dict[str, dict[str, Any]]:
    """Return the ``conn-fields`` part of the provider info (a JSON schema per field)."""
    fields: dict[str, dict[str, Any]] = {}
    for entry in connection_fields():
        numeric = entry.kind in ("number", "integer")
        schema: dict[str, Any] = {"type": [entry.kind if numeric else "string", "null"]}
        schema["default"] = entry.default if numeric else (entry.default or None)
        if numeric:
            schema |= {"minimum": entry.minimum, "maximum": entry.maximum}
        else:
            schema["maxLength"] = entry.maximum
        fields[entry.name] = {"label": entry.label, "description": help_of(entry), "schema": schema}
    return fields


def help_of(entry: FieldInfo) -> str:
    """Return the help with the range: some forms show nothing of the schema."""
    if entry.kind in ("number", "integer"):
        return f"{entry.help} From {entry.minimum} to {entry.maximum}."
    return f"{entry.help} Up to {entry.maximum} characters."


def form_widgets() -> dict[str, Any]:
    """
    Return a WTForms field for each of the further fields.

    Airflow 3.1 has neither WTForms nor fields for fractions: its API server puts stand-ins in the place of
    WTForms' own classes while it calls this, and numbers that may have a fraction are typed in as text.
    """
    wtforms = import_module("wtforms")
    optional = import_module("wtforms.validators").Optional
    widgets = {}
    for entry in connection_fields():
        kind = wtforms.IntegerField if entry.kind == "integer" else wtforms.StringField
        default = entry.default if entry.kind == "integer" else str(entry.default or "") or None
        if entry.kind == "list":
            default = ",".join(entry.default) or None
        widgets[entry.name] = kind(
            entry.label, validators=[optional()], description=entry.help, default=default
        )
    return widgets
