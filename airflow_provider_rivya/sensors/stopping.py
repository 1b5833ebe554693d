"""A sensor's waits on its worker, which end at once when the task is asked to stop."""

from __future__ import annotations

import logging
from typing import Any

from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.verdict import AskedToStopError

log = logging.getLogger(__name__)


class StopsBetweenLooks:
    """Goes before Airflow's sensor base, whose own wait between two looks hears nothing."""

    conn_id: Any
    reschedule: bool
    _stop: StopFlag

    def on_kill(self) -> None:
        """Give up waits, repeats and transfers. Runs in a signal handler, so it only sets a flag."""
        self._stop.set()
        log.warning("Asked to stop. This task has paid nothing; what it waits for goes on at the gateway.")

    def _get_next_poke_interval(self, *arguments: Any, **named: Any) -> float:
        """
        Wait here, and return that Airflow has not to wait any more.

        :raises AskedToStopError: the task was asked to stop.
        """
        interval: float = super()._get_next_poke_interval(*arguments, **named)  # type: ignore[misc]
        if self.reschedule:
            return interval
        if self._stop.wait(interval):
            raise AskedToStopError(
                "The task was asked to stop between two polls", conn_id=self.conn_id, retryable=True
            )
        return 0.0
