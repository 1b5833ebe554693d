"""The same rows twice: as a mapped generate task, and as one batch."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from airflow.sdk import DAG

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator, RivyaGenerateOperator

ROWS = [
    {"sku": f"p{number:03}", "title": f"Product {number}"} for number in range(int(os.environ["BENCH_ROWS"]))
]
FOLDER = os.environ["BENCH_FOLDER"]
COMMON: dict[str, Any] = {"task_id": "make", "model": "z-image", "rivya_conn_id": "bench", "retries": 1}

with DAG("mapped", schedule=None, start_date=datetime(2026, 1, 1)):
    RivyaGenerateOperator.partial(**COMMON, output_path=f"file://{FOLDER}/mapped/", deferrable=True).expand(
        prompt=[f"A studio photograph of {row['title']}" for row in ROWS]
    )

with DAG("batch", schedule=None, start_date=datetime(2026, 1, 1)):
    RivyaBatchOperator(
        **COMMON,
        rows=ROWS,
        row_key="sku",
        prompt="A studio photograph of {title}",
        output_path=f"file://{FOLDER}/batch/",
        deferrable=True,
        max_running=200,
    )
