"""A batch whose gallery is looked at: two pictures, and a row that cannot be one."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator

with DAG("shown_batch", schedule=None, params={"output_path": ""}):
    RivyaBatchOperator(
        task_id="pictures",
        rows=[{"sku": "cup"}, {"sku": "jug"}, {"sku": "odd", "shape": "9:99"}],
        row_key="sku",
        model="z-image",
        prompt="A {sku}",
        model_params={"aspect_ratio": "{shape}"},
        on_invalid_rows="skip",
        max_failed_rows=1,
        output_path="{{ params.output_path }}",
        gallery=True,
    )
