"""An image from a text, stored in a folder."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

with DAG(
    "rivya_quickstart",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={"output_path": Param("/tmp/rivya/", type="string", title="Where the image goes")},  # noqa: S108
) as dag:
    RivyaGenerateOperator(
        task_id="image",
        model="nano-banana-2",
        prompt="A red bicycle leaning on a brick wall, morning light",
        model_params={"aspect_ratio": "16:9", "output_format": "png"},
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )
