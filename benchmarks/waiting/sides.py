"""What waits in the trigger runner: ours, what only sleeps, and two other providers' own triggers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_rivya._compat import BaseTrigger
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from benchmarks.waiting.triggers import Sleeping

HOUR = 3600.0


@dataclass(frozen=True)
class Side:
    """
    One kind of trigger.

    :param trigger: makes one, by its number and how often it is to ask until its work has ended.
    :param succeeded: whether an event says so.
    :param connection: fields of the connection ``bench``.
    """

    trigger: Callable[[int, int], BaseTrigger]
    succeeded: Callable[[Any], bool]
    connection: dict[str, Any]


def _connection(conn_type: str, **fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("host", "schema", "login", "password", "port", "extra"))
    return {**empty, "conn_type": conn_type, "password": "a-key-of-the-bench", **fields}


def ours(url: str, every: float) -> Side:
    """Return the provider's own trigger."""
    polling = json.dumps({"poll_first": every, "poll_interval": every, "poll_max": every})

    def trigger(number: int, polls: int) -> BaseTrigger:
        now = time.time()
        return RivyaTaskTrigger(f"polls_{number}_{polls}", "bench", "image", now, now + HOUR)

    return Side(
        trigger, lambda told: told["status"] == "succeeded", _connection("rivya", host=url, extra=polling)
    )


def sleeping(url: str, every: float) -> Side:
    """Return what asks nobody, and takes as long."""
    return Side(
        lambda _, polls: Sleeping(time.time() + every * polls),
        lambda told: told is not None,
        _connection("http"),
    )


def dbt_cloud(url: str, every: float) -> Side:
    """Return the trigger of apache-airflow-providers-dbt-cloud, spared the TLS that its service has."""
    from airflow.providers.dbt.cloud.hooks.dbt import DbtCloudHook
    from airflow.providers.dbt.cloud.triggers.dbt import DbtCloudRunJobTrigger

    url_of: Callable[..., tuple[str, Mapping[str, Any]]] = DbtCloudHook.get_request_url_params

    def without_tls(*args: Any, **kwargs: Any) -> tuple[str, Mapping[str, Any]]:
        asked, params = url_of(*args, **kwargs)
        return asked.replace("https://", "http://", 1), params

    DbtCloudHook.get_request_url_params = staticmethod(without_tls)

    def trigger(number: int, polls: int) -> BaseTrigger:
        made: BaseTrigger = DbtCloudRunJobTrigger(
            conn_id="bench",
            run_id=number * 10 + polls,
            end_time=time.time() + HOUR,
            poll_interval=every,
            account_id=1,
        )
        return made

    return Side(
        trigger, lambda told: told["status"] == "success", _connection("dbt_cloud", host=urlsplit(url).netloc)
    )


def databricks(url: str, every: float) -> Side:
    """Return the trigger of apache-airflow-providers-databricks."""
    from airflow.providers.databricks.triggers.databricks import DatabricksExecutionTrigger

    at = urlsplit(url)
    return Side(
        lambda number, polls: DatabricksExecutionTrigger(
            number * 10 + polls, "bench", polling_period_seconds=every
        ),
        lambda told: json.loads(told["run_state"])["result_state"] == "SUCCESS",
        _connection("databricks", schema="http", host=at.hostname, port=at.port, login="token"),
    )


SIDES: dict[str, Callable[[str, float], Side]] = {
    "ours": ours,
    "sleeping": sleeping,
    "dbt-cloud": dbt_cloud,
    "databricks": databricks,
}
