"""An image from what somebody has filled into the form that Airflow shows when the DAG is triggered."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

with DAG(
    "rivya_form",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "model": Param(
            "nano-banana-2", type="string", title="Model", enum=["nano-banana-2", "nano-banana-pro"]
        ),
        "prompt": Param(
            "A red bicycle leaning on a brick wall, morning light",
            type="string",
            title="Prompt",
            format="multiline",
            minLength=1,
        ),
        "aspect_ratio": Param(
            "16:9", type="string", title="Aspect ratio", enum=["1:1", "4:3", "3:4", "16:9", "9:16"]
        ),
        "photo": Param(
            None,
            type=["null", "string"],
            title="A photograph to start from",
            description="Empty, or a path or URI that the worker can read, such as s3://bucket/photo.jpg",
        ),
        "output_path": Param(
            "/tmp/rivya/form/",  # noqa: S108
            type="string",
            title="Where the image goes",
            description="A folder of the worker, or a URI such as s3://bucket/pictures/",
        ),
    },
) as dag:
    RivyaGenerateOperator(
        task_id="image",
        model="{{ params.model }}",
        prompt="{{ params.prompt }}",
        model_params={"aspect_ratio": "{{ params.aspect_ratio }}"},
        reference_media="{{ params.photo or '' }}",
        output_path="{{ params.output_path }}",
        gallery=True,
        deferrable=True,
        retries=2,
    )
