"""
A query says what is new, a function what to make of it.

The function is called once: a retry goes on with the plan that was made of its rows, whatever the table
says by then. `warehouse` is a connection to a database whose provider is installed. Where a row needs no
code, `rows_sql` of the operator does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from airflow.sdk import DAG, BaseHook, Param, task

with DAG(
    "rivya_batch_sql",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "warehouse": Param("warehouse", type="string", title="Connection of the database"),
        "output_path": Param("/tmp/rivya/new-products/", type="string", title="Folder"),  # noqa: S108
    },
) as dag:

    @task.rivya_batch(
        model="z-image",
        output_path="{{ params.output_path }}",
        incremental=True,
        max_credits_total=500,
        deferrable=True,
        retries=2,
    )
    def pictures(params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        hook = BaseHook.get_connection((params or {})["warehouse"]).get_hook()
        with closing(hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("SELECT sku, title, season FROM products WHERE picture IS NULL ORDER BY sku")
            for sku, title, season in cursor:
                light = "low winter sun" if season == "winter" else "soft daylight"
                yield {
                    "row_key": sku,
                    "prompt": f"{title} on a wooden table, {light}",
                    "model_params": {"aspect_ratio": "4:3"},
                }

    pictures()
