"""
A person looks at an image before it is published; if it is rejected, another one is made.

The approval waits without a worker. Who rejects the image may write a better prompt into the form.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.links.preview import rivya_preview_markdown
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

with DAG(
    "rivya_approval",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "prompt": Param(
            "A lighthouse on a cliff, watercolour", type="string", format="multiline", title="Prompt"
        ),
        "output_path": Param("/tmp/rivya/approval/", type="string", title="Where the images go"),  # noqa: S108
    },
) as dag:
    image = RivyaGenerateOperator(
        task_id="image",
        model="nano-banana-2",
        prompt="{{ params.prompt }}",
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )

    @task
    def preview(result: Any, params: dict[str, Any] | None = None) -> str:
        return rivya_preview_markdown(result, prompt=(params or {})["prompt"], task_id="image")

    approve = ApprovalOperator(
        task_id="approve",
        subject="Is this image to be published?",
        body=preview(image.output),
        params={
            "prompt": Param("", type=["null", "string"], format="multiline", title="A better prompt, if not")
        },
    )

    @task
    def publish(result: Any) -> str:
        """Stands for your own way to publish a file."""
        return str(result["outputs"][0]["uri"])

    # A rejection skips what comes right behind the approval. So this runs where nothing was published.
    again = RivyaGenerateOperator(
        task_id="again",
        model="nano-banana-2",
        prompt="{{ ti.xcom_pull(task_ids='approve').params_input.prompt or params.prompt }}",
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
        trigger_rule="all_skipped",
    )

    published = publish(image.output)
    approve >> published >> again
