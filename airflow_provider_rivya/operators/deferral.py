"""What a deferral carries on to the resume of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class DeferralState:
    """
    Plain JSON, without an API key and without the URL of a result.

    Templates render again on every resume, and no function of a decorator is called again; the model that
    was paid for and the place that was checked before paying are the ones that count.

    :param since: when this try began to wait, seconds since the epoch.
    :param category: of the model: where the gateway keeps the generation.
    :param inputs: the reference files' names for lineage.
    :param credits: reserved, where the gateway has told.
    :param made_from: what was asked for, where a gallery or a sidecar tells it.
    :param record: the submission record, if it was certainly stored; else it is read again.
    """

    generation_id: str
    model: str
    output_path: str | None
    output_conn_id: str | None
    since: float | None = None
    category: str | None = None
    inputs: list[list[str]] = field(default_factory=list)
    credits: float | None = None
    record: dict[str, Any] | None = None
    client_request_id: str | None = None
    output_name: str | None = None
    made_from: dict[str, Any] | None = None

    def to_kwargs(self) -> dict[str, Any]:
        """Return it for ``defer(kwargs=...)``."""
        return asdict(self)

    @classmethod
    def of(cls, carried: Mapping[str, Any], event: Mapping[str, Any], task: Any) -> Self:
        """
        Return what was carried.

        :param carried: the keyword arguments of the resume; ``DAG.test()`` of Airflow 3.3 hands on none.
        :param event: the trigger's.
        :param task: whose arguments count where nothing was carried.
        """
        rest = {
            "generation_id": event["task_id"],
            "model": str(getattr(task, "model", "")),
            "output_path": task.output_path,
            "output_conn_id": task.output_conn_id,
            "client_request_id": getattr(task, "client_request_id", None),
            "output_name": getattr(task, "output_name", None),
        }
        known = {name: carried[name] for name in cls.__dataclass_fields__ if name in carried}
        return cls(**{**rest, **known})
