"""``rivya check``: the generate tasks of a folder of DAGs, without running them."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.cli.output import Output


def run(arguments: Namespace, output: Output) -> int:
    """Tell what is wrong, and where; 2 if anything is."""
    # What Airflow logs while it reads the files, tracebacks among it, would bury the result.
    if (
        "airflow" not in sys.modules
    ):  # Airflow reads it when it is imported, and so would what is started later
        os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    from airflow_provider_rivya.testing import check_folder

    logging.getLogger("airflow").setLevel(logging.CRITICAL)
    with redirect_stdout(sys.stderr):
        checked = check_folder(arguments.dags)
    told = f"{checked.tasks} task(s) checked, {len(checked.wrong)} with faults"
    document = {"tasks": checked.tasks, "wrong": [asdict(entry) for entry in checked.wrong]}
    output.result(document, *map(str, checked.wrong), told)
    return 2 if checked.wrong else 0
