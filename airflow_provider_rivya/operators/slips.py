"""Slips of a DAG author that only Airflow's side of a task can see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_rivya.exceptions import Fault


def misplaced_params(task: Any, gateway: str) -> Iterator[Fault]:
    """
    Return a fault where a model's parameters were given as ``params``, which is Airflow's own argument.

    A name that the DAG has as well, or that ``model_params`` sets, is meant as Airflow means it.
    """
    from airflow_provider_rivya.catalog.bundled import load_catalog

    dag = task.get_dag()
    own = set(task.params) - set(dag.params if dag is not None else ())
    spec = load_catalog(gateway).get(task.model) if own and isinstance(task.model, str) else None
    if spec is None:
        return
    given = task.model_params if isinstance(task.model_params, Mapping) else {}
    meant = sorted(own & {param.key for param in spec.params} - set(given))
    if meant:
        yield Fault(
            "params",
            f"{', '.join(meant)} would have no effect: params is Airflow's own argument",
            f"model_params={{{', '.join(f'{name!r}: ...' for name in meant)}}}",
        )
