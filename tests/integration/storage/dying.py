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

from tests.integration.generate_tasks import one_task
from tests.integration.task_harness import Build, TaskInstanceHarness


def build() -> Build:
    """The task: deferred, everything on S3."""
    return one_task(
        {
            "deferrable": True,
            "output_path": "s3://bucket/run/",
            "output_conn_id": "store",
            "state_path": "s3://store@bucket/state/",
        }
    )


def die(request: Any, **_: Any) -> None:
    """Leave nothing a chance to clear up."""
    if "/run/" in request.url:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from airflow.triggers.base import TriggerEvent
    from botocore.handlers import BUILTIN_HANDLERS  # type: ignore[import-untyped]  # it ships no types

    BUILTIN_HANDLERS.append(("before-send.s3.CompleteMultipartUpload", die))
    TaskInstanceHarness.of_another_process(sys.argv[1], build()).resume(TriggerEvent(json.loads(sys.argv[2])))
