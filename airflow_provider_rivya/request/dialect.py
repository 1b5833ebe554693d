"""The ``dialect`` argument: how a request is spelled where the gateway's documentation contradicts itself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean

if TYPE_CHECKING:
    from airflow_provider_rivya.api.dialect import Dialect


def spelled(given: Any, of_model: Dialect | None, faults: list[Fault]) -> Dialect | None:
    """
    Return the dialect of a request.

    :param given: the argument: a mapping of the fields that are to differ, or ``None``.
    :param of_model: as the catalogue has it for the model.
    :param faults: what is wrong with ``given`` is added here.
    """
    if given is None:
        return of_model
    from airflow_provider_rivya.api.dialect import CHOICES, Dialect

    fields = ("model", *CHOICES)
    if not isinstance(given, Mapping):
        faults.append(
            Fault("dialect", f"a {type(given).__name__}", f"a dict with any of {', '.join(fields)}")
        )
        return of_model
    usable: dict[str, str] = {}
    for name, value in given.items():
        path = f"dialect.{clean(name, 60)}"
        if name not in fields:
            near = difflib.get_close_matches(str(name), fields, 1)
            faults.append(Fault(path, "there is no such field", ", ".join(fields), *near))
        elif name == "model" and not (isinstance(value, str) and value.strip()):
            faults.append(Fault(path, f"{clean(value, 60)!r} is not a model id", "the id to send"))
        elif name != "model" and value not in CHOICES[name]:
            faults.append(Fault(path, f"{clean(value, 60)!r}", ", ".join(CHOICES[name])))
        else:
            usable[str(name)] = value
    return replace(of_model or Dialect(), **usable)  # type: ignore[arg-type]  # the fields' types are CHOICES'
