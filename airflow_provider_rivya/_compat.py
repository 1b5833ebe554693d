"""The one place with branches on the Airflow version. Features are detected, not versions."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from importlib import import_module
from inspect import signature
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.bases.hook import BaseHook
from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent

try:  # Airflow 3.2 moved them to the Task SDK.
    from airflow.sdk.exceptions import (
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralError,
        TaskDeferralTimeout,
    )
except ImportError:
    from airflow.exceptions import (  # type: ignore[attr-defined,no-redef]
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralError,
        TaskDeferralTimeout,
    )

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AirflowFailException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "AirflowTaskTimeout",
    "BaseEventTrigger",
    "BaseHook",
    "BaseOperator",
    "BaseTrigger",
    "CannotTellApartError",
    "KeepsPaths",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "TriggerEvent",
    "clears_drop_state",
    "dag_bag",
    "default_deferrable",
    "is_connection_missing",
    "lineage_classes",
    "never_expire",
    "remote_executor",
    "scopes_views",
    "state_store",
    "state_store_backend",
    "stats_in_triggerer",
    "stats_in_worker",
    "timer",
    "within",
]


class KeepsPaths:
    """Goes before an operator's base: a ``pathlib`` path in a template field is left as it is."""

    def render_template(self, content: Any, *arguments: Any, **named: Any) -> Any:
        """Render everything but a path, which Airflow 3.1 would look up, and fail if it is not there yet."""
        # An ObjectStoragePath may be a subclass of it; Airflow renders that one itself.
        if isinstance(content, PurePath) and type(content).__module__.partition(".")[0] == "pathlib":
            return content
        return super().render_template(content, *arguments, **named)  # type: ignore[misc]


def default_deferrable() -> bool:
    """Return ``[operators] default_deferrable``."""
    from airflow.configuration import conf

    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def is_connection_missing(error: BaseException) -> bool:
    """Whether reading a connection failed because there is none with this id."""
    return isinstance(error, AirflowNotFoundException)


def state_store(context: Mapping[str, Any]) -> Any | None:
    """Return the task's state store (Airflow 3.3 and later), or ``None``."""
    return context.get("task_state_store")


def state_store_backend() -> tuple[str, str]:
    """Return ``[workers] state_store_backend``, and where Airflow's own such backend keeps values."""
    from airflow.configuration import conf

    return (
        str(conf.get("workers", "state_store_backend", fallback="") or ""),
        str(conf.get("common.io", "state_store_objectstorage_path", fallback="") or ""),
    )


def clears_drop_state() -> bool:
    """Whether a clear drops a task's state store, unless it is asked not to (3.4 and later)."""
    # The release that made it so has given the store's scope a region, too.
    scope = _first("airflow.sdk.state", name="TaskScope")
    return "region_id" in getattr(scope, "__dataclass_fields__", {})


def scopes_views() -> bool:
    """Whether a plugin can have a tab for some operators alone (3.4 and later)."""
    view = _first("airflow.api_fastapi.core_api.datamodels.plugins", name="ExternalViewResponse")
    return "applies_to" in getattr(view, "model_fields", {})


def timer(seconds: float) -> Any:
    """Return a trigger that does nothing but fire after so many seconds."""
    from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

    return TimeDeltaTrigger(timedelta(seconds=seconds))


class CannotTellApartError(Exception):
    """Task instances that are not the same look the same."""


