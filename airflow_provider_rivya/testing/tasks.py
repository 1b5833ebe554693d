"""What is wrong with one task, as far as its DAG file tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from tempfile import TemporaryDirectory
from typing import Any, Final

from airflow_provider_rivya.batch.plan import FaultyPlanError, PlanFolder, check_plan
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.operators.arguments import GivenRows
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.batch import BatchOperator
from airflow_provider_rivya.operators.beside import beside_faults
from airflow_provider_rivya.operators.slips import misplaced_params
from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.request.prepare import RequestArguments, prepare
from airflow_provider_rivya.storage.path import as_text
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.testing.literal import UNKNOWN, is_open, literal, unknown_in, without_unknown

CHECKED: Final = (GenerateOperator, BatchOperator)
_REQUEST: Final = ("model", "prompt", "model_params", "client_request_id", "dialect")
_PLACES: Final = ("output_path", "output_conn_id")
_ROWS: Final = ("row_key", "reference_media", "file_name", "carry")
_AS_THEY_ARE: Final = ("validation", "python_callable", "rows", "max_credits", "allow_estimates")
_MOST: Final = 1_000


def kind_of(task: Any) -> type[Any] | None:
    """Return the class of a task that is checked; ``None``: it is none of ours."""
    kind = getattr(task, "operator_class", None) or type(task)
    return kind if isinstance(kind, type) and issubclass(kind, CHECKED) else None


def faults_of(kind: type[Any], task: Any, params: Mapping[str, Any]) -> tuple[Fault, ...]:
    """
    Return what is wrong with a task, each fault once.

    :param params: the defaults of the DAG's parameters.
    """
    faults: dict[str, Fault] = {}
    for row in islice(_rows(task), _MOST):
        given = {name: literal(row.get(name), params) for name in (*_REQUEST, *_PLACES, *_ROWS)}
        found = _of_batch if issubclass(kind, BatchOperator) else _of_request
        faults |= {str(fault): fault for fault in (*found(kind, given, row), *_of_place(given))}
    if isinstance(task, GenerateOperator):
        faults |= {str(fault): fault for fault in _of_task(task)}
    return tuple(faults.values())


def _rows(task: Any) -> Iterator[Mapping[str, Any]]:
    """Return the arguments of a task; those of a mapped one for each row that is written down."""
    names = (*_REQUEST, *_PLACES, *_ROWS, *_AS_THEY_ARE)
    if not hasattr(task, "partial_kwargs"):
        yield {name: getattr(task, name, None) for name in names}
        return
    given = {name: task.partial_kwargs.get(name) for name in names}
    value = getattr(task._get_specified_expand_input(), "value", None)
    if isinstance(value, Sequence) and value and all(isinstance(row, Mapping) for row in value):
        yield from ({**given, **row} for row in value)
    elif isinstance(value, Mapping):
        lists = [entry if isinstance(entry, list | tuple) else [UNKNOWN] for entry in value.values()]
        yield from ({**given, **dict(zip(value, row, strict=True))} for row in product(*lists))
    else:
        yield {name: UNKNOWN if entry is None else entry for name, entry in given.items()}


def _of_task(task: GenerateOperator) -> Iterator[Fault]:
    """Return what is wrong beside the request of a task that is not mapped."""
    yield from misplaced_params(task, task.hook_class.conn_type)
    named = (literal(name, {}) for name in (task.output_path, task.output_name))
    if UNKNOWN not in named:
        yield from beside_faults(task)


def _of_place(given: Mapping[str, Any]) -> Iterator[Fault]:
    place, conn_id = as_text(given["output_path"]), given["output_conn_id"]
    if place is not None and place is not UNKNOWN:
        yield from OutputPlace(place, None if conn_id is UNKNOWN else conn_id).faults()


def _of_request(kind: type[Any], given: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Fault]:
    if row.get("python_callable") not in (None, UNKNOWN):
        # A function decides on these, when it is called.
        given = {**given, **dict.fromkeys(("model", "prompt", "model_params", "client_request_id"), UNKNOWN)}
    if given["model"] is UNKNOWN:
        return  # nothing that is known of a request can be told without it
    open_paths = [path for name in _REQUEST for path in unknown_in(given[name], name)]
    validation, limit = row.get("validation"), row.get("max_credits")
    arguments = RequestArguments(
        **{name: without_unknown(given[name]) for name in _REQUEST},
        validation=validation if validation in ("strict", "warn", "off") else "strict",
        budget=Budget(None if limit is UNKNOWN else limit, bool(row.get("allow_estimates"))),
    )
    try:
        prepare(arguments, None, gateway=kind.hook_class.conn_type, warn=lambda _: None)
    except InvalidRequestError as error:
        yield from (fault for fault in error.faults if not is_open(fault.path, open_paths))


def _of_batch(kind: type[Any], given: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Fault]:
    rows = row["rows"].rows if isinstance(row.get("rows"), GivenRows) else row.get("rows")
    asked = {name: given[name] for name in (*_ROWS, "model", "prompt", "model_params", "dialect")}
    if isinstance(rows, list | tuple) and not list(unknown_in(asked, "")):
        named = {name: value for name, value in asked.items() if value is not None}
        yield from _of_rows(kind, Asked(**named), row.get("validation") or "strict", rows)
        return
    # What a row brings is not known: what has a place for a column is left out.
    yield from _of_request(kind, {name: _without_columns(value) for name, value in given.items()}, row)


def _of_rows(kind: type[Any], asked: Asked, validation: Any, rows: Sequence[Any]) -> Iterator[Fault]:
    with TemporaryDirectory(prefix="rivya-check-") as folder:
        plan = PlanFolder(OutputPlace(f"{folder}/"), "")
        try:
            check_plan(
                lambda: rows,
                replace(asked, validation=validation),
                plan,
                gateway=kind.hook_class.conn_type,
                batch="",
            )
        except FaultyPlanError as error:
            yield from error.faults


def _without_columns(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if "{" in value else value
    if isinstance(value, Mapping):
        return {name: _without_columns(entry) for name, entry in value.items()}
    return [_without_columns(entry) for entry in value] if isinstance(value, list) else value
