"""
Run one batch here: ``python -m benchmarks.batch.rows_once URL FOLDER ROWS RUNNING [plan|profile]``.

Worker and trigger take turns. A deferral is what it is in Airflow, without Airflow: the worker's objects are
dropped, the trigger's run, and the next worker begins with what is stored.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.memory import peak, reset_peak
from benchmarks.processes import answer

CONN_ID = "bench"


def table(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"sku": f"p{number:06}", "title": f"Product {number}", "shape": "16:9"}


def main(url: str, folder: str, rows: int, running: int, mode: str = "run") -> None:
    """
    Run it, and tell what it took.

    :param mode: ``plan`` stops there; ``profile`` prints where the time went.
    """
    from airflow_provider_rivya.batch.table import rows as _rows  # noqa: F401  imports are not what is measured
    from airflow_provider_rivya.hooks.rivya import RivyaHook
    from airflow_provider_rivya.triggers.batch import RivyaBatchTrigger  # noqa: F401

    logging.disable(logging.INFO)
    polls = {"poll_first": 1, "poll_interval": 1, "poll_max": 1}
    connection = {"conn_type": "rivya", "host": url, "password": "rvya_sk_sandbox", "extra": polls}
    os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = json.dumps(connection)
    _drive(RivyaHook, f"{folder}-warm", 2, 2)
    gc.collect()
    before, begun, cpu = reset_peak(), time.perf_counter(), time.process_time()
    told = _drive(RivyaHook, folder, rows, running, plan_only=mode == "plan")
    spent, wall = time.process_time() - cpu, time.perf_counter() - begun
    state = [path for path in Path(folder).rglob("*") if path.is_file() and ".rivya" in path.parts]
    with urllib.request.urlopen(f"{url}/counts") as counted:  # noqa: S310 - our own server
        counts = json.load(counted)
    answer(
        rows=rows,
        cpu_ms_per_row=round(spent / rows * 1000, 3),
        cpu_s=round(spent, 2),
        wall_s=round(wall, 2),
        growth_mb=round((peak() - before) / 1e6, 1),
        state_objects=len(state),
        state_mb=round(sum(path.stat().st_size for path in state) / 1e6, 2),
        counts=counts,
        **told,
    )


def _drive(
    hook_class: Any, folder: str, rows: int, running: int, *, plan_only: bool = False
) -> dict[str, Any]:
    deadline, deferrals, trigger_cpu, ended = time.time() + 3600, 0, 0.0, list[str]()
    cpu = time.process_time()
    with closing(hook_class(CONN_ID)) as hook:
        _job(hook, folder, running).plan(lambda: table(rows))
    plan_cpu = round(time.process_time() - cpu, 2)
    if plan_only:
        return {"plan_cpu_s": plan_cpu}
    while not isinstance(left := _worked(hook_class, folder, running, deadline, ended), int):
        deferrals += 1
        cpu = time.process_time()
        ended = asyncio.run(_triggered(left, deadline))
        trigger_cpu += time.process_time() - cpu
    return {
        "deferrals": deferrals,
        "plan_cpu_s": plan_cpu,
        "trigger_cpu_s": round(trigger_cpu, 2),
        "succeeded": left,
    }


def _worked(
    hook_class: Any, folder: str, running: int, deadline: float, ended: list[str]
) -> dict[str, list[str]] | int:
    """Be a worker, of whom nothing is left: return the ids to wait for, or how many rows have succeeded."""
    from airflow_provider_rivya.batch.run import Over

    with closing(hook_class(CONN_ID)) as hook:
        job = _job(hook, folder, running)
        plan = job.plan(lambda: ())  # it stands
        ledger = job.open_ledger()
        done = job.run(plan, ledger, deadline=deadline, here=0.0, ended=ended)
        if isinstance(done, Over):
            succeeded: int = job.conclude(plan, ledger, done)["counts"]["succeeded"]
            return succeeded
        ids: dict[str, list[str]] = done.ids
        return ids


async def _triggered(ids: dict[str, list[str]], deadline: float) -> list[str]:
    from airflow_provider_rivya.triggers.batch import RivyaBatchTrigger

    async for event in RivyaBatchTrigger(ids, CONN_ID, deadline).run():
        found: list[str] = event.payload["ended"]
        return found
    raise RuntimeError("the trigger has ended without an event")


def _job(hook: Any, folder: str, running: int) -> Any:
    from airflow_provider_rivya.batch.arguments import BatchArguments
    from airflow_provider_rivya.batch.job import BatchJob
    from airflow_provider_rivya.batch.row_job import RowWords
    from airflow_provider_rivya.batch.table.planned import Asked
    from airflow_provider_rivya.batch.window import Limits
    from airflow_provider_rivya.stop import StopFlag
    from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
    from airflow_provider_rivya.submission.identity import Identity

    asked = Asked(
        "sku", "z-image", "A studio photograph of {title}", {"aspect_ratio": "{shape}"}, carry=("title",)
    )
    return BatchJob(
        client=hook,
        identity=Identity("", "bench", "run", "make", -1),
        facts=TryFacts(2, 1, 2),
        policy=SubmissionPolicy("reuse"),
        words=RowWords(True, 2, True, True),
        arguments=BatchArguments(asked, f"file://{folder}/", limits=Limits(max_running=running)),
        stop=StopFlag(),
    )


if __name__ == "__main__":
    arguments = sys.argv[1:5]
    if sys.argv[5:] == ["profile"]:
        import cProfile
        import pstats

        with cProfile.Profile() as profile:
            main(arguments[0], arguments[1], int(arguments[2]), int(arguments[3]))
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(40)
    else:
        main(arguments[0], arguments[1], int(arguments[2]), int(arguments[3]), *sys.argv[5:])
