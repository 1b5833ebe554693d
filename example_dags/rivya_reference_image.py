"""A photograph is uploaded and restyled: the main job of this provider, in one task."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG, Param

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

PHOTOGRAPH = Path(__file__).parent / "data" / "coffee.jpg"

with DAG(
    "rivya_reference_image",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "photograph": Param(str(PHOTOGRAPH), type="string", title="Path or URI of the reference photograph"),
        "prompt": Param(
            "The same cup of coffee as a watercolour on rough paper", type="string", title="Prompt"
        ),
        "output_path": Param("/tmp/rivya/", type="string", title="Where the image goes"),  # noqa: S108
    },
) as dag:
    RivyaGenerateOperator(
        task_id="restyle",
        model="nano-banana-2",
        prompt="{{ params.prompt }}",
        model_params={"aspect_ratio": "4:3", "resolution": "1K", "output_format": "png"},
        reference_media=["{{ params.photograph }}"],
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )
