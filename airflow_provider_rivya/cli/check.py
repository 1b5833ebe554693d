"""``rivya check``: the generate tasks of a folder of DAGs, without running them."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.cli.output import Output


def run(arguments: Namespace, output: Output) -> int:
    """Tell what is wrong, and where; 2 if anything is, or if there was nothing to check."""
    from airflow_provider_rivya.testing import check_folder

    # What Airflow logs while it reads the files, tracebacks among it, would bury the result.
    logging.getLogger("airflow").setLevel(logging.CRITICAL)
    checked = check_folder(arguments.dags)
    unread = sum(not entry.task_id for entry in checked.wrong)
    told = f"{checked.tasks} task(s) checked, {len(checked.wrong) - unread} with faults"
    if unread:
        told += f"; {unread} could not be read"
    elif not checked.tasks:
        told = f"Nothing was checked: {checked.nothing}"
    document = {"tasks": checked.tasks, "wrong": [asdict(entry) for entry in checked.wrong]}
    output.result(document, *map(str, checked.wrong), told)
    return 2 if checked.wrong or not checked.tasks else 0
