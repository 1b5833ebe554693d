"""
A person looks at an image before it is published; if it is rejected, another one is made.

The approval waits without a worker. Who rejects the image may write a better prompt into the form.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.links.preview import rivya_preview_markdown
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator


class Approval(ApprovalOperator):
    """A rejection leaves no result, so that what was written into the form is kept under a key of its own."""

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        context["ti"].xcom_push(key="better_prompt", value=(event.get("params_input") or {}).get("prompt"))
        return super().execute_complete(context, event)


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

    approve = Approval(
        task_id="approve",
        subject="Is this image to be published?",
        body=preview(image.output),
        # Airflow may take an answer within a second of the question for a failure. Then it asks again.
        retries=2,
        retry_delay=timedelta(seconds=10),
        params={
            "prompt": Param(
                "",
                type=["null", "string"],
                format="multiline",
                title="The prompt of another image, if you reject this one",
            )
        },
    )

    @task
    def publish(result: Any) -> str:
        """Stands for your own way to publish a file."""
        return str(result["outputs"][0]["uri"])

    # A rejection skips what comes directly after the approval: this task, and with it the publishing.
    approved = EmptyOperator(task_id="approved")

    again = RivyaGenerateOperator(
        task_id="again",
        model="nano-banana-2",
        prompt="{{ ti.xcom_pull(task_ids='approve', key='better_prompt') or params.prompt }}",
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
        trigger_rule="all_skipped",
    )

    # Two ends: where the image fails, so does "publish", and with it the run.
    approve >> approved >> [publish(image.output), again]
