"""
A function says what to generate, and the stored image updates an asset.

What the function returns is sent as it is, so a text out of a database is no template. A DAG that is
scheduled on the asset finds the image's place in the event's extra. The image may go to S3 as well:
`s3://bucket/folder/`, with a connection of the type `aws`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, Param, task

PICTURE = Asset("rivya_product_picture")

with DAG(
    "rivya_decorated",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "product": Param("a walnut desk lamp", type="string", title="Product"),
        "output_path": Param("/tmp/rivya/", type="string", title="Where the image goes"),  # noqa: S108
        "output_conn_id": Param("", type="string", title="Its connection, for s3://"),
    },
) as dag:

    @task.rivya_generate(
        model="nano-banana-2",
        output_path="{{ params.output_path }}",
        output_conn_id="{{ params.output_conn_id }}",
        outlets=[PICTURE],
        deferrable=True,
        retries=2,
    )
    def picture(params: dict[str, Any] | None = None) -> dict[str, Any]:
        product = (params or {})["product"]
        return {
            "prompt": f"Studio photograph of {product}, white background",
            "model_params": {"aspect_ratio": "1:1", "output_format": "png"},
        }

    picture()