def within(context: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return what tells a task instance from others of its DAG, run, task and map index (3.4 and later).

    That is the region and iteration of a loop, and the item of an iterable task; empty where there is
    neither. The region of a mapped task that is in no loop tells nothing: its map index does.

    :raises CannotTellApartError: it is in one of these, and in which place of it is not known.
    """
    instance, loop = context["ti"], context.get("loop")
    region = str(getattr(instance, "region_id", None) or "")
    parts: list[str] = []
    if loop is not None or (region.strip("0-") and instance.map_index < 0):
        iteration = getattr(instance, "region_index", None) if loop is None else getattr(loop, "index", None)
        if not isinstance(iteration, int):
            raise CannotTellApartError("a loop, in an iteration that this Airflow does not name")
        parts += ["region", region, str(iteration)]
    item = getattr(instance, "index", None)
    if isinstance(item, int):
        parts += ["item", str(item)]
    elif any("Indexed" in name or "Iterable" in name for name in _classes(instance)):
        raise CannotTellApartError("an iterable task, as an item that this Airflow does not name")
    return tuple(parts)


def _classes(instance: Any) -> tuple[str, str]:
    return type(instance).__name__, type(getattr(instance, "task", None)).__name__


def never_expire() -> Any:
    """Return what tells a state store, if there is one, to keep a value as long as its task instance."""
    from airflow.sdk.execution_time import context

    return getattr(context, "NEVER_EXPIRE", None)


def stats_in_worker() -> Any | None:
    """Return the ``Stats`` that a task process has set up, or ``None``."""
    return _first("airflow.sdk.observability.stats", "airflow.stats", name="Stats")


def stats_in_triggerer() -> Any | None:
    """Return the ``Stats`` of a triggerer or API server (since 3.2 not the one of a task), or ``None``."""
    return _first("airflow.observability.stats", "airflow.stats", name="Stats")


def lineage_classes() -> tuple[Any, Any] | None:
    """Return ``OperatorLineage`` and ``Dataset``; ``None`` without the OpenLineage provider."""
    lineage = _first("airflow.providers.openlineage.extractors", name="OperatorLineage")
    dataset = _first("openlineage.client.event_v2", name="Dataset")
    return None if lineage is None or dataset is None else (lineage, dataset)


def _first(*modules: str, name: str) -> Any | None:
    """Return what the first module that there is calls by this name."""
    for module in modules:
        if module in _absent:
            continue
        try:
            return getattr(import_module(module), name)  # which waits for a thread that is at it
        except ImportError:
            if module not in sys.modules:
                _absent.add(module)  # each poll asks, and a search for what is not there takes long
        except AttributeError:
            continue
    return None


_absent: set[str] = set()


def dag_bag(folder: str) -> Any:
    """Return what Airflow reads out of a folder of DAG files, or out of one file."""
    made: Any = _first("airflow.dag_processing.dagbag", "airflow.models.dagbag", name="DagBag")
    # Before 3.3 Airflow's own examples are among them, unless they are not wanted.
    old = {"include_examples": False} if "include_examples" in signature(made).parameters else {}
    # By default the last two frames of an error are told, which are seldom in the DAG file.
    depth = "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH"
    before = os.environ.get(depth)
    os.environ[depth] = "100"
    try:
        return made(dag_folder=folder, **old)
    finally:
        del os.environ[depth]
        if before is not None:
            os.environ[depth] = before


_ON_THIS_MACHINE = frozenset({"DebugExecutor", "LocalExecutor", "SequentialExecutor"})


def remote_executor(chosen: str | None = None, configured: str | None = None) -> str | None:
    """
    Return the class name of the executor that runs a task, if it may run it on another machine.

    :param chosen: the operator's ``executor``: an alias, a class name or a module path; the first one
        of ``configured`` if not given.
    :param configured: ``[core] executor``, a list like ``LocalExecutor,aws:some.module.EcsExecutor``; read
        from the configuration if not given.
    """
    if configured is None:
        from airflow.configuration import conf

        configured = str(conf.get("core", "executor", fallback="LocalExecutor"))
    classes: dict[str, str] = {}
    # Executors of teams come after those of all: "LocalExecutor;team_a=CeleryExecutor".
    for entry in configured.partition(";")[0].split(","):
        alias, _, path = entry.strip().rpartition(":")
        name = path.rpartition(".")[2]
        classes |= dict.fromkeys((alias or name, name, path), name)
    name = classes.get(chosen, chosen) if chosen else next(iter(classes.values()))
    name = name.rpartition(".")[2]
    return None if name in _ON_THIS_MACHINE else name
