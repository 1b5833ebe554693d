"""Which task instance a submission belongs to: what Airflow says of it, and the key of its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.identity import Identity


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
