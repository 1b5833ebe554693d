"""A table of products, a picture for each: one task, a budget, and a manifest for the next task."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator


@task
def products() -> list[dict[str, Any]]:
    return [
        {"sku": "cup-1", "title": "a blue cup", "format": "1:1"},
        {"sku": "cup-2", "title": "a cup of glass", "format": "16:9"},
        {"sku": "jug-1", "title": "a jug of clay", "format": ""},
    ]


@task
def publish(batch: Any) -> str:
    print(f"{batch['counts']['succeeded']} new pictures for {batch['credits']['final']} credits")
    return str(batch["manifest_uri"])


with DAG("rivya_batch", schedule=None, start_date=datetime(2026, 1, 1), catchup=False) as dag:
    pictures = RivyaBatchOperator(
        task_id="pictures",
        rows=products(),
        row_key="sku",
        model="nano-banana-2",
        prompt="A studio photograph of {title}, on white",
        model_params={"aspect_ratio": "{format}"},
        output_path="file:///tmp/rivya/products/",
        carry=["title"],
        max_credits_total=100,
        allow_estimates=True,
        deferrable=True,
        retries=2,
        retry_delay=timedelta(seconds=10),
    )
    publish(pictures.output)
