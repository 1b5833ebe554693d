"""Which task instance a submission belongs to, and which row: for records, XComs, events and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean, without_keys

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.identity import Identity

ROW_FIELDS: Final = ("client_request_id", "row_key", "map_index", "map_index_label")
"""What joins a result, a failure and an event to the row that it was made for."""
_LABEL: Final = "{{ task.client_request_id or '' }}"


def identity_of(context: Any, namespace: str, row_key: object = None) -> Identity:
    """
    Return which task instance it is, over all its tries.

    :param namespace: ``idempotency_namespace`` of the gateway's connection.
    :param row_key: of a mapped task's row; see :func:`row_key_of`.
    :raises InvalidRequestError: it cannot be told from another one.
    """
    from airflow_provider_rivya.submission.identity import Identity

    instance = context["ti"]
    try:
        within = _compat.within(context)
    except _compat.CannotTellApartError as error:
        fault = Fault("the task instance", f"it is in {error}: it could be given another one's generation")
        raise InvalidRequestError([fault], subject=f"Task {instance.task_id!r}") from None
    return Identity(
        namespace,
        instance.dag_id,
        instance.run_id,
        instance.task_id,
        instance.map_index,
        row_key_of(row_key, instance),
        within,
    )


def row_key_of(row_key: object, instance: Any) -> str | None:
    """Return what a mapped task's row is known by; ``None``: its position."""
    return None if instance.map_index < 0 or row_key is None else str(row_key).strip()


def row_key_faults(row_key: object, instance: Any) -> list[Fault]:
    """Return what is wrong with a row key, if one is asked for."""
    if instance.map_index < 0 or row_key is None:
        return []
    allowed = "a text or a whole number that no other row has"
    if isinstance(row_key, bool) or not isinstance(row_key, str | int):
        return [Fault("row_key", f"it is of type {type(row_key).__name__}", allowed)]
    if row_key_of(row_key, instance) in ("", "None"):
        return [
            Fault("row_key", f"it is {str(row_key)!r} for the row at position {instance.map_index}", allowed)
        ]
    return []


def row_of(context: Any) -> dict[str, Any]:
    """Return :data:`ROW_FIELDS` of a running task, ``None`` where it has none."""
    task, instance = context.get("task"), context["ti"]
    given = getattr(task, "client_request_id", None)
    index = getattr(instance, "map_index", None)
    mapped = isinstance(index, int) and index >= 0
    key = row_key_of(getattr(task, "row_key", None), instance) if mapped else None
    return {
        "client_request_id": without_keys(given) if isinstance(given, str) and len(given) <= 128 else None,
        "row_key": None if key is None else without_keys(key[:300]),
        "map_index": index if mapped else None,
        "map_index_label": _rendered_label(task, context) if mapped else None,
    }


def label(task: Any, context: Any) -> None:
    """Have a mapped instance be called by its ``client_request_id``, unless the DAG names it otherwise."""
    if getattr(task, "client_request_id", None) is not None and context.get("map_index_template") is None:
        context["map_index_template"] = _LABEL


def _rendered_label(task: Any, context: Any) -> str | None:
    """Return what Airflow will call the instance: the author's ``map_index_template``, rendered."""
    template = context.get("map_index_template")
    if not isinstance(template, str):
        return None
    try:
        return clean(task.render_template(template, context), 250) or None
    except Exception:  # it may ask for what the task has yet to leave
        return None
