"""When to ask the gateway next: a pure function of elapsed time, the gateway's guidance and hints."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from airflow_provider_rivya.api.gateway import PollGuidance, Polling

GROWTH: Final = 1 / 6
"""An interval is this share of the time that has passed, within the schedule's bounds."""

JITTER: Final = 0.1
"""Share by which intervals differ between tasks, so that a thousand do not ask in step."""


@dataclass(frozen=True, slots=True)
class Schedule(PollGuidance):
    """When to poll."""

    def delay(
        self, elapsed: float, *, seed: str = "", hint: float | None = None, queued: bool = False
    ) -> float:
        """
        Return the seconds to wait before the next poll.

        A function of the elapsed time alone, so that a restarted triggerer neither begins with
        short intervals again nor needs a counter.

        :param elapsed: seconds since submission.
        :param seed: spreads the tasks; the same seed gives the same delay.
        :param hint: seconds the gateway asked to wait (``Retry-After``): never below it.
        :param queued: the last answer was that it is queued.
        """
        interval, maximum = self.queued if queued and self.queued else (self.interval, self.maximum)
        if elapsed < self.first:
            wait = self.first - max(elapsed, 0.0)  # clocks of two machines differ
        else:
            # Where neither bound leaves room, ``interval`` wins: it may be the gateway's guidance.
            wait = max(interval, min(maximum, elapsed * GROWTH)) * _spread(seed, elapsed)
        return max(wait, hint or 0.0)


def schedule_for(
    category: str,
    polling: Polling,
    *,
    first: float | None = None,
    interval: float | None = None,
    maximum: float | None = None,
    loopback: bool = False,
) -> Schedule:
    """
    Combine a gateway's guidance for a category with the explicit values of a connection.

    Explicit intervals hold in every status.

    :param category: ``image``, ``audio`` or ``video``; anything else is polled as slowly as video.
    :param polling: the gateway's guidance.
    :param loopback: the gateway is a sandbox on this machine, which nobody's guidance protects.
    """
    base, floor = _of(polling.guidance, category), _of(polling.floors, category)
    if loopback:
        floor = PollGuidance(0.0, 0.05, 0.05)
    shortest = max(interval if interval is not None else base.interval, floor.interval)
    longest = maximum if maximum is not None else max(base.maximum, shortest)
    return Schedule(
        first=max(first if first is not None else base.first, floor.first),
        interval=min(shortest, max(longest, floor.interval)),
        maximum=max(longest, floor.maximum),
        queued=base.queued if interval is None and maximum is None else None,
    )


def _of(table: Mapping[str, PollGuidance], category: str) -> PollGuidance:
    return table.get(category, table["video"])


def _spread(seed: str, elapsed: float) -> float:
    """Return a factor in [1, 1 + JITTER]: never below the guidance."""
    if not seed:
        return 1.0
    digest = hashlib.blake2b(f"{seed}:{int(elapsed)}".encode(), digest_size=4).digest()
    return 1.0 + JITTER * (int.from_bytes(digest, "big") / 0xFFFFFFFF)
