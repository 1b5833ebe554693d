"""
Plan, ask a person, pay.

The first task checks and prices all rows and sends nothing. A person sees what it comes to, in the UI, and
approves or rejects it; a rejection skips the rest. The plan has a folder of its own for its manifest, as
both tasks write into one `output_path`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator

DATA = Path(__file__).parent / "data"


@task
def publish(batch: Any) -> str:
    return str(batch["manifest_uri"])


with DAG(
    "rivya_batch_approve",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "table": Param(str(DATA / "products.csv"), type="string", title="Table: a path, a folder or a URI"),
        "output_path": Param("/tmp/rivya/approved/", type="string", title="Folder"),  # noqa: S108
    },
) as dag:
    asked: dict[str, Any] = {
        "rows": "{{ params.table }}",
        "row_key": "sku",
        "model": "z-image",
        "prompt": "A studio photograph of {title}, on white",
        "output_path": "{{ params.output_path }}",
        "max_credits_total": 500,
    }
    plan = RivyaBatchOperator(
        task_id="plan", dry_run=True, manifest_path="{{ params.output_path }}/_plan/{{ run_id }}", **asked
    )
    approve = ApprovalOperator(
        task_id="approve",
        subject="Pictures for {{ ti.xcom_pull(task_ids='plan')['rows'] }} products?",
        body="They cost {{ ti.xcom_pull(task_ids='plan')['credits']['estimated_left'] }} credits.",
        # Airflow may take an answer within a second of the question for a failure. Then it asks again.
        retries=2,
        retry_delay=timedelta(seconds=10),
    )
    pictures = RivyaBatchOperator(task_id="pictures", deferrable=True, retries=2, **asked)
    plan >> approve >> pictures
    publish(pictures.output)
