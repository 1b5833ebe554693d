"""
Rivya first, and ToAPIs only if Rivya refused before anything was paid for.

A task that failed leaves the XCom `failure`. Its `submitted` is false only where no paid task exists at
Rivya. True means there is one, and null, or no such XCom at all, that there may be one: then nothing is paid
for elsewhere, and the run fails for a person to look at.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

# A request that is wrong, or a folder that cannot be written to, is as wrong at the other gateway.
REFUSALS = ("connection", "key", "credits", "rejected", "unavailable")

with DAG(
    "rivya_then_toapis",
    schedule=None,
    tags=["rivya", "toapis"],
    doc_md=__doc__,
    params={
        "prompt": Param("A lighthouse on a cliff, pencil sketch", type="string", title="Prompt"),
        "output_path": Param("/tmp/rivya/", type="string", title="Where the image goes"),  # noqa: S108
    },
) as dag:
    rivya = RivyaGenerateOperator(
        task_id="rivya",
        model="nano-banana-2",
        prompt="{{ params.prompt }}",
        model_params={"aspect_ratio": "4:3", "resolution": "1K"},
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )

    # Runs however rivya ended, and skips toapis alone: image decides for itself whether it runs.
    @task.short_circuit(trigger_rule="all_done", ignore_downstream_trigger_rules=False)
    def rivya_refused(ti: Any = None) -> bool:
        """Whether the image has to come from ToAPIs."""
        if ti.xcom_pull(task_ids="rivya") is not None:
            return False
        failure = ti.xcom_pull(task_ids="rivya", key="failure")
        if failure is None or failure["submitted"] is not False:
            raise RuntimeError(f"Rivya may have been paid, so ToAPIs is not: {failure}")
        if failure["kind"] not in REFUSALS:
            raise RuntimeError(f"ToAPIs would do no better: {failure}")
        return True

    toapis = ToApisGenerateOperator(
        task_id="toapis",
        model="gemini-3.1-flash-image-preview",
        prompt="{{ params.prompt }}",
        model_params={"size": "4:3", "resolution": "1K"},
        output_path="{{ params.output_path }}",
        deferrable=True,
        retries=2,
    )

    # Airflow writes into the log what a function returns, and the result has URLs that open it for anybody.
    @task(trigger_rule="none_failed", show_return_value_in_logs=False)
    def image(ti: Any = None) -> Any:
        """The result, whichever gateway it is from: what goes on with it reads this."""
        return ti.xcom_pull(task_ids="rivya") or ti.xcom_pull(task_ids="toapis")

    rivya >> rivya_refused() >> toapis >> image()
