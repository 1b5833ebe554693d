"""Generate tasks for the DAGs of tests, and operators that wait for moments only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow_provider_rivya.landing.fetch import Retries
from tests.integration.gateways import RIVYA, TestedGateway
from tests.integration.task_harness import MAKE, Build


def one_task(arguments: Mapping[str, Any], gateway: TestedGateway = RIVYA) -> Build:
    """
    The tasks of a DAG with one generate task.

    :param arguments: read anew for every try; ``operator`` among them goes before the gateway's own.
    """
    defaults: dict[str, Any] = {
        "operator": gateway.operator,
        "task_id": MAKE,
        "model": gateway.model,
        "prompt": "A lighthouse in a storm",
        "deferrable": False,
        "retries": 2,
        "retry_delay": timedelta(0),
    }

    def build() -> Any:
        given = {**defaults, **arguments}
        return given.pop("operator")(**given)

    return build


def with_short_pauses(operator: type[Any]) -> type[Any]:
    """Return an operator that waits for a moment where others wait for up to a minute."""

    class Hasty(operator):  # type: ignore[misc]  # the class is the gateway's
        def _job(self, context: Any, run: Any, *arguments: Any) -> Any:
            job = super()._job(context, run, *arguments)
            hasty = replace(
                job.context.policy,
                conflict_patience=0.2,
                conflict_pause=0.05,
                look_up_pauses=(0.01, 0.01, 0.01),
            )
            run.job = replace(job, context=replace(job.context, policy=hasty), retries=Retries(pause=0.0))
            return run.job

    return Hasty
