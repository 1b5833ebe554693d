"""What can be a generation's id, where somebody gives one."""

from __future__ import annotations

import re
from typing import Any, Final

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean

# The gateway calls its ids opaque; whatever they are, they go into the path of a URL.
_ID: Final = re.compile(r"[A-Za-z0-9._:~-]{1,500}")
_ALLOWED: Final = "the task id that the gateway gave at submission, e.g. result['generation_id']"


def id_fault(value: Any, path: str = "generation_id") -> Fault | None:
    """Return what is wrong with a given id."""
    if not isinstance(value, str):
        problem = "there is none" if value is None else f"a {type(value).__name__}"
    elif not value.strip():
        problem = "it is empty"
    elif value == "None":
        problem = "'None', as a template renders a missing XCom"
    elif not _ID.fullmatch(value):
        problem = f"{clean(value, 100)!r} cannot be an id"
    else:
        return None
    return Fault(path, problem, _ALLOWED)
