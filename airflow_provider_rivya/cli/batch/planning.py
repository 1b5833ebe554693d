"""``rivya batch plan``: every row checked and priced, nothing sent, nothing left behind."""

from __future__ import annotations

from dataclasses import asdict
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.batch.plan import Draft, FaultyPlanError, PlanFolder, check_plan
from airflow_provider_rivya.cli.batch.arguments import folder_of, read_asked, table_of
from airflow_provider_rivya.cli.connection import api_of, checked_for
from airflow_provider_rivya.cli.main import BAD_INPUT, OK
from airflow_provider_rivya.cli.output import describe
from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.exceptions import told
from airflow_provider_rivya.storage.checked import checked_place
from airflow_provider_rivya.storage.place import OutputPlace

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.base import GatewayHook

_SUBJECT = "The batch"


def plan(arguments: Namespace, output: Output) -> int:
    """``rivya batch plan``."""
    needed = arguments.check_references
    with checked_for(arguments.gateway, arguments.conn_id, needed=needed, subject=_SUBJECT) as (
        gateway,
        hook,
    ):
        try:
            draft = _draft(arguments, gateway, hook)
        except FaultyPlanError as error:
            return _refused(error, output)
        rate = hook.settings.max_requests_per_second if hook else None
    at_once = arguments.max_running
    seconds = api_of(gateway).least_seconds(draft.plan.valid, at_once, rate)
    for text, rows in draft.warnings.items():
        output.warn(f"{text} ({rows} row(s))")
    for line in told(draft.faults):
        output.warn(f"left out: {line}")
    document = {
        "valid": True,
        "gateway": gateway,
        "rows": draft.plan.rows,
        "invalid": draft.plan.invalid,
        "credits": whole(draft.plan.credits),
        "exact": draft.plan.exact and draft.plan.credits is not None,
        "least_seconds": seconds,
        "max_running": at_once,
        "faults": [fault.to_json() for fault in draft.faults],
        "warnings": [{"text": text, "rows": rows} for text, rows in draft.warnings.items()],
    }
    output.result(document, draft.plan.summary(at_once, seconds))
    output.say("Limits that the gateway does not document may make it longer.", style="dim")
    return OK


def _draft(arguments: Namespace, gateway: str, hook: GatewayHook | None) -> Draft:
    asked, faults = read_asked(arguments, gateway)
    if arguments.output is not None:
        checked_place(folder_of(arguments.output), None, faults, mapped=False, outputs=1)
    with TemporaryDirectory(prefix="rivya-plan-") as folder:
        return check_plan(
            table_of(arguments),
            asked,
            PlanFolder(OutputPlace(f"{folder}/"), ""),
            gateway=gateway,
            batch="",
            max_credits_total=arguments.max_credits_total,
            on_invalid="skip" if arguments.skip_invalid else "fail",
            faults=faults,
            own_key=hook.settings.api_key if hook else "",
            subject=_SUBJECT,
            opener=hook if arguments.check_references else None,
        )


def _refused(error: FaultyPlanError, output: Output) -> int:
    """Tell what is wrong: a person the first hundred, a script all of it."""
    if output.format == "table":
        raise error.replace(fate="Nothing was sent and nothing was charged.")
    faults: list[dict[str, Any]] = [asdict(fault) for fault in error.table_faults]
    faults += [fault.to_json() for fault in error.row_faults]
    output.result({"valid": False, "error": describe(error)["type"], "faults": faults})
    return BAD_INPUT
