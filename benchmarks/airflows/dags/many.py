"""The same rows as mapped generate tasks, deferred and waited for on the worker, and as one batch."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator, RivyaGenerateOperator

ROWS = [
    {"sku": f"p{number:03}", "title": f"Product {number}"} for number in range(int(os.environ["BENCH_ROWS"]))
]
FOLDER = os.environ["BENCH_FOLDER"]
COMMON: dict[str, Any] = {"task_id": "make", "model": "z-image", "rivya_conn_id": "bench", "retries": 2}
WAITS = {"mapped": timedelta(0), "deferred": timedelta(0), "inline": timedelta(minutes=2)}

for dag_id, inline_wait in WAITS.items():
    with DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1)):
        RivyaGenerateOperator.partial(
            **COMMON,
            output_path=f"file://{FOLDER}/{dag_id}/",
            deferrable=True,
            inline_wait=inline_wait,
            retry_delay=timedelta(seconds=1),
        ).expand(prompt=[f"A studio photograph of {row['title']}" for row in ROWS])

for dag_id, rows in {"warm": ROWS[:1], "batch": ROWS}.items():
    with DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1)):
        RivyaBatchOperator(
            **COMMON,
            rows=rows,
            row_key="sku",
            prompt="A studio photograph of {title}",
            output_path=f"file://{FOLDER}/{dag_id}/",
            deferrable=True,
            max_running=200,
        )
