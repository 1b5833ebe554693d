"""``credits`` and ``sandbox``."""

from __future__ import annotations

from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from airflow_provider_rivya.cli.connection import connect
from airflow_provider_rivya.credits import whole

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.cli.output import Output


def show_credits(arguments: Namespace, output: Output) -> int:
    """``rivya credits``."""
    with connect(arguments.conn_id) as hook:
        balance = hook.get_credits()
        left = None if balance.unlimited else whole(balance.credits)
        document = {
            "credits": left,
            "unit": balance.unit,
            "unlimited": balance.unlimited,
            "conn_id": arguments.conn_id,
            "gateway": hook.settings.base_url,
        }
    said = "unlimited" if left is None else f"{left} {balance.unit}"
    output.result(document, f"{said}  ({document['conn_id']}, {document['gateway']})")
    return 0


def run_sandbox(arguments: Namespace, output: Output) -> int:
    """``rivya sandbox``: as ``python -m airflow_provider_rivya.sandbox``."""
    from airflow_provider_rivya.sandbox.__main__ import main

    quiet = ["--quiet"] if arguments.quiet else []
    with redirect_stdout(output.stdout):  # what it prints is this command's result
        return main(
            ["--port", arguments.port, "--speed", arguments.speed, "--credits", arguments.credits, *quiet],
            program="rivya sandbox",
        )
