"""
Fetch a result that is paid for: wait for a generation by its id, and store its files.

For a generation that something else submitted, or whose DAG run is no more; the error messages and logs of
its task name the id. A sensor never submits, and so never pays.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor

with DAG(
    "rivya_fetch_paid_result",
    schedule=None,
    tags=["rivya"],
    doc_md=__doc__,
    params={
        "generation_id": Param(type="string", minLength=1, title="Id of the generation"),
        "output_path": Param("/tmp/rivya/", type="string", title="Where the files go"),  # noqa: S108
        "output_conn_id": Param("", type="string", title="Its connection, for s3://"),
    },
) as dag:
    RivyaTaskSensor(
        task_id="fetch",
        generation_id="{{ params.generation_id }}",
        output_path="{{ params.output_path }}",
        output_conn_id="{{ params.output_conn_id }}",
        deferrable=True,
        retries=2,
    )
