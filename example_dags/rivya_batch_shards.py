"""
One batch over many workers: a table in four parts, each a mapped instance of the same task.

Worth it from some ten thousand rows on; below that one task is enough. Each part has a manifest, a budget
and a plan of its own; files are named by row keys, which are therefore unique over all parts.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator

DATA = Path(__file__).parent / "data"
SHARDS = 4


@task
def shards(params: dict[str, Any] | None = None) -> list[list[dict[str, str]]]:
    """The parts. A large table is better kept in files of its own: then these are their paths."""
    with open((params or {})["table"], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [rows[number::SHARDS] for number in range(SHARDS)]


@task
def manifests(batches: Any) -> list[str]:
    return [batch["manifest_uri"] for batch in batches]


with DAG(
    "rivya_batch_shards",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "table": Param(str(DATA / "products.csv"), type="string", title="Table: a CSV file"),
        "output_path": Param("/tmp/rivya/shards/", type="string", title="Folder"),  # noqa: S108
    },
) as dag:
    pictures = RivyaBatchOperator.partial(
        task_id="pictures",
        row_key="sku",
        model="z-image",
        prompt="A studio photograph of {title}, on white",
        output_path="{{ params.output_path }}",
        max_credits_total=100,
        max_running=50,
        deferrable=True,
        retries=2,
        max_active_tis_per_dagrun=2,
    ).expand(rows=shards())
    manifests(pictures.output)
