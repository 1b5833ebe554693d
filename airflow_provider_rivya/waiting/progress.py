"""What is said, and shown, while a generation is waited for: changes only, not every poll. Pure."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

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


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where a generation stands, as a task has last seen it.

    :param status: the gateway's, ``unknown`` where it could not be asked; at the end how the waiting ended.
    :param waits: where it is waited for; ``None``: it is over.
    :param seen_at: seconds since the epoch, as are ``submitted_at`` and ``until``: when the try gives up.
    :param percent: done, where the gateway tells that.
    :param usual_seconds: that its model takes, where that was learnt.
    """

    generation_id: str
    model: str
    status: str
    waits: Literal["on the worker", "in the triggerer"] | None
    seen_at: float
    submitted_at: float | None = None
    until: float | None = None
    percent: int | None = None
    usual_seconds: float | None = None
    credits: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what is known, with moments that a person can read."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        for name in {"seen_at", "submitted_at", "until"} & known.keys():
            known[name] = datetime.fromtimestamp(known[name], UTC).isoformat(timespec="seconds")
        if self.usual_seconds is not None:
            known["usual_seconds"] = round(self.usual_seconds, 1)
        return known


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
        state = f"{type(seen).__name__}:{seen.code}" if isinstance(seen, GatewayError) else seen.status
        if state == self._last and now - self._last_told < QUIET_FOR:
            return None
        self._last, self._last_told = state, now
        elapsed = f"{max(0.0, now - self._submitted_at):.0f} s"
        if isinstance(seen, GatewayError):
            return logging.WARNING, (
                f"Generation {self._id}: status unknown after {elapsed}. {seen} "
                "The generation itself goes on at the gateway; the polling goes on too."
            )
        from airflow_provider_rivya.api.schemas import KNOWN_STATUSES

        known = state in KNOWN_STATUSES
        strange = "" if known else " (a status this release does not know; taken as not ended)"
        text = f"Generation {self._id}: {state}{strange} after {elapsed}{self._details(seen)}."
        return logging.INFO if known else logging.WARNING, text

    def _details(self, seen: Generation) -> str:
        """Tell how far it is, and what is usual, as far as that is known."""
        parts = [] if seen.ended or not seen.progress else [f"{seen.progress:.0f} % done"]
        if self.usual is not None and not seen.ended:
            parts.append(f"its model usually takes {self.usual:.0f} s")
        return f" ({'; '.join(parts)})" if parts else ""
