"""The arguments of operators: their types for editors, and checks that are made when the DAG file is read."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from airflow.sdk import DAG, TaskGroup, XComArg

    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.gallery.extras import Extras
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.request.prepare import RequestArguments
    from airflow_provider_rivya.submission.context import OnRerun, OnUncertain

IfExists: TypeAlias = Literal["overwrite", "fail", "skip"]
Templated: TypeAlias = "str | XComArg"
"""A text, which is rendered as a template, or another task's output."""
ModelParams: TypeAlias = "Mapping[str, Any] | str | XComArg"
"""A model's own parameters; :mod:`airflow_provider_rivya.model_params` has a type for each model's."""


class OperatorArguments(TypedDict, total=False):
    """
    What Airflow's ``BaseOperator`` takes, of all supported releases.

    Written down here so that an editor, or mypy, finds a misspelt argument.
    """

    task_id: str
    owner: str
    email: str | Sequence[str] | None
    email_on_retry: bool
    email_on_failure: bool
    retries: int | None
    retry_delay: timedelta | float
    retry_exponential_backoff: float
    max_retry_delay: timedelta | float | None
    retry_policy: Any
    start_date: datetime | None
    end_date: datetime | None
    depends_on_past: bool
    ignore_first_depends_on_past: bool
    wait_for_past_depends_before_skipping: bool
    wait_for_downstream: bool
    dag: DAG | None
    params: MutableMapping[str, Any] | None
    default_args: dict[str, Any] | None
    priority_weight: int
    weight_rule: Any
    queue: str
    pool: str | None
    pool_slots: int
    execution_timeout: timedelta | None
    on_execute_callback: Any
    on_failure_callback: Any
    on_success_callback: Any
    on_retry_callback: Any
    on_skipped_callback: Any
    pre_execute: Any
    post_execute: Any
    trigger_rule: str
    resources: dict[str, Any] | None
    run_as_user: str | None
    map_index_template: str | None
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    executor: str | None
    executor_config: dict[str, Any] | None
    do_xcom_push: bool
    multiple_outputs: bool
    inlets: Any
    outlets: Any
    task_group: TaskGroup | None
    doc: str | None
    doc_md: str | None
    doc_json: str | None
    doc_yaml: str | None
    doc_rst: str | None
    task_display_name: str | None
    logger_name: str | None
    allow_nested_operators: bool
    render_template_as_native_obj: bool | None


class SensorArguments(OperatorArguments, total=False):
    """What Airflow's ``BaseSensorOperator`` takes beside ``poke_interval`` and ``timeout``."""

    soft_fail: bool
    mode: Literal["poke", "reschedule"]
    exponential_backoff: bool
    max_wait: timedelta | float | None
    silent_fail: bool
    never_fail: bool


class GenerateTaskArguments(OperatorArguments, total=False):
    """What the decorators of all gateways take: an operator's arguments, but for the prompt."""

    op_args: Collection[Any] | None
    op_kwargs: Mapping[str, Any] | None
    model: Templated
    model_params: ModelParams | None
    reference_media: Any
    client_request_id: Templated | None
    output_path: Any
    output_conn_id: Templated | None
    if_exists: IfExists
    deferrable: bool | None
    timeout: timedelta
    inline_wait: timedelta
    on_rerun_after_delivery: OnRerun
    on_uncertain_submission: OnUncertain | None
    state_path: Any
    row_key: Templated | int | None
    durable: bool
    validation: Validation
    max_credits: float | None
    allow_estimates: bool
    min_credits_left: float | None
    convert_reference_images: bool
    verify: Verify
    require_references: bool
    output_name: Templated | None
    gallery: bool
    thumbnails: int | None
    sidecar: bool


CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "if_exists": ("overwrite", "fail", "skip"),
    "on_rerun_after_delivery": ("regenerate", "reuse"),
    "on_uncertain_submission": ("resubmit", "fail"),
    "validation": ("strict", "warn", "off"),
    "verify": ("structure", "decode"),
    "on_invalid_rows": ("fail", "skip"),
    "manifest_format": ("parquet", "jsonl"),
    "category": ("image", "video"),
}
"""Arguments that take one of a few words."""


def check_choices(**chosen: Any) -> None:
    """
    Check arguments of :data:`CHOICES`.

    :raises ValueError: one is none of its words.
    """
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise ValueError(f"{name} is {value!r}; allowed: {', '.join(CHOICES[name])}")


