"""What can be wrong with a sensor's arguments, found at once and before the gateway is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.waiting.generation_id import id_fault

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace


def check(
    *,
    generation_id: Any,
    output_path: Any,
    output_conn_id: Any,
    mapped: bool,
) -> tuple[list[Fault], OutputPlace | None]:
    """
    Return every fault, and the output place, which is tried by writing a tiny file.

    :param mapped: whether the task is one of a mapped group, whose outputs must not share a name.
    :raises StorageError: whether the place can be used cannot be told right now, and nothing else is wrong.
    """
    from airflow_provider_rivya.storage.checked import checked_place

    faults = [fault] if (fault := id_fault(generation_id)) else []
    return faults, checked_place(output_path, output_conn_id, faults, mapped=mapped, outputs=1)
