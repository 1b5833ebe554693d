"""What Airflow's own OpenLineage provider makes of a task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

Name = tuple[str, str]
"""A dataset: namespace and name."""


class Lineage:
    """
    An ``on_success_callback`` that has the provider extract the task's lineage, where its listener would.

    :ivar inputs: of the last task that succeeded; ``outputs`` likewise.
    """

    def __init__(self) -> None:
        self.inputs: list[Name] = []
        self.outputs: list[Name] = []

    def __call__(self, context: Any) -> None:
        from airflow.providers.openlineage.extractors.manager import ExtractorManager
        from airflow.utils.state import TaskInstanceState

        instance = context["ti"]
        told = ExtractorManager().extract_metadata(
            dagrun=SimpleNamespace(run_id=instance.run_id),
            task=instance.task,
            task_instance_state=TaskInstanceState.SUCCESS,
            task_instance=instance,
        )
        self.inputs, self.outputs = (
            [(dataset.namespace, dataset.name) for dataset in datasets]
            for datasets in (told.inputs, told.outputs)
        )
