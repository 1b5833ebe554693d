"""The folder that a task asks for as the place of its submission record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.submission.record import Record, UnreadableRecordError

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace


def record_folder(state_path: object) -> OutputPlace:
    """Return the folder; it may have faults."""
    from airflow_provider_rivya.storage.place import OutputPlace

    if isinstance(state_path, str) and state_path.strip():
        state_path = state_path.rstrip("/") + "/"  # whatever its name looks like
    return OutputPlace(state_path)


def folder_faults(state_path: object) -> list[Fault]:
    """Return what is wrong with the folder, if one is asked for, without touching it."""
    if state_path is None:
        return []
    return [replace(fault, path="state_path") for fault in record_folder(state_path).faults()]


class LostRecords:
    """
    A record store in what cannot be a folder: it is not known whether there is a record.

    :param faults: of ``state_path``.
    """

    durable = True

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._why = "; ".join(map(str, faults))

    def read(self) -> Record | None:
        raise UnreadableRecordError(self._why)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        raise UnreadableRecordError(self._why)
