"""Triggers that a benchmark puts into the trigger runner beside those that it measures."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow_provider_rivya._compat import BaseTrigger, TriggerEvent

SLOW_CALLBACK = 0.05
"""Seconds above which asyncio's debug mode speaks of a callback that holds the loop up."""


class Sleeping(BaseTrigger):
    """Waits for nothing but a moment."""

    def __init__(self, until: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's are without annotations
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.Sleeping", {"until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(max(0.0, self.until - time.time()))
        yield TriggerEvent({"status": "succeeded"})


class Lag(Sleeping):
    """Tells by how much the event loop was late, and which callbacks held it up."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.Lag", {"until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        asyncio.get_running_loop().slow_callback_duration = SLOW_CALLBACK
        logging.getLogger("asyncio").addHandler(slow := SlowCallbacks())
        lags: list[float] = []
        while time.time() < self.until:
            begun = time.perf_counter()
            await asyncio.sleep(0.01)
            lags.append(time.perf_counter() - begun - 0.01)
        lags.sort()
        p99 = round(lags[int(len(lags) * 0.99)] * 1000, 2)
        yield TriggerEvent({"lag_p99_ms": p99, "lag_max_ms": round(lags[-1] * 1000, 2), "slow": slow.told})


class SlowCallbacks(logging.Handler):
    """Keeps what asyncio's debug mode says of callbacks that hold the loop up."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "took" in text:
            self.told.append(text[:300])
