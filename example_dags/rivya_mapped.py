"""One image for each row of a table, joined to its row by the row's key, whatever becomes of the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

with DAG(
    "rivya_mapped",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "products": Param(
            ["a walnut desk lamp", "a blue enamel mug", "a linen tote bag"], type="array", title="Products"
        ),
        "output_path": Param("/tmp/rivya/products/", type="string", title="Folder"),  # noqa: S108
    },
) as dag:

    @task
    def rows(params: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """The arguments of each image, and the key of its row. They are never rendered as templates."""
        return [
            {
                "client_request_id": product,
                "prompt": f"Studio photograph of {product}, white background",
            }
            for product in (params or {})["products"]
        ]

    @task(trigger_rule="all_done")
    def uris(results: Any) -> dict[str, str]:
        """Where the image of each product is. Those that failed are not among the results."""
        return {result["client_request_id"]: result["outputs"][0]["uri"] for result in results}

    images = RivyaGenerateOperator.partial(
        task_id="image",
        model="z-image",
        model_params={"aspect_ratio": "1:1"},
        output_path="{{ params.output_path }}",
        output_name="{{ task.client_request_id }}",
        map_index_template="{{ task.client_request_id }}",
        deferrable=True,
        # Short ones end on the worker: a busy Airflow may take a deferral that is over at once for a failure.
        inline_wait=timedelta(seconds=60),
        retries=2,
        max_active_tis_per_dagrun=16,
    ).expand_kwargs(rows())

    uris(images.output)
