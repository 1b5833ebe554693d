"""What is said while a generation is waited for: changes only, not every poll. Pure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_provider_rivya.credits import reserved
from airflow_provider_rivya.exceptions import GatewayError

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation

QUIET_FOR = 300.0
"""After this many seconds without a change a line says that the waiting goes on."""


FRESH_FOR = 15.0
"""A watcher that begins within this many seconds of the submission is taken for the first one."""


def watched_late(
    generation_id: str, submitted_at: float, now: float, deadline: float, credits: float | None
) -> str | None:
    """
    Say that a generation is watched that was not submitted just now.

    A triggerer that took its time, was restarted, or takes the watching over, looks the same from here.

    :param submitted_at: seconds since the epoch, as ``now`` and ``deadline`` are.
    :param credits: reserved for it, where the gateway has told.
    :return: the line to log; ``None`` for one that was only just submitted.
    """
    age = now - submitted_at
    if age < FRESH_FOR:
        return None
    left = deadline - now
    until = f"for at most {left:.0f} s more" if left > 0 else "once more, as its deadline has passed"
    return (
        f"Watching generation {generation_id}, submitted {age:.0f} s ago ({reserved(credits)}), perhaps not "
        "for the first time. It went on at the gateway meanwhile, and nothing is submitted or paid by this: "
        f"its state is asked for, {until}."
    )


class Narrator:
    """
    Turns observations into log lines.

    :param generation_id: the gateway's task id.
    :param submitted_at: seconds since the epoch.
    """

    def __init__(self, generation_id: str, submitted_at: float) -> None:
        self._id = generation_id
        self._submitted_at = submitted_at
        self.usual: float | None = None
        """Seconds that generations of its model usually take, where that is known."""
        self._last = ""
        self._last_told = submitted_at

    def tell(self, now: float, seen: Generation | GatewayError) -> tuple[int, str] | None:
        """Return log level and text for an observation, or ``None`` when there is nothing new."""
        elapsed = f"{max(0.0, now - self._submitted_at):.0f} s"
        if isinstance(seen, GatewayError):
            state = f"{type(seen).__name__}:{seen.code}"
            level, text = (
                logging.WARNING,
                f"Generation {self._id}: status unknown after {elapsed}. {seen} "
                "The generation itself goes on at the gateway; the polling goes on too.",
            )
        else:
            from airflow_provider_rivya.api.schemas import KNOWN_STATUSES

            state = seen.status
            known = state in KNOWN_STATUSES
            level = logging.INFO if known else logging.WARNING
            strange = "" if known else " (a status this release does not know; taken as not ended)"
            text = f"Generation {self._id}: {state}{strange} after {elapsed}{self._details(seen)}."
        if state == self._last and now - self._last_told < QUIET_FOR:
            return None
        self._last, self._last_told = state, now
        return level, text

    def _details(self, seen: Generation) -> str:
        """Tell how far it is, and what is usual, as far as that is known."""
        parts = [] if seen.ended or not seen.progress else [f"{seen.progress:.0f} % done"]
        if self.usual is not None and not seen.ended:
            parts.append(f"its model usually takes {self.usual:.0f} s")
        return f" ({'; '.join(parts)})" if parts else ""
