"""Checks the generate tasks of DAGs without running them: for ``rivya check``, and for a test of your own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from airflow_provider_rivya._compat import dag_bag
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.request.prepare import RequestArguments, prepare
from airflow_provider_rivya.storage.path import as_text
from airflow_provider_rivya.storage.place import OutputPlace

_PARAM: Final = re.compile(r"\{\{\s*params\.(\w+)\s*\}\}")
_CHECKED: Final = ("model", "prompt", "model_params", "client_request_id", "dialect")
_PLACES: Final = ("output_path", "output_conn_id")


class _Unknown:
    """Stands for what is known only when the task runs: a template, another task's output, a file."""


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class TaskFaults:
    """
    What is wrong with a task.

    :param dag_id: empty where a file could not be read.
    :param task_id: of the task, or the name of that file.
    """

    dag_id: str
    task_id: str
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        name = f"{self.dag_id}.{self.task_id}" if self.dag_id else self.task_id
        return "\n".join([f"{name}:", *(f"  - {fault}" for fault in self.faults)])


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a folder of DAGs has come to.

    :param tasks: how many generate tasks were looked at.
    """

    tasks: int
    wrong: tuple[TaskFaults, ...]


def check_folder(folder: str) -> Checked:
    """
    Read a folder of DAG files, or one file, as Airflow does, and check every generate task in it.

    Nothing is sent, no connection is read, nothing is written.
    """
    path = os.path.abspath(folder)
    if not os.path.exists(path):
        return Checked(0, (TaskFaults("", folder, (Fault("the folder", "does not exist"),)),))
    if os.path.isdir(path) and path not in sys.path:
        sys.path.append(path)  # as Airflow does, for what the files import from beside them
    bag = dag_bag(path)
    found = [
        TaskFaults("", name, (Fault("the file", "cannot be read: " + str(text).strip().splitlines()[-1]),))
        for name, text in sorted(bag.import_errors.items())
    ]
    checked = [entry for _, dag in sorted(bag.dags.items()) for entry in check_dag(dag)]
    return Checked(len(checked), tuple(found + [entry for entry in checked if entry.faults]))


def assert_valid(folder: str) -> None:
    """
    Let a test fail that finds a generate task with a fault: ``test_dags()`` of your own is this one line.

    :raises AssertionError: with every fault; also where there is no generate task at all.
    """
    checked = check_folder(folder)
    if checked.wrong or not checked.tasks:
        raise AssertionError("\n".join(map(str, checked.wrong)) or f"{folder} has no generate task")


def check_dag(dag: Any) -> Iterator[TaskFaults]:
    """Check each generate task of a DAG, and yield what is wrong with it: mostly nothing."""
    # One that has to be given when the DAG is triggered has no default, and fails if it is asked for one.
    params = ((name, dag.params.get_param(name)) for name in dag.params)
    defaults = {name: param.value for name, param in params if param.has_value}
    for task in dag.tasks:
        kind = getattr(task, "operator_class", None) or type(task)
        if not (isinstance(kind, type) and issubclass(kind, GenerateOperator)):
            continue
        faults: dict[str, Fault] = {}
        for row in _rows(task):
            faults |= {str(fault): fault for fault in _faults(kind, row, defaults)}
        yield TaskFaults(dag.dag_id, task.task_id, tuple(faults.values()))


def _rows(task: Any) -> Iterator[Mapping[str, Any]]:
    """Return the arguments of a task; those of a mapped one for each row that is written down."""
    names = (*_CHECKED, *_PLACES, "validation", "python_callable")
    if not hasattr(task, "partial_kwargs"):
        yield {name: getattr(task, name, None) for name in names}
        return
    given = {name: task.partial_kwargs.get(name) for name in names}
    value = getattr(task._get_specified_expand_input(), "value", None)
    if isinstance(value, Sequence) and value and all(isinstance(row, Mapping) for row in value):
        yield from ({**given, **row} for row in value)
    elif isinstance(value, Mapping):
        yield {**given, **dict.fromkeys(value, UNKNOWN)}
    else:
        yield {name: UNKNOWN if entry is None else entry for name, entry in given.items()}


def _faults(
    kind: type[GenerateOperator], row: Mapping[str, Any], params: Mapping[str, Any]
) -> Iterator[Fault]:
    given = {name: _literal(row.get(name), params) for name in (*_CHECKED, *_PLACES)}
    if row.get("python_callable") not in (None, UNKNOWN):
        # A function decides on these, when it is called.
        given |= dict.fromkeys(("model", "prompt", "model_params", "client_request_id"), UNKNOWN)
    yield from _request_faults(kind, given, row.get("validation"))
    place = as_text(given["output_path"])
    if place is not None and place is not UNKNOWN:
        conn_id = given["output_conn_id"]
        yield from OutputPlace(place, None if conn_id is UNKNOWN else conn_id).faults()


def _request_faults(
    kind: type[GenerateOperator], given: Mapping[str, Any], validation: Any
) -> Iterator[Fault]:
    if given["model"] is UNKNOWN:
        return  # nothing that is known of a request can be told without it
    open_paths = [path for name in _CHECKED for path in _unknown_in(given[name], name)]
    arguments = RequestArguments(
        **{name: _without_unknown(given[name]) for name in _CHECKED},
        validation=validation if validation in ("strict", "warn", "off") else "strict",
    )
    try:
        prepare(arguments, None, gateway=kind.hook_class.conn_type, warn=lambda _: None)
    except InvalidRequestError as error:
        yield from (fault for fault in error.faults if not _is_open(fault.path, open_paths))


def _is_open(path: str, open_paths: Sequence[str]) -> bool:
    return any(path == other or path.startswith((f"{other}.", f"{other}[")) for other in open_paths)


def _literal(value: Any, params: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value in which what is not known yet is :data:`UNKNOWN`; a DAG's parameter is its default."""
    if isinstance(value, str):
        if (whole := _PARAM.fullmatch(value.strip())) and params.get(whole[1]) is not None:
            return params[whole[1]]
        text = _PARAM.sub(lambda match: str(params.get(match[1], match[0])), value)
        is_file = text.endswith((".json", ".txt")) and not any(map(str.isspace, text))
        return UNKNOWN if "{{" in text or "{%" in text or is_file else text
    if isinstance(value, Mapping) and depth < 8:
        return {name: _literal(entry, params, depth + 1) for name, entry in value.items()}
    if isinstance(value, list | tuple) and depth < 8:
        return [_literal(entry, params, depth + 1) for entry in value]
    return UNKNOWN if hasattr(value, "iter_references") else value


def _unknown_in(value: Any, path: str) -> Iterator[str]:
    if value is UNKNOWN:
        yield path
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _unknown_in(entry, f"{path}.{name}")
    elif isinstance(value, list) and any(entry is UNKNOWN for entry in value):
        yield path


def _without_unknown(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _without_unknown(entry) for name, entry in value.items() if entry is not UNKNOWN}
        return {name: entry for name, entry in kept.items() if entry is not None}
    if isinstance(value, list):
        return [_without_unknown(entry) for entry in value if entry is not UNKNOWN]
    return None if value is UNKNOWN else value
