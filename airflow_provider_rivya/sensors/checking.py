"""What can be wrong with a sensor's arguments, found at once and before the gateway is touched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace

# The gateway calls its ids opaque; whatever they are, they go into the path of a URL.
_ID: Final = re.compile(r"[A-Za-z0-9._:~-]{1,500}")
_ALLOWED: Final = "the task id that the gateway gave at submission, e.g. result['generation_id']"


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

    faults = [fault] if (fault := _id_fault(generation_id)) else []
    return faults, checked_place(output_path, output_conn_id, faults, mapped=mapped, outputs=1)


def _id_fault(value: Any) -> Fault | None:
    if not isinstance(value, str):
        problem = "there is none" if value is None else f"a {type(value).__name__}"
    elif not value.strip():
        problem = "it is empty"
    elif value == "None":
        problem = "'None', as a template renders an XCom that is not there"
    elif not _ID.fullmatch(value):
        problem = f"{clean(value, 100)!r} cannot be an id"
    else:
        return None
    return Fault("generation_id", problem, _ALLOWED)
