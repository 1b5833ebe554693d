"""An image through each of the connections that are made in the form."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

with DAG("rivya_clicked", schedule=None, params={"output_path": ""}):
    RivyaGenerateOperator(
        task_id="image",
        rivya_conn_id="rivya_clicked",
        model="z-image",
        prompt="A lighthouse",
        output_path="{{ params.output_path }}",
    )

with DAG("toapis_clicked", schedule=None, params={"output_path": ""}):
    ToApisGenerateOperator(
        task_id="image",
        toapis_conn_id="toapis_clicked",
        model="gemini-3.1-flash-image-preview",
        prompt="A lighthouse",
        output_path="{{ params.output_path }}",
    )
