"""Batch operators as task instances."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from airflow_provider_rivya.operators.toapis import ToApisBatchOperator
from tests.integration.batch_tasks import NewBatch
from tests.integration.conftest import NewTask
from tests.integration.gateways import TestedGateway
from tests.integration.task_harness import TaskInstanceHarness


@pytest.fixture
def new_batch(new_task: NewTask, gateway: TestedGateway) -> NewBatch:
    """Return a DAG run with one batch task: like ``new_task``."""
    operators = {"rivya": RivyaBatchOperator, "toapis": ToApisBatchOperator}

    def new(arguments: dict[str, Any] | None = None, **more: Any) -> TaskInstanceHarness:
        given = {} if arguments is None else arguments
        shape = next(iter(gateway.wide))
        defaults = {
            "operator": operators[gateway.name],
            "row_key": "sku",
            "prompt": "A photograph of {title}",
            "model_params": {shape: "{shape}"},
            "manifest_format": "jsonl",
            "max_running": 20,
        }
        given.update({**defaults, **given})
        return new_task(given, **more)

    return new
