"""
A table of products, a picture for each: one task, a budget, and a manifest for the next task.

The table may lie in object storage as well (`s3://bucket/products/*.parquet`, with a connection of the
type `aws`), and so may the pictures. Products that have a photograph get a better one of the same thing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator

DATA = Path(__file__).parent / "data"


@task
def publish(batch: Any) -> str:
    counts, credits = batch["counts"], batch["credits"]["final"]
    print(f"{counts['succeeded']} new pictures; {counts['reused']} were there already; credits: {credits}")
    return str(batch["manifest_uri"])


with DAG(
    "rivya_batch",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "table": Param(str(DATA / "products.csv"), type="string", title="Table: a path, a folder or a URI"),
        "table_conn_id": Param("", type="string", title="Its connection, for s3://"),
        "photographs": Param(str(DATA), type="string", title="Folder of the photographs"),
        "output_path": Param("/tmp/rivya/catalogue/", type="string", title="Folder"),  # noqa: S108
        "output_conn_id": Param("", type="string", title="Its connection, for s3://"),
    },
) as dag:
    pictures = RivyaBatchOperator(
        task_id="pictures",
        rows="{{ params.table }}",
        rows_conn_id="{{ params.table_conn_id }}",
        row_key="sku",
        model="nano-banana-2",
        prompt="A studio photograph of {title}, on white",
        model_params={"aspect_ratio": "{format}"},
        reference_media=["{{ params.photographs }}/{photo}"],
        output_path="{{ params.output_path }}",
        output_conn_id="{{ params.output_conn_id }}",
        carry=["title"],
        max_credits_total=2000,
        max_failed_rows=0.01,
        deferrable=True,
        retries=2,
    )
    publish(pictures.output)
