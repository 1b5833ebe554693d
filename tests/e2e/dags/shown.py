"""What the pages of pictures show: three of one task; a batch of three, and a row that cannot be one."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

with DAG("shown_three", schedule=None, params={"output_path": ""}):
    ToApisGenerateOperator(
        task_id="image",
        model="gemini-3.1-flash-image-preview",
        model_params={"n": 3},
        prompt="A red bicycle, three times",
        output_path="{{ params.output_path }}",
        gallery=True,
        deferrable=True,
        retries=2,
    )

with DAG("shown_batch", schedule=None, params={"output_path": ""}):
    RivyaBatchOperator(
        task_id="pictures",
        rows=[{"sku": "cup"}, {"sku": "jug"}, {"sku": "bowl"}, {"sku": "odd", "shape": "9:99"}],
        row_key="sku",
        model="z-image",
        prompt="A {sku}",
        model_params={"aspect_ratio": "{shape}"},
        on_invalid_rows="skip",
        max_failed_rows=1,
        output_path="{{ params.output_path }}",
        gallery=True,
    )
