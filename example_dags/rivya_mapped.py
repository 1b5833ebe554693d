"""One image for each row of a list: enrichment of a catalogue with a mapped task."""

from __future__ import annotations

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
    def prompts(params: dict[str, list[str]] | None = None) -> list[str]:
        products = (params or {})["products"]
        return [f"Studio photograph of {product}, white background" for product in products]

    @task
    def uris(results: Any) -> list[str]:
        """Where the images are, in the order of the products: what a next step would write to a table."""
        return [result["outputs"][0]["uri"] for result in results]

    images = RivyaGenerateOperator.partial(
        task_id="image",
        model="z-image",
        model_params={"aspect_ratio": "1:1"},
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
        max_active_tis_per_dagrun=16,
    ).expand(prompt=prompts())

    uris(images.output)
