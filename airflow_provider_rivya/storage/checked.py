"""Tries the place of a request's outputs before anything is paid for."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_rivya.exceptions import Fault, StorageError
from airflow_provider_rivya.storage.path import check_fixed_name
from airflow_provider_rivya.storage.place import OutputPlace


def checked_place(
    output_path: object, output_conn_id: object, faults: list[Fault], *, mapped: bool, outputs: int
) -> OutputPlace | None:
    """
    Find everything that is wrong with the output place, by writing a tiny file there too.

    :param faults: what else is wrong with the task; what is found is added.
    :param mapped: whether the task is one of a mapped group, whose outputs must not share a name.
    :param outputs: how many files are asked for.
    :return: the place; ``None`` if none is asked for. Only to be used if there are no faults.
    :raises StorageError: whether it can be used cannot be told right now, and nothing else is wrong.
    """
    if output_path is None:
        return None
    place = OutputPlace(output_path, output_conn_id)
    found = place.faults()
    can_be_tried = not found
    if fault := check_fixed_name(place.fixed_name, outputs, mapped):
        found.append(fault)
    faults.extend(found)
    if can_be_tried:
        try_place(place, faults)
    return place


def try_place(place: OutputPlace, faults: list[Fault], argument: str = "output_path") -> None:
    """
    Write a tiny file, and take it away.

    :param faults: what else is wrong with the task; what is found is added.
    :param argument: that gives its path; what is wrong with the connection keeps its own name.
    :raises StorageError: whether it can be used cannot be told right now, and nothing else is wrong.
    """
    try:
        if refused := place.probe():
            faults.append(replace(refused, path=argument) if refused.path == "output_path" else refused)
    except StorageError:
        if not faults:  # else a retry would find them once more
            raise
