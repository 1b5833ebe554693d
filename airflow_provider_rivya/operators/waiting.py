"""What a worker waits for itself, before the triggerer takes over."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.waiting.decide import Finished

if TYPE_CHECKING:
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.submission.submitted import Submitted


def patience_of(task: Any) -> float:
    """Return the seconds until a try gives up: the smaller of ``timeout`` and ``execution_timeout``."""
    limits = (task.timeout, task.execution_timeout)
    return min(
        limit.total_seconds() if isinstance(limit, timedelta) else float(limit)
        for limit in limits
        if limit is not None
    )


def wait_here(
    hook: GatewayHook, submitted: Submitted, category: str, begun: float, deadline: float, patience: float
) -> Finished | None:
    """
    Look once, and wait as long as this worker is to wait.

    :param begun: when the generation was submitted, seconds since the epoch.
    :param deadline: when this try gives up, seconds since the epoch.
    :param patience: seconds for this worker to wait; infinite where no triggerer takes over.
    :return: ``None``: the rest is the triggerer's.
    """
    known = submitted.answer
    if known is None:
        # An earlier try's generation may have ended long ago.
        with suppress(GatewayError):
            known = hook.get_generation(submitted.generation_id, category=category)
    if known is not None and known.ended:
        return Finished("succeeded" if known.succeeded else "failed")
    if patience <= 0:
        return None
    from airflow_provider_rivya.waiting.loop import Target, watch

    seconds = max(0.0, min(patience, deadline - time.time()))
    target = Target.of(submitted.generation_id, hook.settings, category, seconds, begun)
    finished = watch(hook, target)
    if finished.outcome == "timeout" and math.isfinite(patience) and time.time() < deadline:
        return None
    return finished
