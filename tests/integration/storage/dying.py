"""
A worker that dies while it delivers to S3: ``python -m tests.integration.storage.dying DAG_ID PAYLOAD``.

It takes a deferred task up, uploads all of the file, and is killed right before the upload is completed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from tests.integration.operators.bench import Bench, Build, one_task

FOLDER = "s3://bucket/run/"


def build() -> Build:
    """The task: deferred, everything on S3."""
    return one_task(
        {
            "deferrable": True,
            "output_path": FOLDER,
            "output_conn_id": "store",
            "state_path": "s3://store@bucket/state/",
        }
    )


def die(**_: Any) -> None:
    """Leave nothing a chance to clear up."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from airflow.triggers.base import TriggerEvent

    from airflow_provider_rivya.media.store import OutputPlace

    fs = OutputPlace(FOLDER, "store").fs
    fs.s3.meta.events.register("before-send.s3.CompleteMultipartUpload", die)
    Bench.of_another_process(sys.argv[1], build()).resume(TriggerEvent(json.loads(sys.argv[2])))
