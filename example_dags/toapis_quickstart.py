"""An image from a text through ToAPIs: the task as through Rivya, with another operator and connection."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

with DAG(
    "toapis_quickstart",
    schedule=None,
    tags=["toapis"],
    doc_md=__doc__,
    params={"output_path": Param("/tmp/rivya/", type="string", title="Where the image goes")},  # noqa: S108
) as dag:
    ToApisGenerateOperator(
        task_id="image",
        model="gemini-3.1-flash-image-preview",
        prompt="A red bicycle leaning on a brick wall, morning light",
        model_params={"size": "16:9", "resolution": "1K"},
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )
