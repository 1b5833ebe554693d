"""What a person typed for a batch, read: the table, what is asked for each row, the folder of the outputs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.cli.arguments import read_dialect, read_request
from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.storage.path import safe_name

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.batch.plan import Table
    from airflow_provider_rivya.exceptions import Fault


def read_asked(arguments: Namespace, gateway: str) -> tuple[Asked, list[Fault]]:
    """Read what is asked for each row."""
    prompt, params, faults = read_request(arguments)
    asked = Asked(
        row_key=arguments.key,
        model=arguments.model,
        prompt=prompt,
        model_params=params,
        reference_media=[_from_here(source, template=True) for source in arguments.reference] or None,
        locate=_from_here,
        file_name=arguments.file_name,
        carry=tuple(arguments.carry),
        budget=Budget(arguments.max_credits, arguments.allow_estimates),
        convert_reference_images=True,  # there is no option that advice could name
        dialect=read_dialect(arguments.dialect, gateway, faults),
    )
    return asked, faults


def read_limits(arguments: Namespace) -> Limits:
    """Read the bounds of a run."""
    return Limits(
        max_running=arguments.max_running,
        max_credits_total=arguments.max_credits_total,
        limit=arguments.limit,
    )


def table_of(arguments: Namespace) -> Table:
    """Return what opens the table."""
    return lambda: read_rows(from_here(arguments.table), arguments.rows_conn_id)


def name_of(arguments: Namespace) -> str:
    """Return the name of the batch: the one that was given, or the table's."""
    last = os.path.basename(arguments.table.rstrip("/")).partition(".")[0].strip("*?[] ")
    return safe_name(arguments.name or last or "rows")


def folder_of(text: str) -> str:
    """Make a path of the command line that of a folder, whatever it looks like."""
    return f"{from_here(text).rstrip('/')}/" if text.strip() else text


def from_here(text: str) -> str:
    """Make a path absolute; a task has no folder of its own to be relative to, and a person has."""
    return text if "://" in text else os.path.abspath(os.path.expanduser(text))


def _from_here(value: Any, *, template: bool = False) -> Any:
    """:param template: the path may begin with that of a column."""
    if isinstance(value, list):
        return [_from_here(entry) for entry in value]
    is_path = isinstance(value, str) and value.strip() and not (template and value.startswith("{"))
    return from_here(value) if is_path else value
