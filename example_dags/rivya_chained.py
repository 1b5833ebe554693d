"""Two steps: the result of one generation is the reference of the next."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

with DAG(
    "rivya_chained",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={"output_path": Param("/tmp/rivya/", type="string", title="Where the images go")},  # noqa: S108
) as dag:
    draft = RivyaGenerateOperator(
        task_id="draft",
        model="z-image",
        prompt="A lighthouse on a cliff, pencil sketch",
        model_params={"aspect_ratio": "4:3"},
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )
    RivyaGenerateOperator(
        task_id="final",
        model="nano-banana-pro",
        prompt="The same lighthouse as an oil painting at dusk",
        model_params={"aspect_ratio": "4:3", "output_format": "jpg"},
        reference_media=draft.output,
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )
