"""
A process whose tries wait for SIGTERM: ``python -m tests.integration.operators.stopping``.

Each line of its input asks for a try. It says ``LOOKED`` whenever it has read a generation, and at the end
what became of the try.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator, RivyaGenerateOperator
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor
from tests.integration.task_harness import MAKE, Build, TaskInstanceHarness

SPANS = ("inline_wait", "timeout")


class SayingHook(RivyaHook):
    """Says when it has looked."""

    def get_generation(self, *arguments: Any, **options: Any) -> Any:
        seen = super().get_generation(*arguments, **options)
        print("LOOKED", seen.status, flush=True)
        return seen


class Generate(RivyaGenerateOperator):
    hook_class = SayingHook


class Batch(RivyaBatchOperator):
    hook_class = SayingHook


class Watch(RivyaTaskSensor):
    hook_class = SayingHook


KINDS: dict[str, Any] = {"generate": Generate, "batch": Batch, "watch": Watch}


def build(kind: str, arguments: dict[str, Any]) -> Build:
    """Return the one task; spans of time are given in seconds."""
    given = {name: timedelta(seconds=value) if name in SPANS else value for name, value in arguments.items()}
    return lambda: KINDS[kind](task_id=MAKE, retries=2, retry_delay=timedelta(0), **given)


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        os.environ.update(asked["environment"])
        task = build(asked["kind"], asked["arguments"])
        done = TaskInstanceHarness.of_another_process(asked["dag_id"], task).begin()
        print("ENDED", json.dumps({"state": done.state, "text": done.text}), flush=True)