def check_limits(**limits: Any) -> None:
    """:raises ValueError: a limit is neither a number that is not negative nor ``None``."""
    for name, value in limits.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} is {value!r}; it takes a number")
        if not (value >= 0 and math.isfinite(value)):
            raise ValueError(f"{name} is {value!r}; it takes a number that is finite and not negative")


def check_shares(**shares: Any) -> None:
    """:raises ValueError: one is neither a whole number of rows nor a share of them."""
    check_limits(**shares)
    for name, value in shares.items():
        if isinstance(value, float) and value > 1 and not value.is_integer():
            raise ValueError(f"{name} is {value!r}; it takes a whole number of rows, or a share up to 1.0")


def check_flags(**flags: Any) -> None:
    """:raises ValueError: one is neither ``True`` nor ``False``: every text would count as true."""
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; it takes True or False")


def check_spans(**spans: Any) -> None:
    """:raises ValueError: a span of time is no ``timedelta``, or a negative one."""
    for name, value in spans.items():
        if not isinstance(value, timedelta) or value < timedelta(0):
            raise ValueError(f"{name} is {value!r}; it takes a timedelta that is not negative")


def check_names(**names: Any) -> None:
    """:raises ValueError: names of columns are no list of texts."""
    for name, value in names.items():
        if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
            raise ValueError(f"{name} is {value!r}; it takes a list of column names")


def check_counts(**counts: tuple[Any, int, int | None]) -> None:
    """:raises ValueError: a number of things is no whole number, or outside of its bounds."""
    for name, (value, least, most) in counts.items():
        if value is None and name in ("limit", "thumbnails"):
            continue
        if type(value) is not int or value < least or (most is not None and value > most):
            bounds = f"from {least}" + (f" to {most}" if most is not None else " up")
            raise ValueError(f"{name} is {value!r}; it takes a whole number {bounds}")


def check_generate(task: Any) -> None:
    """
    Check what an operator was given that is the same in every run, of one generation or of a batch.

    :raises ValueError: it takes something else.
    """
    for check, names in {
        check_choices: "if_exists on_rerun_after_delivery on_uncertain_submission validation verify",
        check_limits: "max_credits min_credits_left",
        check_spans: "timeout inline_wait",
        check_flags: "allow_estimates convert_reference_images require_references",
    }.items():
        check(**{name: getattr(task, name) for name in names.split()})


def check_batch(task: Any) -> None:
    """Check the same of a batch operator, and what it alone takes."""
    check_generate(task)
    check_choices(on_invalid_rows=task.on_invalid_rows, manifest_format=task.manifest_format or "jsonl")
    check_names(carry=task.carry)
    check_limits(max_credits_total=task.max_credits_total)
    check_shares(max_failed_rows=task.max_failed_rows)
    check_flags(
        dry_run=task.plan_only,
        **{name: getattr(task, name) for name in ("incremental", "fail_on_budget", "check_references")},
    )
    check_counts(
        max_running=(task.max_running, 1, None),
        max_consecutive_failures=(task.max_consecutive_failures, 1, None),
        row_attempts=(task.row_attempts, 0, None),
        limit=(task.limit, 1, None),
    )
    if task.if_exists == "fail":
        raise ValueError("if_exists is 'fail'; a batch takes 'overwrite' or 'skip'")


def extras_of(gallery: bool, thumbnails: int | None, sidecar: bool) -> Extras:
    """
    Return what is put beside the outputs.

    :raises ValueError: an argument is none that it takes.
    """
    from airflow_provider_rivya.gallery.extras import Extras

    check_flags(gallery=gallery, sidecar=sidecar)
    check_counts(thumbnails=(thumbnails, 16, 4096))
    return Extras(gallery, thumbnails, sidecar)


class GivenRows:
    """Rows that a DAG file gives, or a list that came as one: nothing in them is ever rendered."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __repr__(self) -> str:
        return f"{len(self.rows)} rows" if hasattr(self.rows, "__len__") else "rows"


def request_arguments(task: Any, instance: Any) -> RequestArguments:
    """Return what a generate operator was given, as the request's check wants it."""
    from airflow_provider_rivya.request.budget import Budget
    from airflow_provider_rivya.request.prepare import RequestArguments

    same = (
        "model prompt model_params reference_media client_request_id output_path output_conn_id if_exists "
        "validation convert_reference_images verify require_references dialect"
    )
    return RequestArguments(
        **{name: getattr(task, name) for name in same.split()},
        mapped=instance.map_index >= 0,
        budget=Budget(task.max_credits, task.allow_estimates, task.min_credits_left),
        subject=f"The request of task {instance.task_id!r}",
    )
