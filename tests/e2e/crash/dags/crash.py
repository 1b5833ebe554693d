"""One DAG for each scenario of the crash matrix, made from the scenario's JSON file as it stands now."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_rivya.operators import base
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator, RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisBatchOperator, ToApisGenerateOperator
from airflow_provider_rivya.submission.keeper import RecordKeeper

SPECS = Path(os.environ["CRASH_SPECS"])
SPANS = ("timeout", "retry_delay", "execution_timeout", "inline_wait")
LONGEST_WAIT = 150.0


class CrashingStore:
    """
    A record store beside which the process dies, once at each moment: ``before intent``, for one.

    :param told: a file that it waits for before it dies.
    """

    def __init__(self, store: Any, moments: list[str], mark: Path, told: Path | None) -> None:
        self._store, self._moments, self._mark, self._told = store, moments, mark, told
        self.durable, self.fenced = store.durable, store.fenced

    def read(self) -> Any:
        return self._store.read()

    def exchange(self, before: Any, after: Any) -> None:
        if after is not None:
            self._die_at(f"before {after.state}")
        self._store.exchange(before, after)
        if after is not None:
            self._die_at(f"after {after.state}")

    def _die_at(self, moment: str) -> None:
        if moment not in self._moments:
            return
        try:
            self._mark.with_name(f"{self._mark.name}-{moment.replace(' ', '-')}").touch(exist_ok=False)
        except FileExistsError:
            return
        end = time.monotonic() + LONGEST_WAIT
        while self._told is not None and not self._told.exists() and time.monotonic() < end:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)


class CrashingOperator(base.GenerateOperator):
    """
    An operator under test, with a record store that it may die beside.

    :param backstop: seconds by which Airflow's deferral timeout comes after the trigger's own deadline.
    """

    def __init__(
        self, *, die_at: list[str], mark: str, told: str | None, backstop: float | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.die_at, self.mark, self.told = die_at, mark, told
        if backstop is not None:
            self.backstop = timedelta(seconds=backstop)

    def _job(self, context: Any, run: Any, *where: Any) -> Any:
        job = super()._job(context, run, *where)
        records = job.context.records
        mark = Path(f"{self.mark}-{context['ti'].map_index}")
        told = Path(self.told) if self.told else None
        crashing = RecordKeeper(CrashingStore(records._store, self.die_at, mark, told), records._conn_id)
        run.job = dataclasses.replace(job, context=dataclasses.replace(job.context, records=crashing))
        return run.job


class CrashingRivyaOperator(CrashingOperator, RivyaGenerateOperator):
    """Rivya's operator, which may die."""


class CrashingToApisOperator(CrashingOperator, ToApisGenerateOperator):
    """ToAPIs' operator, which may die."""


OPERATORS: dict[str, tuple[type[base.GenerateOperator], type[base.GenerateOperator]]] = {
    "rivya": (RivyaGenerateOperator, CrashingRivyaOperator),
    "toapis": (ToApisGenerateOperator, CrashingToApisOperator),
}
BATCHES: dict[str, Any] = {"rivya": RivyaBatchOperator, "toapis": ToApisBatchOperator}


def spec_of(dag_id: str) -> dict[str, Any]:
    return dict(json.loads((SPECS / f"{dag_id}.json").read_text()))


def rows_of(spec: dict[str, Any]) -> Any:
    """The prompts to map over: as they stand here, or a task's list, as they stand when that runs."""
    dag_id = spec["dag_id"]
    if spec["rows_by"] == "the_dag_file":
        return spec["rows"]

    @task
    def rows() -> list[str]:
        return list(spec_of(dag_id)["rows"])

    return rows()


def task_of(spec: dict[str, Any]) -> None:
    """Make the scenario's task ``make``, mapped over ``rows`` if it has any."""
    arguments: dict[str, Any] = {**spec["arguments"]}
    arguments |= {
        name: timedelta(seconds=value) for name, value in spec["arguments"].items() if name in SPANS
    }
    if (number := arguments.pop("rows_each", 0)) > 0:
        batches_of(arguments, spec["rows"], number)
        return
    if spec["batch"]:
        BATCHES[spec["gateway"]](task_id="make", **arguments)
        return
    operator, crashing = OPERATORS[spec["gateway"]]
    if spec["die_at"] or spec["backstop"] is not None:
        operator = crashing
        mark = str(SPECS / f"{spec['dag_id']}.died")
        told = str(SPECS / f"{spec['dag_id']}.told") if spec["dies_when_told"] else None
        arguments |= {"die_at": spec["die_at"], "mark": mark, "told": told, "backstop": spec["backstop"]}
    if spec["rows"] is None:
        operator(task_id="make", **arguments)
    else:
        arguments.pop("prompt", None)
        operator.partial(task_id="make", **arguments).expand(prompt=rows_of(spec))


def batches_of(arguments: dict[str, Any], batches: list[str], number: int) -> None:
    """Make a mapped task of batches, each with so many rows."""
    tables = [[{"name": f"{batch} row {row}"} for row in range(number)] for batch in batches]
    arguments = {**arguments, "prompt": "A lighthouse, {name}"}
    RivyaBatchOperator.partial(task_id="make", **arguments).expand(rows=tables)


for _path in sorted(SPECS.glob("*.json")):
    _spec = spec_of(_path.stem)
    with DAG(_spec["dag_id"], schedule=None, start_date=datetime(2026, 1, 1)) as _dag:
        task_of(_spec)
    globals()[_spec["dag_id"]] = _dag
