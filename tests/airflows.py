"""Where the tests branch on the Airflow version: inner parts that moved, and features that came later."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

TRIES_APART = find_spec("airflow.sdk.definitions.loop") is not None
"""Whether each try is a task instance of its own, with XComs of its own (3.4 and later)."""

STATE_STORE = find_spec("airflow.models.task_state_store") is not None and not TRIES_APART
"""
Whether a task's state store alone has its submission record (3.3); else that is a file.

Where a clear drops the store (3.4 and later) the record lies beside the outputs as well; the tests of the
doors then give it a folder, and those of the record store have both.
"""


def dag_serializers() -> tuple[Any, Any]:
    """Return the class that writes Dags to the database, and the one that reads a serialized Dag back."""
    objects = import_module("airflow.serialization.serialized_objects")
    try:
        written = import_module("airflow.serialization.definitions.dag").SerializedDAG
    except ModuleNotFoundError:  # Airflow 3.1
        return objects.SerializedDAG, objects.SerializedDAG
    return written, objects.DagSerialization


def api_server() -> Any:
    """Return the API server that tasks run in this process talk to; from now on they have this one."""
    from airflow.sdk.execution_time import supervisor

    if not hasattr(supervisor.in_process_api_server, "cache_info"):  # Airflow 3.1 and 3.2: one for each try
        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)
    return supervisor.in_process_api_server()


def metrics(name: str) -> Any:
    """Return the module ``otel_logger`` or ``base_stats_logger`` of what sends the metrics of tasks."""
    try:
        return import_module(f"airflow.sdk._shared.observability.metrics.{name}")
    except ModuleNotFoundError:  # Airflow 3.1
        return import_module(f"airflow.metrics.{name}")


def send_metrics_to(backend: Any, stats: Any) -> None:
    """Let a ``Stats`` send its metrics there."""
    if "initialize" in vars(stats):  # Airflow 3.3
        stats.initialize(factory=lambda: backend, export_legacy_names=False)
    else:
        stats.factory, stats.instance = (lambda: backend), None
