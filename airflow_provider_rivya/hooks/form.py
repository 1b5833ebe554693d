"""The connection form, in both of the forms that Airflow asks for it.

Airflow 3.2 and later read the provider info alone; Airflow 3.1 asks the hook, with the names that Airflow 2
had. Plain Python without Airflow, as the provider info is read by every Airflow component.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from airflow_provider_rivya.api.fields import FIELDS

_PLACEHOLDERS: Final = {
    "rivya": {"host": "https://rivya.ai", "password": "rvya_sk_..."},
    "toapis": {"host": "https://toapis.com", "password": "sk-..."},
}


def ui_field_behaviour(conn_type: str) -> dict[str, Any]:
    """
    Return the ``ui-field-behaviour`` part of the provider info.

    The port is shown although the host may hold it: the page of Airflow 3.3.1 and 3.3.2 sends port 0 where
    there is none, and the API server then refuses the test (https://github.com/apache/airflow/pull/73298).

    :param conn_type: ``rivya`` or ``toapis``.
    """
    return {
        "hidden-fields": ["login", "schema"],
        "relabeling": {"password": "API key"},
        "placeholders": {"port": "443", **_PLACEHOLDERS[conn_type]},
    }


def field_behaviour(conn_type: str) -> dict[str, Any]:
    """Return :func:`ui_field_behaviour` as a hook's ``get_ui_field_behaviour`` spells it."""
    return {name.replace("-", "_"): value for name, value in ui_field_behaviour(conn_type).items()}


def form_widgets() -> dict[str, Any]:
    """
    Return a WTForms field for each of :data:`~airflow_provider_rivya.api.fields.FIELDS`.

    Airflow 3.1 has neither WTForms nor fields for fractions: its API server puts stand-ins in the place of
    WTForms' own classes while it calls this, and numbers that may have a fraction are typed in as text.
    """
    wtforms = import_module("wtforms")
    optional = import_module("wtforms.validators").Optional
    widgets = {}
    for entry in FIELDS:
        kind = wtforms.IntegerField if entry.kind == "integer" else wtforms.StringField
        default = entry.default if entry.kind == "integer" else str(entry.default or "") or None
        if entry.kind == "list":
            default = ",".join(entry.default) or None
        widgets[entry.name] = kind(
            entry.label, validators=[optional()], description=entry.help, default=default
        )
    return widgets
