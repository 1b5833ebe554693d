"""Which row a mapped task made its result for: in XComs, events, and the name of the instance."""

from __future__ import annotations

from typing import Any, Final

from airflow_provider_rivya.redaction import without_keys

ROW_FIELDS: Final = ("client_request_id", "map_index")
_LABEL: Final = "{{ task.client_request_id or '' }}"


def row_of(context: Any) -> dict[str, Any]:
    """Return ``client_request_id`` and ``map_index`` of a running task, ``None`` where it has none."""
    given = getattr(context.get("task"), "client_request_id", None)
    index = getattr(context["ti"], "map_index", None)
    return {
        "client_request_id": without_keys(given) if isinstance(given, str) and len(given) <= 128 else None,
        "map_index": index if isinstance(index, int) and index >= 0 else None,
    }


def label(task: Any, context: Any) -> None:
    """Have a mapped instance be called by its ``client_request_id``, unless the DAG names it otherwise."""
    if getattr(task, "client_request_id", None) is not None and context.get("map_index_template") is None:
        context["map_index_template"] = _LABEL
