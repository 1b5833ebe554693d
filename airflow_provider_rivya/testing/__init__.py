"""Checks the generate and batch tasks of DAGs without running them: for ``rivya check``, for your tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_rivya._compat import dag_bag
from airflow_provider_rivya.exceptions import Fault, told
from airflow_provider_rivya.testing.source import error_of, line_of_error, line_of_task
from airflow_provider_rivya.testing.tasks import faults_of, kind_of


@dataclass(frozen=True, slots=True)
class TaskFaults:
    """
    What is wrong with a task, or with a file.

    :param dag_id: with ``task_id`` empty where a file could not be read.
    :param line: where the task, or the error, is in the file; ``None``: that cannot be told.
    """

    dag_id: str
    task_id: str
    faults: tuple[Fault, ...]
    file: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        name = f" {self.dag_id}.{self.task_id}:" if self.dag_id else ""
        return "\n".join([f"{where}:{name}", *(f"  - {fault}" for fault in told(self.faults))])


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a folder of DAGs has come to.

    :param tasks: how many generate and batch tasks were looked at.
    :param nothing: why that is none.
    """

    tasks: int
    wrong: tuple[TaskFaults, ...]
    nothing: str = ""


def check_folder(folder: str) -> Checked:
    """
    Read a folder of DAG files, or one file, as Airflow does, and check every generate and batch task in it.

    Nothing is sent, no connection is read, nothing is written.
    """
    if not os.path.exists(folder):
        return _unread_folder(folder, "does not exist")
    path = os.path.abspath(folder)
    if os.path.isdir(path) and path not in sys.path:
        sys.path.append(path)  # as Airflow does, for what the files import from beside them
    try:
        bag = dag_bag(path)
    except Exception as error:  # links that lead in a circle, for one: then Airflow reads none of the files
        return _unread_folder(folder, f"cannot be read: {error}")
    found = [_unread(name, str(text)) for name, text in sorted(bag.import_errors.items())]
    checked = [entry for _, dag in sorted(bag.dags.items()) for entry in check_dag(dag)]
    nothing = (
        f"no DAG in {folder} has a generate or batch task"
        if bag.dags
        else f"{folder} has no DAG (Airflow reads .py files with the words 'dag' and 'airflow' in them)"
    )
    return Checked(len(checked), tuple(found + [entry for entry in checked if entry.faults]), nothing)


def assert_valid(folder: str) -> None:
    """
    Let a test fail that finds a task with a fault: ``test_dags()`` of your own is this one line.

    :raises AssertionError: with every fault; also where there is no generate or batch task at all.
    """
    checked = check_folder(folder)
    if checked.wrong or not checked.tasks:
        raise AssertionError("\n".join(map(str, checked.wrong)) or f"nothing was checked: {checked.nothing}")


def check_dag(dag: Any) -> Iterator[TaskFaults]:
    """Check each generate and batch task of a DAG, and yield what is wrong with it: mostly nothing."""
    # One that has to be given when the DAG is triggered has no default, and fails if it is asked for one.
    params = ((name, dag.params.get_param(name)) for name in dag.params)
    defaults = {name: param.value for name, param in params if param.has_value}
    for task in dag.tasks:
        if (kind := kind_of(task)) is not None:
            faults = faults_of(kind, task, defaults)
            line = line_of_task(_text(dag.fileloc), task.task_id) if faults else None
            yield TaskFaults(dag.dag_id, task.task_id, faults, str(dag.fileloc), line)


def _unread_folder(folder: str, problem: str) -> Checked:
    return Checked(0, (TaskFaults("", "", (Fault("the folder", problem),), folder),))


def _unread(file: str, traceback: str) -> TaskFaults:
    fault = Fault("the file", f"cannot be read: {error_of(traceback)}")
    return TaskFaults("", "", (fault,), file, line_of_error(traceback, file))


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:  # inside of a zip file
        return ""
