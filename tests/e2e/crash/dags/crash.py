"""One DAG for each scenario of the crash matrix, made from the scenario's JSON file as it stands now."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airflow_provider_rivya.operators import base
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

SPECS = Path(os.environ["CRASH_SPECS"])
SPANS = ("timeout", "retry_delay", "execution_timeout", "inline_wait")


class MortalRecords:
    """A record store beside which the process dies, once at each moment: ``before intent``, for one."""

    def __init__(self, store: Any, moments: list[str], mark: Path) -> None:
        self._store, self._moments, self._mark = store, moments, mark
        self.durable = store.durable

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
        os.kill(os.getpid(), signal.SIGKILL)


class MortalOperator(base.GenerateOperator):
    """
    An operator under test, with a record store that it may die beside.

    :param backstop: seconds by which Airflow's deferral timeout comes after the trigger's own deadline.
    """

    def __init__(self, *, die_at: list[str], mark: str, backstop: float | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.die_at, self.mark, self.backstop = die_at, mark, backstop

    def _submitter(self, context: Any, session: Any, *where: Any, **named: Any) -> Any:
        if self.backstop is not None:
            base.BACKSTOP = timedelta(seconds=self.backstop)
        submitter = super()._submitter(context, session, *where, **named)
        records = submitter.records
        mark = Path(f"{self.mark}-{context['ti'].map_index}")
        mortal = type(records)(MortalRecords(records._store, self.die_at, mark), records._conn_id)
        session.submitter = dataclasses.replace(submitter, records=mortal)
        return session.submitter


class MortalRivyaOperator(MortalOperator, RivyaGenerateOperator):
    """Rivya's operator, which may die."""


class MortalToApisOperator(MortalOperator, ToApisGenerateOperator):
    """ToAPIs' operator, which may die."""


OPERATORS: dict[str, tuple[type[base.GenerateOperator], type[base.GenerateOperator]]] = {
    "rivya": (RivyaGenerateOperator, MortalRivyaOperator),
    "toapis": (ToApisGenerateOperator, MortalToApisOperator),
}


def task_of(spec: dict[str, Any]) -> None:
    """Make the scenario's task ``make``, mapped over ``rows`` if it has any."""
    arguments: dict[str, Any] = {**spec["arguments"]}
    arguments |= {
        name: timedelta(seconds=value) for name, value in spec["arguments"].items() if name in SPANS
    }
    operator, mortal = OPERATORS[spec["gateway"]]
    if spec["die_at"] or spec["backstop"] is not None:
        operator = mortal
        mark = str(SPECS / f"{spec['dag_id']}.died")
        arguments |= {"die_at": spec["die_at"], "mark": mark, "backstop": spec["backstop"]}
    if spec["rows"] is None:
        operator(task_id="make", **arguments)
    else:
        arguments.pop("prompt", None)
        operator.partial(task_id="make", **arguments).expand(prompt=spec["rows"])


for _path in sorted(SPECS.glob("*.json")):
    _spec = json.loads(_path.read_text())
    with DAG(_spec["dag_id"], schedule=None, start_date=datetime(2026, 1, 1)) as _dag:
        task_of(_spec)
    globals()[_spec["dag_id"]] = _dag
