"""The one place with branches on the Airflow version. Features are detected, not versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.bases.hook import BaseHook
from airflow.triggers.base import BaseTrigger, TriggerEvent

try:  # Airflow 3.2 moved them to the Task SDK.
    from airflow.sdk.exceptions import (
        AirflowFailException,
        AirflowNotFoundException,
        TaskDeferralError,
        TaskDeferralTimeout,
    )
except ImportError:
    from airflow.exceptions import (  # type: ignore[attr-defined,no-redef]
        AirflowFailException,
        AirflowNotFoundException,
        TaskDeferralError,
        TaskDeferralTimeout,
    )

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AirflowFailException",
    "BaseHook",
    "BaseOperator",
    "BaseTrigger",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "TriggerEvent",
    "default_deferrable",
    "is_connection_missing",
    "never_expire",
    "state_store",
]


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


def never_expire() -> Any:
    """Return what tells the state store to keep a value as long as its task instance."""
    from airflow.sdk.execution_time.context import NEVER_EXPIRE  # type: ignore[attr-defined,unused-ignore]

    return NEVER_EXPIRE
